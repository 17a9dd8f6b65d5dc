"""Violations as the store has them, grouped by rule, event and source.

A question costs what was received in its window: what went before is only looked through, from either end, until
each group has been seen there.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from tagway.log import one_moment
from tagway.store import arrivals, spellings

Key = tuple[str, str, str, str]
"""What is one group: code, pointer with `*` for indexes, name and source of the event."""

# Few pointers have an index in them, and only those are worth a call.
_PATTERN: Final = "CASE WHEN v.pointer GLOB '*/[0-9]*' THEN pattern(v.pointer) ELSE v.pointer END"
_KEY: Final = f"v.code, {_PATTERN} AS pointer, e.name, e.source"
_RECEIVED: Final = (
    "FROM violations v JOIN events e ON e.seq = v.event WHERE v.event >= :first AND e.received_at >= :start"
)
_GROUPS: Final = f"""
SELECT {_KEY},
    CASE WHEN sum(v.severity = 'error') THEN 'error' WHEN sum(v.severity = 'warn') THEN 'warn'
        ELSE 'info' END AS severity, count(DISTINCT e.seq) AS count,
    min(e.received_at) AS again_at, max(e.received_at) AS last_at, max(e.seq) AS sample
{_RECEIVED} AND +e.status <> 'erased'
GROUP BY v.code, 2, e.name, e.source
"""
_TOTALS: Final = """
SELECT name, source, count(*) FROM events WHERE seq >= :first AND received_at >= :start GROUP BY name, +source
"""
_TREND: Final = f"""
SELECT {_KEY}, (e.received_at - :start) / :slot AS place, count(*)
{_RECEIVED} AND e.received_at < :start + :slot * :slots
GROUP BY v.code, 2, e.name, e.source, place
"""
_BEFORE: Final = f"""
SELECT {_KEY}, e.received_at FROM violations v CROSS JOIN events e ON e.seq = v.event
WHERE e.received_at < :start AND +e.status <> 'erased' ORDER BY v.id {{order}}
"""
_SAMPLE: Final = """
SELECT code, expected, got, resolution, origin FROM violations WHERE event = ? AND code = ? AND pattern(pointer) = ?
"""
_INDEX: Final = re.compile(r"/\d+(?=/|$)")

SLOTS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultGroup:
    """One group of the violations received in a window; times in microseconds.

    `pointer` has `*` for indexes; `count` is of events, and `share` is theirs of the events of that name and source;
    `trend` counts violations in twelve equal slots; `sample` is the latest such event. `first_at` and `last_at` are of
    all that is recorded, `again_at` is the first in the window and `before_at` the last before it.
    """

    code: str
    pointer: str
    name: str
    source: str
    severity: str
    count: int
    share: float
    first_at: int
    last_at: int
    before_at: int | None
    again_at: int
    trend: tuple[int, ...]
    sample: int
    expected: str
    got: str
    resolution: str
    origin: str


def prepare(db: sqlite3.Connection) -> None:
    """Give a reading connection the `pattern` of a JSON pointer: `*` for indexes."""
    db.create_function("pattern", 1, lambda pointer: _INDEX.sub("/*", pointer), deterministic=True)


def fault_groups(db: sqlite3.Connection, *, now: int, window: int) -> list[FaultGroup]:
    """The groups of violations received in the `window` up to `now` (microseconds), the most frequent first."""
    slot = max(1, window // SLOTS)
    start = now - slot * SLOTS + 1
    with one_moment(db):
        return _groups(db, start, slot)


def _groups(db: sqlite3.Connection, start: int, slot: int) -> list[FaultGroup]:
    asked = {"start": start, "slot": slot, "slots": SLOTS, "first": arrivals.first_since(db, start)}
    totals = {(name, source): count for name, source, count in db.execute(_TOTALS, asked).fetchall()}
    trends: dict[Key, list[int]] = {}
    for *key, place, count in db.execute(_TREND, asked).fetchall():
        trends.setdefault(_key(key), [0] * SLOTS)[place] = count
    rows = {_key(row): row for row in db.execute(_GROUPS, asked).fetchall()}
    before = _seen(db, "DESC", start, rows)
    first = _seen(db, "ASC", start, before)
    groups = [
        _group(db, row, row["count"] / totals[key[2:]], before.get(key), first.get(key), trends.get(key))
        for key, row in rows.items()
    ]
    return sorted(groups, key=lambda one: (-one.count, one.code, one.pointer, one.name, one.source))


def _seen(db: sqlite3.Connection, order: str, start: int, wanted: Collection[Key]) -> dict[Key, int]:
    """When each of some groups was first met before a moment, from the newest on or from the oldest on."""
    found: dict[Key, int] = {}
    cursor = db.execute(_BEFORE.format(order=order), {"start": start}) if wanted else ()
    for row in cursor:
        key = _key(row)
        if key in wanted and key not in found:
            found[key] = row[4]
            if len(found) == len(wanted):
                break
    return found


def _key(row: sqlite3.Row | list[str]) -> Key:
    return row[0], row[1], row[2], row[3]


def _group(
    db: sqlite3.Connection,
    row: sqlite3.Row,
    share: float,
    before_at: int | None,
    first_at: int | None,
    trend: list[int] | None,
) -> FaultGroup:
    sample = dict(db.execute(_SAMPLE, (row["sample"], row["code"], row["pointer"])).fetchone())
    spellings.with_counts(db, row["source"], row["name"], [sample])
    return FaultGroup(
        code=row["code"],
        pointer=row["pointer"],
        name=row["name"],
        source=row["source"],
        severity=row["severity"],
        count=row["count"],
        share=share,
        first_at=row["again_at"] if first_at is None else first_at,
        last_at=row["last_at"],
        before_at=before_at,
        again_at=row["again_at"],
        trend=tuple(trend or (0,) * SLOTS),
        sample=row["sample"],
        expected=sample["expected"],
        got=sample["got"],
        resolution=sample["resolution"],
        origin=sample["origin"],
    )
