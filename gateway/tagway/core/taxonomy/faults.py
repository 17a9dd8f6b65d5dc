"""Faults in words: each thing that is wrong with an event, with what to do about it.

The validator's errors and the speller's notes become `Violation`s here. What a payload said appears only in
`got`, shortened and with everything invisible made visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tagway.core import body, money
from tagway.core.events import Severity, Violation
from tagway.core.moments import Unread, read, write
from tagway.core.safe import visible
from tagway.core.taxonomy.checks import decimals
from tagway.core.taxonomy.rules import Severities
from tagway.core.taxonomy.schema import Schema
from tagway.core.taxonomy.shape import Property
from tagway.core.taxonomy.spelling import Note, Path

_LONGEST: Final = 80
MOST: Final = 100
"""At most so many violations are listed of one event; the worst come first."""

_ORDER: Final[Mapping[Severity, int]] = {"error": 0, "warn": 1, "info": 2}

# JSON Schema keyword -> our code.
_CODES: Final[Mapping[str, str]] = {
    "required": "property_missing",
    "dependentRequired": "property_missing",
    "type": "wrong_type",
    "enum": "not_in_list",
    "const": "not_in_list",
    "minimum": "out_of_range",
    "maximum": "out_of_range",
    "exclusiveMinimum": "out_of_range",
    "exclusiveMaximum": "out_of_range",
    "minLength": "wrong_length",
    "maxLength": "wrong_length",
    "minItems": "wrong_length",
    "maxItems": "wrong_length",
    "pattern": "wrong_format",
    "format": "wrong_format",
    "anyOf": "no_alternative",
    "oneOf": "no_alternative",
}

_BY_CHECK: Final[Mapping[str, tuple[str, str, str]]] = {
    "email": ("email_format", "an email address", "send the address alone, as in ana@example.com"),
    "phone": ("phone_format", "a phone number in E.164", "send it with country code and no spaces, as in +14155550123"),
    "time": ("time_format", "RFC 3339 with an offset", "send it as in 2026-11-01T10:00:00Z"),
    "url": ("url_format", "an absolute address", "send it with scheme and host, as in https://store.example/page"),
    "currency": ("currency_format", "an ISO 4217 code", "send three letters, as in EUR"),
}


def shown(value: Any) -> str:
    """A value as it may be shown anywhere: compact JSON, at most 80 characters, nothing invisible.

    Of a list or an object only its size is told: it may be as large as the body.
    """
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return f"an object of {len(value)}"
    try:
        text = body.encode(value[: _LONGEST + 1] if isinstance(value, str) else value).decode()
    except (TypeError, ValueError, OverflowError):
        text = f"a {type(value).__name__} that JSON cannot say"
    return visible(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def named(name: str) -> str:
    """A foreign name as it may be shown in a sentence: at most 80 characters, nothing invisible."""
    return visible(name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…")


@dataclass(slots=True)
class Report:
    """Collects the violations of one event of one source."""

    source: str
    schema: Schema
    severities: Severities
    at: int
    mapping: Mapping[str, str]
    renamed: Mapping[Path, Path]

    def noted(self, note: Note) -> Violation | None:
        """What one of the speller's notes says."""
        name = note.path[-1]
        if note.code == "property_spelling":
            return self._spelled(note, str(name))
        if note.code == "property_twice":
            sent = named(str(name))
            return self._make(
                note.code,
                note.path,
                f"`{note.spelling}` only",
                shown(note.got),
                f"stop sending `{sent}`; `{note.spelling}` counts",
            )
        if note.code == "property_unplanned":
            return self._unplanned(note, str(name))
        expected, resolution = _SAID[note.code]
        return self._make(note.code, note.path, expected, shown(note.got), resolution.format(name=name))

    def _spelled(self, note: Note, canonical: str) -> Violation | None:
        sent = named(note.spelling)
        fix = command(self.source, note.spelling, canonical, "; add it to the source's aliases: ")
        return self._make(note.code, note.path, f"`{canonical}`", f"`{sent}`", f"send `{canonical}`{fix}")

    def _unplanned(self, note: Note, name: str) -> Violation | None:
        place = self.schema.shape.at(list(note.path[:-1]))
        near = self.schema.nearest(name, place.shape.names if place and place.shape else ())
        sent = named(name)
        resolution = f"plan `{sent}` in a schema of your own, or stop sending it"
        if near:
            fix = command(self.source, name, near, ", or add the spelling: ")
            resolution = f"did you mean `{near}`? Send that{fix}"
        expected = f"a planned property of {self.schema.name}"
        return self._make(note.code, note.path, expected, shown(note.got), resolution)

    def broken(self, error: Any, instance: Any) -> Violation | None:
        """What one of the validator's errors says."""
        kind, path = error.kind, tuple(error.instance_path)
        keyword = kind.name
        if keyword in ("required", "dependentRequired"):
            path = (*path, kind.as_dict()["property"])
        return self.fault(_CODES.get(keyword, "schema_rule"), keyword, kind.as_dict(), path, instance)

    def fault(self, code: str, keyword: str, said: Mapping[str, Any], path: Path, instance: Any) -> Violation | None:
        """One broken rule of the schema: its keyword, what the keyword said, and where."""
        planned = self.schema.shape.at(list(path))
        if code == "property_missing":
            return self._missing(path, planned)
        got = shown(_at(instance, path))
        if code == "wrong_format" and planned and planned.check in _BY_CHECK:
            code, expected, what = _BY_CHECK[planned.check]
            return self._make(code, path, expected, got, f"{_where(path)}: {what}")
        if code == "no_alternative":
            what = str(self.schema.shape.notes.get("x-resolution", "meet one of the schema's alternatives"))
            return self._make(code, path, "one of the schema's alternatives", got, what)
        expected = _expected(keyword, said)
        return self._make(code, path, expected, got, _resolution(path, expected, planned))

    def _missing(self, path: Path, planned: Property | None) -> Violation | None:
        name = str(path[-1])
        what = (
            f": {planned.description[:1].lower()}{planned.description[1:].rstrip('.')}"
            if planned and planned.description
            else ""
        )
        kind = planned.type if planned else "any"
        return self._make(
            "property_missing",
            path,
            f"`{name}` ({kind})",
            "nothing",
            f"send `{name}` with every {self.schema.name}{what}",
        )

    def email(self, path: Path, got: str) -> Violation | None:
        """An address that the pattern took and the check did not."""
        code, expected, what = _BY_CHECK["email"]
        return self._make(code, path, expected, shown(got), f"{_where(path)}: {what}")

    def currency(self, path: Path, got: str) -> Violation | None:
        """Three letters that are no currency."""
        what = f"send {_where(path)} as the code of a currency in use, as in EUR"
        return self._make("currency_unknown", path, "an ISO 4217 code", shown(got), what)

    def decimals(self, path: Path, got: Decimal, currency: Any) -> Violation | None:
        """An amount with more decimals than its currency has."""
        known = currency in money.CURRENCIES if isinstance(currency, str) else False
        expected = f"at most {decimals(currency)} decimals" + (f" in {currency}" if known else "")
        what = f"send {_where(path)} rounded, in major units"
        what += f"; for instance {money.rounded(got, currency)}" if known else ", with its currency"
        return self._make("money_decimals", path, expected, shown(got), what)

    def _make(self, code: str, path: Path, expected: str, got: str, resolution: str) -> Violation | None:
        pointer = body.pointer(*path)
        severity = self.severities.of(code, pointer, self.at)
        if severity is None:
            return None
        return Violation(
            code=code, pointer=pointer, expected=expected, got=got, resolution=resolution, severity=severity,
            origin=self._origin(path),
        )  # fmt: skip

    def _origin(self, path: Path) -> str:
        """Where a value came from; a plugin that works that out and fails loses it, and not the event."""
        try:
            return origin(self.mapping, path, self.renamed)
        except Exception:  # noqa: BLE001 - a plugin is third-party code
            return ""


