"""The catalogue: every event in every version, compiled once from documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tagway.core.taxonomy.names import Nearest, folded
from tagway.core.taxonomy.schema import (
    Document,
    Schema,
    SchemaError,
    Spellings,
    Version,
    compiled,
    identified,
    registry,
)

DEFAULT_PLAN: Final = (
    "Product Viewed", "Collection Viewed", "Added to Cart", "Cart Updated", "Checkout Started", "Email Captured",
    "Order Completed", "Customer Created",
)  # fmt: skip
"""What a retention flow needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All schemas by id (`order_completed/1-0-0`), and the spellings of their names."""

    schemas: Mapping[str, Schema]
    documents: Mapping[str, Document]
    spellings: Spellings
    newest: Mapping[str, Schema]
    """By name of the event."""
    by_spelling: Mapping[str, str] = field(default_factory=dict)
    """Folded spelling of an event to its name."""
    near: Nearest = field(default_factory=lambda: Nearest(()))

    @classmethod
    def of(cls, documents: Iterable[Document], spellings: Spellings) -> Catalogue:
        """Compile documents; of two with the same `$id` the later counts. Raises `SchemaError`."""
        by_id = {str(one["$id"]): one for one in map(identified, documents)}
        known = registry(by_id)
        compiled_ones = [compiled(one, by_id, known, spellings) for one in by_id.values() if "x-event" in one]
        newest: dict[str, Schema] = {}
        for one in sorted(compiled_ones, key=lambda one: one.version):
            newest[one.name] = one
        return cls(
            schemas={one.id: one for one in sorted(compiled_ones, key=lambda one: (one.key, one.version))},
            documents=by_id,
            spellings=spellings,
            newest=dict(sorted(newest.items())),
            by_spelling=_spelled(newest.values()),
            near=Nearest(_event_spellings(newest.values()), spellings.other_events),
        )

    def events(self) -> list[Schema]:
        """The newest version of every event that is no call, by name."""
        return [one for one in self.newest.values() if one.type == "track"]

    def version(self, name: str, wanted: str) -> tuple[Schema, bool]:
        """The schema of an event by the version that it names: `1-0-0`, with the key before it, or a model (`1`).

        Of a version that is not there, the newest of the same model, else the newest; and False.
        """
        key, text = self.newest[name].key, wanted.rpartition("/")[2]
        found = self.schemas.get(f"{key}/{text}")
        if found is not None:
            return found, True
        asked = Version.read(f"{text}-0-0") or Version.read(text)
        same = [one for one in self.schemas.values() if one.name == name and asked and one.version.model == asked.model]
        whole = bool(same) and "-" not in text
        return (max(same, key=lambda one: one.version) if same else self.newest[name]), whole


def _event_spellings(schemas: Iterable[Schema]) -> Iterator[tuple[str, str]]:
    for one in schemas:
        if one.type == "track":
            yield from ((spelling, one.name) for spelling in (one.name, *one.aliases))


def _spelled(schemas: Iterable[Schema]) -> dict[str, str]:
    found: dict[str, str] = {}
    for spelling, name in _event_spellings(schemas):
        first = found.setdefault(folded(spelling), name)
        if first != name:
            raise SchemaError(f"{spelling!r} is a spelling of both {first!r} and {name!r}")
    return found
