"""Where in the store a time begins: the first event that was received since, without a walk over those before it.

Events are numbered in the order in which they were folded, which is not quite that of their arrival: what waited
in quarantine comes later. So the number is looked up, by the index that has arrivals in order for each status and
source; of these there are few.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

_STATUS: Final = "SELECT min(status) FROM events WHERE status > ?"
_SOURCE: Final = "SELECT min(source) FROM events WHERE status = ? AND source > ?"
_FIRST: Final = """
SELECT seq FROM events WHERE status = ? AND source = ? AND received_at >= ? ORDER BY received_at LIMIT 1
"""


def first_since(db: sqlite3.Connection, moment: int) -> int | None:
    """The sequence number from which on all events are that were received at or after `moment` (microseconds).

    None when none was.
    """
    firsts = (db.execute(_FIRST, (*kind, moment)).fetchone() for kind in _kinds(db))
    return min((row[0] for row in firsts if row), default=None)


def _kinds(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each pair of a status and a source that there is, by one look into the index a pair."""
    for status in _after(db, _STATUS):
        for source in _after(db, _SOURCE, status):
            yield status, source


def _after(db: sqlite3.Connection, query: str, *given: str) -> Iterator[str]:
    value = ""
    while (value := db.execute(query, (*given, value)).fetchone()[0]) is not None:
        yield value
