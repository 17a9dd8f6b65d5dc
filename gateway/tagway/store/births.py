"""When every identifier was first seen: all that the store is asked for a view by a known browser.

Such a view, later than the first sighting, changes nothing (rule of late events in `tagway.core.identity`), so
neither its profile nor its links are looked at: one look into one index, or into a bounded cache in front of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Final, NamedTuple

from tagway.core.events import Identifier
from tagway.store.recent import Recent

# All columns are in the index on (value, kind), which carries the primary key.
FIRST: Final = """
SELECT h.value, h.alias_id, h.since FROM json_each(?) w
CROSS JOIN holdings h ON h.value = w.value AND h.kind = ? AND h.later = 0
"""


def by_kind(wanted: Iterable[Identifier]) -> list[tuple[str, str]]:
    """Identifiers as parameters of a query for each kind: a sorted JSON array of the values, and the kind."""
    values: dict[str, list[str]] = {}
    for kind, value in wanted:
        values.setdefault(kind, []).append(value)
    return [(json.dumps(sorted(some)), kind) for kind, some in values.items()]


class Birth(NamedTuple):
    """The alias of an identifier, and when it was first seen (microseconds, event time)."""

    alias_id: int
    at: int


class Births:
    """Reads `holdings`. Whoever makes, moves or removes a first sighting says so here."""

    def __init__(self, db: sqlite3.Connection, cached: int = 200_000) -> None:
        """Work on the engine's connection, with about `cached` to twice as many identifiers in memory."""
        self._db = db
        self._recent: Recent[Identifier, Birth] = Recent(cached)

    def of(self, wanted: Iterable[Identifier]) -> dict[Identifier, Birth]:
        """The births of those identifiers that are known; what is missed comes in a query for each kind."""
        found: dict[Identifier, Birth] = {}
        missed: list[Identifier] = []
        for one in wanted:
            birth = self._recent.get(one)
            if birth is None:
                missed.append(one)
            else:
                found[one] = birth
        for values, kind in by_kind(missed):
            for value, alias, at in self._db.execute(FIRST, (values, kind)).fetchall():
                one = Identifier(kind, value)
                found[one] = Birth(alias, at)
                self._recent.put(one, found[one])
        self._recent.age()
        return found

    def note(self, one: Identifier, alias: int, at: int) -> None:
        """An identifier was born."""
        self._recent.put(one, Birth(alias, at))

    def forget(self, one: Identifier) -> None:
        """The first sighting of an identifier may be another one than before."""
        self._recent.pop(one)