_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "null_dropped": ("a value, or no property", "leave `{name}` out where there is nothing to say"),
    "currency_case": ("upper case", "send `{name}` in upper case"),
    "money_float": ("an exact amount", "the plugin should read `{name}` with `tagway.money`, not as a float"),
}


def unread(told: Unread, severities: Severities, at: int) -> Violation | None:
    """An event's own time that nobody can read, of an event received at `at`; None where that is ignored."""
    severity = severities.of("timestamp_unread", "/timestamp", at)
    if severity is None:
        return None
    if read(told.value, naive_utc=True) is not None:
        expected, what = "a time with its offset from UTC", "add the offset, as in 2026-11-01T10:00:00Z"
    else:
        expected, what = "a time from 1970 on", "send it as in 2026-11-01T10:00:00Z"
    counts = "its receipt" if told.instead is None else write(told.instead)
    return Violation(
        code="timestamp_unread", pointer="/timestamp", expected=expected, got=shown(told.value),
        resolution=f"{what}; the event counts as of {counts}", severity=severity, origin=told.pointer,
    )  # fmt: skip


def counted(resolution: str, sent: str, events: int, of: int) -> str:
    """A respelled property's resolution with how often its source sends it: `sent` in so many `of` its events."""
    first, mark, rest = resolution.partition("; ")
    return f"{first}; this source sends {sent} in {events} of {of} events{mark}{rest}"


