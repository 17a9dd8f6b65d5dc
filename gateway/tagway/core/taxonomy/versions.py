"""Versions: what changed between two schemas of an event, and whether a sender of the old one breaks.

A change is breaking when an event that was valid may now be none. What the references say is compared, not how
a schema is written: two documents that plan the same differ in nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from tagway.core.taxonomy.schema import Schema
from tagway.core.taxonomy.shape import Property

_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_WORDS: Final = ("description", "title", "examples", "x-unit", "x-pii", "$comment")
_META: Final = ("x-aliases", "x-dedupe", "x-twin", "x-truth", "x-hold")


class Change(NamedTuple):
    """One change: where (`products[].sku`; empty for the event itself), whether it breaks, and why."""

    path: str
    breaking: bool
    reason: str


def changes(old: Schema, new: Schema) -> list[Change]:
    """What changed from one version to another, breaking changes first."""
    before, after = dict(old.shape.walk()), dict(new.shape.walk())
    found = [*_removed(before, after), *_added(before, after), *_event(old, new)]
    for path, one in after.items():
        if path in before:
            found += _property(path, before[path], one)
    return sorted(found, key=lambda one: not one.breaking)


def proper(old: Schema, new: Schema) -> bool:
    """Whether the new version's number owns up to what it breaks: a new model where anything is breaking."""
    return new.version.model > old.version.model or not any(one.breaking for one in changes(old, new))


def _removed(before: Mapping[str, Property], after: Mapping[str, Property]) -> Iterator[Change]:
    for path, one in before.items():
        if path in after or path.rpartition(".")[0].removesuffix("[]") not in ("", *after):
            continue
        what = "was required and is no longer planned" if one.required else "is no longer planned"
        yield Change(path, breaking=one.required, reason=f"{what}; who sends it is told that it is unplanned")


def _added(before: Mapping[str, Property], after: Mapping[str, Property]) -> Iterator[Change]:
    for path, one in after.items():
        if path in before:
            continue
        parent = path.rpartition(".")[0].removesuffix("[]")
        if one.required and (parent in before or not parent):
            yield Change(path, breaking=True, reason="is new and required: events without it are now faulty")
        else:
            yield Change(path, breaking=False, reason="is new and optional")


def _property(path: str, before: Property, after: Property) -> Iterator[Change]:
    if before.required != after.required:
        reason = "is now required" if after.required else "is no longer required: readers may miss it"
        # Who reads an event relies on what was required, as who sends it relies on what was not.
        yield Change(path, breaking=True, reason=reason)
    old, new = before.notes, after.notes
    for keyword in dict.fromkeys((*old, *new)):
        if old.get(keyword) != new.get(keyword):
            yield Change(path, *_keyword(keyword, old.get(keyword), new.get(keyword)))


def _keyword(keyword: str, old: Any, new: Any) -> tuple[bool, str]:
    """Whether a changed keyword breaks, and the reason."""
    if keyword in _WORDS:
        return False, f"`{keyword}` says it in other words"
    if keyword == "x-identifier":
        return True, f"`x-identifier` was {_said(old)} and is {_said(new)}: identity reads it otherwise"
    what = f"`{keyword}` was {_said(old)} and is {_said(new)}"
    if old is None:
        return True, f"{what}: values that were fine may not be"
    if new is None:
        return False, f"{what}: more values are fine"
    wider = _is_wider(keyword, old, new)
    return not wider, f"{what}: {'more values are fine' if wider else 'values that were fine may not be'}"


def _is_wider(keyword: str, old: Any, new: Any) -> bool:
    if keyword in _LOWER:
        return bool(new <= old)
    if keyword in _UPPER:
        return bool(new >= old)
    if keyword == "enum":
        return all(one in new for one in old)
    if keyword == "type":
        allowed = {*_list(new), *(("integer",) if "number" in _list(new) else ())}
        return set(_list(old)) <= allowed
    if keyword == "additionalProperties":
        return new is True
    return False


def _event(old: Schema, new: Schema) -> Iterator[Change]:
    for keyword in _META:
        before, after = old.shape.notes.get(keyword), new.shape.notes.get(keyword)
        if before == after:
            continue
        gone = keyword == "x-aliases" and set(before or ()) - set(after or ())
        breaking = bool(gone) or keyword in ("x-dedupe", "x-twin")
        reason = "names are no longer recognized" if gone else "copies are found otherwise" if breaking else "is new"
        yield Change("", breaking=breaking, reason=f"`{keyword}` was {_said(before)} and is {_said(after)}: {reason}")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _said(value: Any) -> str:
    return "absent" if value is None else str(value)
