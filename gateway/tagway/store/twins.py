"""Twins in the store: the copies that share a key, the pairs with their differences, and what waits to be delivered.

Of every fact the first copy's `event_id` is the delivery id: `coalesce(duplicate_of, event_id)` of any copy.
What goes out is the first copy, at once, unless `owed` has a row for it: then it is the copy in `delivered`,
from `due` on. Everything here follows from the log alone, so a rebuild ends the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tagway.core import body, moments
from tagway.core.events import Event
from tagway.core.taxonomy.twins import MOST, Copy, Difference, sided

_COPIES: Final = """
SELECT seq, event_id, source, side, raw_event, timestamp, received_at, dedupe_key, status, duplicate_of
FROM events WHERE twin_key = ? AND status <> 'erased' ORDER BY seq DESC LIMIT ?
"""
_PAIRS: Final = """
SELECT t.key, t.differences, f.name, f.side AS first_side, f.event_id AS first_id, l.event_id AS later_id,
    ifnull(d.side, f.side) AS delivered
FROM twins t
JOIN events f ON f.seq = t.first
JOIN events l ON l.seq = t.event
LEFT JOIN owed o ON o.event = t.first
LEFT JOIN events d ON d.seq = o.delivered
ORDER BY t.event
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A later copy, the first copy of its fact, their key in words, and what they disagree on."""

    first: Copy
    later: Copy
    key: str
    differences: Sequence[Difference]


class Twins:
    """The write side. Every call is inside a transaction of the engine."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work on the engine's connection."""
        self._db = db

    def copies(self, key: int, enforced: Callable[[str], bool]) -> list[Copy]:
        """The latest recorded copies with a twin key, oldest first, at most `MOST` of them.

        Of `enforced` sources violating ones are not deliverable.
        """
        rows = self._db.execute(_COPIES, (key, MOST)).fetchall()
        return [_copy(row, enforced) for row in reversed(rows)]

    def event(self, seq: int) -> Event:
        """What two copies are compared by: a recorded event's properties and time."""
        row = self._db.execute("SELECT properties, timestamp FROM events WHERE seq = ?", (seq,)).fetchone()
        return Event(name="", properties=body.decode(row[0]), timestamp=row[1])

    def write(self, pairs: Iterable[Pair]) -> None:
        """Keep pairs with their differences."""
        self._db.executemany(
            "INSERT INTO twins (event, first, key, differences) VALUES (?,?,?,?)",
            [(one.later.seq, one.first.seq, one.key, _json(one.differences)) for one in pairs],
        )

    def hold(self, first: int, due: int) -> None:
        """Keep a first copy back until `due` (microseconds)."""
        self._db.execute("INSERT INTO owed (event, due, delivered) VALUES (?,?,?)", (first, due, first))

    def due(self, first: int) -> int | None:
        """Until when a first copy is kept back; None when it is not."""
        row = self._db.execute("SELECT due FROM owed WHERE event = ?", (first,)).fetchone()
        return int(row[0]) if row else None

    def deliver(self, first: int, later: int, due: int) -> None:
        """Let a later copy go in place of the first, from `due` on."""
        self._db.execute("INSERT OR REPLACE INTO owed (event, due, delivered) VALUES (?,?,?)", (first, due, later))


def pairs(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """All pairs, oldest first, as `tagway twins --json` prints them."""
    return [_pair(row) for row in db.execute(_PAIRS).fetchall()]


def _pair(row: sqlite3.Row) -> dict[str, Any]:
    first, later = row["first_id"].hex(), row["later_id"].hex()
    web, server = (first, later) if sided(row["first_side"]) == "web" else (later, first)
    return {
        "event": row["name"],
        "key": row["key"],
        "web_event_id": web,
        "server_event_id": server,
        "delivered": sided(row["delivered"]),
        "differences": body.decode(row["differences"]),
    }


def _copy(row: tuple[Any, ...], enforced: Callable[[str], bool]) -> Copy:
    seq, event_id, source, side, raw_event, at, received_at, dedupe, status, duplicate_of = row
    return Copy(
        seq=seq, event_id=event_id, channel=(source, side, raw_event), at=at, received_at=received_at, dedupe=dedupe,
        deliverable=status != "violating" or not enforced(source), first=duplicate_of,
    )  # fmt: skip


def _json(differences: Sequence[Difference]) -> str:
    return body.encode([_difference(one) for one in differences]).decode()


def _difference(one: Difference) -> dict[str, Any]:
    web, server = one.web, one.server
    if one.kind == "time_skew":
        web, server = moments.write(web), moments.write(server)
    return {"pointer": one.pointer, "kind": one.kind, "web": web, "server": server}