def worst_first(violations: list[Violation]) -> tuple[Violation, ...]:
    """Errors before warnings before the rest, each in document order; a long list ends with their number."""
    ordered = sorted(violations, key=lambda one: _ORDER[one.severity])
    if len(ordered) <= MOST:
        return tuple(ordered)
    left = len(ordered) - MOST + 1
    more = Violation(
        code="more_violations", pointer="", expected=f"at most {MOST} violations", got=f"{left} more",
        resolution="fix the ones listed first", severity="info",
    )  # fmt: skip
    return (*ordered[: MOST - 1], more)


def origin(mapping: Mapping[str, str], path: Path, renamed: Mapping[Path, Path]) -> str:
    """The pointer in the raw item that a canonical path came from; empty where the mapping does not say.

    A mapping of an object covers what is inside it, under the names as sent.
    """
    if not mapping:
        return ""
    sent = list(path)
    for length in range(1, len(path) + 1):
        if (as_sent := renamed.get(path[:length])) is not None:
            sent[length - 1] = as_sent[-1]
    for length in range(len(path), 0, -1):
        starred = body.pointer(*("*" if isinstance(part, int) else part for part in path[:length]))
        raw = mapping.get(body.pointer(*path[:length]), mapping.get(starred))
        if raw is not None:
            places = [str(part) for part in path[:length] if isinstance(part, int)]
            for place in places[: raw.count("*")]:
                raw = raw.replace("*", place, 1)
            return raw + body.pointer(*sent[length:])
    return ""


def _at(instance: Any, path: Path) -> Any:
    for part in path:
        try:
            instance = instance[part]
        except (KeyError, IndexError, TypeError):
            return None
    return instance


def _where(path: Path) -> str:
    names = [str(part) for part in path if not isinstance(part, int)]
    return f"`{names[-1]}`" if names else "the event"


def _expected(keyword: str, said: Mapping[str, Any]) -> str:
    match keyword:
        case "type":
            return " or ".join(_TYPES.get(one, one) for one in said["types"])
        case "enum":
            return "one of " + ", ".join(shown(one) for one in said["options"])
        case "const":
            return shown(said["expected_value"])
        case (
            "minimum"
            | "exclusiveMinimum"
            | "maximum"
            | "exclusiveMaximum"
            | "minItems"
            | "maxItems"
            | "minLength"
            | "maxLength"
        ):
            return _LIMITS[keyword].format(said["limit"])
        case "pattern":
            return f"a text that matches {said['pattern']}"
        case "format":
            return f"a {said['format']}"
    return f"what `{keyword}` asks for"


_TYPES: Final[Mapping[str, str]] = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}

_LIMITS: Final[Mapping[str, str]] = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "a list of at least {}",
    "maxItems": "a list of at most {}",
    "minLength": "a text of at least {} characters",
    "maxLength": "a text of at most {} characters",
}


def _resolution(path: Path, expected: str, planned: Property | None) -> str:
    text = f"send {_where(path)} as {expected}"
    if planned is None:
        return text
    if unit := planned.notes.get("x-unit"):
        text += f", in {unit}"
    if examples := planned.notes.get("examples"):
        text += f"; for instance {shown(examples[0])}"
    return text


def command(source: str, spelling: str, canonical: str, before: str) -> str:
    """The command that declares a spelling, after the words before it; empty for a name that cannot be typed."""
    if named(spelling) != spelling:
        return ""
    # A name that begins with a dash would be read as an option.
    ended = "-- " if spelling.startswith("-") else ""
    return f"{before}`tagway taxonomy alias {source} {ended}{_quoted(spelling)} {_quoted(canonical)}`"


def _quoted(text: str) -> str:
    """Foreign text for a line that is there to be pasted into a shell."""
    plain = text.replace("_", "").replace("-", "").isalnum() and text.isascii()
    return text if plain else "'" + text.replace("'", "'\\''") + "'"
