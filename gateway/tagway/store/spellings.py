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

_ERASE: Final = f"""
UPDATE spellings SET events = events - (
    SELECT count(*) FROM events e
    WHERE e.seq IN (SELECT seq FROM temp.erasing) AND e.source = spellings.source AND e.name = spellings.name
        AND e."schema" <> '' AND (spellings.spelling = '' OR EXISTS (
            SELECT 1 FROM violations v
            WHERE v.event = e.seq AND v.code = '{RESPELLED}' AND v.got = spellings.spelling)))
"""


def tally(db: sqlite3.Connection, events: Iterable[tuple[str, str, str]]) -> None:
    """Count events by source, name and spelling that they came with; the empty spelling stands for all of them."""
    db.executemany(_ADD, [(*key, count) for key, count in Counter(events).items()])


def erase(db: sqlite3.Connection) -> None:
    """Take the events that are about to be erased (`temp.erasing`) out of the counts, as if they had not come."""
    db.execute(_ERASE)
    db.execute("DELETE FROM spellings WHERE events <= 0")


def with_counts(db: sqlite3.Connection, source: str, name: str, violations: list[dict[str, Any]]) -> None:
    """Say in each respelled property's resolution how often this source sends it so."""
    for one in violations:
        if one["code"] == RESPELLED:
            found = dict(db.execute(_COUNT, (source, name, one["got"])).fetchall())
            if one["got"] in found:
                one["resolution"] = counted(one["resolution"], one["got"], found[one["got"]], found[""])
