"""How often each source respells a property: counted as events are written, told when they are read."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from tagway.core.taxonomy.faults import counted

RESPELLED: Final = "property_spelling"
_ADD: Final = "INSERT INTO spellings VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET events = events + excluded.events"
_COUNT: Final = "SELECT spelling, events FROM spellings WHERE source = ? AND name = ? AND spelling IN (?, '')"


def tally(db: sqlite3.Connection, events: Iterable[tuple[str, str, set[str]]]) -> None:
    """Count events by source and name, and each spelling that they came with."""
    counts = Counter((source, name, sent) for source, name, spellings in events for sent in ("", *spellings))
    db.executemany(_ADD, [(*key, count) for key, count in counts.items()])


def with_counts(db: sqlite3.Connection, source: str, name: str, violations: list[dict[str, Any]]) -> None:
    """Say in each respelled property's resolution how often this source sends it so."""
    for one in violations:
        if one["code"] == RESPELLED:
            found = dict(db.execute(_COUNT, (source, name, one["got"])).fetchall())
            if one["got"] in found:
                one["resolution"] = counted(one["resolution"], one["got"], found[one["got"]], found[""])
