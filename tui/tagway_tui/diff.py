"""Raw beside normalized: where each field of an event came from, and what of the raw item was not used.

The source's mapping says it where there is one (canonical pointer <- raw pointer, `*` for an index); fields without
one are found under the same pointer, or by their value. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from tagway.core import body

Sign = Literal["same", "moved", "changed", "added", "fault", "unused"]
Json = dict[str, Any]

_FIELDS: Final = ("name", "timestamp", "anonymous_id", "user_id", "email", "cart_id", "properties", "traits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: how it fared, its canonical pointer and value, and the raw ones. `note` is what a rule says."""

    sign: Sign
    pointer: str
    value: Any = None
    origin: str = ""
    raw: Any = None
    note: str = ""


def fields(raw: Any, event: Json, mapping: Mapping[str, str]) -> list[Field]:
    """The fields of an event (as in `tagway events --json`) against the raw item that it was made of."""
    faults = {one["pointer"]: one for one in event["violations"]}
    leaves = dict(_leaves(raw, ""))
    result: list[Field] = []
    used: set[str] = set()
    for pointer, value in _canonical(event):
        # A name is canonical; what the vendor called it stands in `raw_event`.
        sought = event["raw_event"] if pointer == "/name" else value
        origin = _origin(pointer, sought, mapping, leaves)
        used.add(origin)
        fault = faults.pop(pointer, None)
        result.append(_field(pointer, value, origin, leaves.get(origin), fault))
    for pointer, fault in faults.items():
        result.append(Field(sign="fault", pointer=pointer, note=_note(fault)))
    unused = [pointer for pointer in leaves if pointer not in used]
    result.extend(Field(sign="unused", pointer="", origin=pointer, raw=leaves[pointer]) for pointer in unused)
    return result


def _field(pointer: str, value: Any, origin: str, raw: Any, fault: Mapping[str, str] | None) -> Field:
    sign: Sign = "added" if not origin else "same" if pointer == origin else "moved"
    if origin and not _equal(value, raw):
        sign = "changed"
    if fault is not None:
        return Field(sign="fault", pointer=pointer, value=value, origin=origin, raw=raw, note=_note(fault))
    return Field(sign=sign, pointer=pointer, value=value, origin=origin, raw=raw)


def _note(fault: Mapping[str, str]) -> str:
    return f"{fault['code']}: {fault['resolution']}"


def _equal(value: Any, raw: Any) -> bool:
    return bool(value == raw) or str(value) == str(raw)


def _canonical(event: Json) -> Iterator[tuple[str, Any]]:
    for name in _FIELDS:
        value = event.get(name)
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"/{name}")
        elif value not in (None, "", {}):
            yield f"/{name}", value


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, one in value.items():
            yield from _leaves(one, pointer + body.pointer(name))
    elif isinstance(value, list) and value:
        for place, one in enumerate(value):
            yield from _leaves(one, pointer + body.pointer(place))
    else:
        yield pointer, value


def _origin(pointer: str, value: Any, mapping: Mapping[str, str], leaves: Mapping[str, Any]) -> str:
    mapped = _mapped(pointer, mapping)
    if mapped in leaves:
        return mapped
    if pointer in leaves:
        return pointer
    # Said by no mapping: the same value under the same last name, or the same long text anywhere.
    name = pointer.rsplit("/", 1)[-1]
    same = [one for one, raw in leaves.items() if _equal(value, raw)]
    named = [one for one in same if one.rsplit("/", 1)[-1] == name]
    telling: Sequence[str] = same if isinstance(value, str) and len(value) >= 6 else ()
    return next(iter([*named, *telling]), "")


def _mapped(pointer: str, mapping: Mapping[str, str]) -> str:
    if pointer in mapping:
        return mapping[pointer]
    parts = pointer.split("/")
    indexes = [part for part in parts if part.isascii() and part.isdigit()]
    starred = mapping.get("/".join("*" if part in indexes else part for part in parts), "")
    for index in indexes:
        starred = starred.replace("*", index, 1)
    return starred
