"""Faults of the configuration in the words of whoever wrote it: the whole key first, and what it should be."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any, Final, get_args, get_type_hints

import msgspec

_WORDS: Final = {
    "`str`": "text", "`int`": "a whole number", "`float`": "a number", "`bool`": "true or false", "`array`": "a list",
    "`object`": "a table", "`date`": "a date", "`datetime`": "a time", "`time`": "a time of day",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What msgspec said (`... - at `$.port``) as it made the table `raw`, which stands at `key`, a `kind`."""

    said: str
    raw: Any
    kind: Any
    key: str

    def sentence(self) -> str:
        """What is wrong, led by the whole key."""
        text, _, where = self.said.partition(" - at ")
        place = where.strip("`").removeprefix("$").removeprefix(".")
        name, entry, _ = place.partition("[...]")
        found, kind = self._found(name)
        if entry:  # of a table of free names, msgspec does not tell which
            place = f"{name}.{next(one for one, value in found.items() if not _fits(value, get_args(kind)[1]))}"
        key = ".".join(filter(None, (self.key, place)))
        return f"`{key}`: {_said(text, kind)}" if key else _said(text, kind)

    def _found(self, name: str) -> tuple[Any, Any]:
        """The value and the type of a key; of a place in a list those of the list."""
        raw, kind = self.raw, self.kind
        for part in filter(None, name.partition("[")[0].split(".")):
            raw, kind = raw[part], get_type_hints(kind, include_extras=True)[part]
        return raw, kind


def _said(text: str, kind: Any) -> str:
    """The fault of a value that should be a `kind`, without the words of Python and JSON."""
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", text):
        near = difflib.get_close_matches(unknown[1], kind.__struct_fields__, 1)
        return f"unknown key `{unknown[1]}`" + (f"; did you mean `{near[0]}`?" if near else "")
    if missing := re.fullmatch(r"Object missing required field `(.*)`", text):
        return f"`{missing[1]}` is missing"
    if wrong := re.fullmatch(r"Invalid enum value (.*)", text, re.DOTALL):
        return f"expected one of {', '.join(get_args(kind))}, got {wrong[1]}"
    for word, words in _WORDS.items():
        text = text.replace(word, words)
    return text[:1].lower() + text[1:]


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
