"""Spellings: an event's properties brought to their canonical names, and what had to be said about that.

A property is renamed when its name is a planned one in another case or with other separators, or one of the
catalogue's or the source's known spellings of it, and only where the canonical one is absent. Nulls are
dropped. Currencies are upper-cased and binary floats read by their digits. Each of these leaves a note.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tagway.core import money
from tagway.core.taxonomy.names import folded
from tagway.core.taxonomy.shape import Shape

Path = tuple[str | int, ...]


class Note(NamedTuple):
    """Something that was found or changed: a rule's code, where, and the spelling as sent."""

    code: str
    path: Path
    got: Any
    spelling: str = ""


@dataclass(slots=True)
class Speller:
    """Brings the objects of one event to canonical spelling.

    `known` and `own` are spellings (folded) with their canonical names: the catalogue's, which are noted, and
    the source's, which are not.
    """

    known: Mapping[str, str]
    own: Mapping[str, str]
    notes: list[Note] = field(default_factory=list)
    renamed: dict[Path, Path] = field(default_factory=dict)
    """Canonical path to path as sent, where they differ."""

    def object(self, shape: Shape, value: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """A canonical copy of one object, without nulls."""
        out: dict[str, Any] = {}
        strange: list[str] = []
        for name, one in value.items():
            if one is None:
                self.notes.append(Note("null_dropped", (*path, name), None))
            elif name in shape.names and not self._means_another(shape, name):
                out[name] = one
            else:
                strange.append(name)
        for name in strange:
            self._place(shape, out, name, value[name], path)
        for name, inner, many in shape.nested:
            if name in out:
                out[name] = self._inside(inner, many, out[name], (*path, name))
        self._coerce(shape, out, path)
        return out

    def _means_another(self, shape: Shape, name: str) -> bool:
        """Whether the source's word for one planned property is the name of another: Segment's `list_id`."""
        return bool(self.own) and self.own.get(folded(name), name) in shape.names - {name}

    def _place(self, shape: Shape, out: dict[str, Any], name: str, value: Any, path: Path) -> None:
        same = folded(name)
        declared = self.own.get(same)
        meant = (declared, shape.by_folded.get(same), self.known.get(same))
        canonical = next((one for one in meant if one in shape.names), None)
        if canonical is None:
            if not shape.open:
                self.notes.append(Note("property_unplanned", (*path, name), value))
            out[name] = value
        elif canonical in out:
            if name not in shape.names:
                self.notes.append(Note("property_twice", (*path, name), value, canonical))
            out[name] = value
        else:
            out[canonical] = value
            self.renamed[(*path, canonical)] = (*path, name)
            if canonical != declared:
                self.notes.append(Note("property_spelling", (*path, canonical), value, name))

    def _inside(self, shape: Shape, many: bool, value: Any, path: Path) -> Any:
        if many and isinstance(value, list | tuple):
            return [self._inside(shape, False, one, (*path, place)) for place, one in enumerate(value)]
        return self.object(shape, value, path) if isinstance(value, Mapping) and not many else value

    def _coerce(self, shape: Shape, out: dict[str, Any], path: Path) -> None:
        for name, check in shape.checked:
            value = out.get(name)
            if check == "currency" and isinstance(value, str) and (code := money.currency(value)) not in (None, value):
                self.notes.append(Note("currency_case", (*path, name), value))
                out[name] = code
        for name in shape.amounts:
            if isinstance(value := out.get(name), float) and (exact := money.amount(value)) is not None:
                self.notes.append(Note("money_float", (*path, name), value))
                out[name] = exact
