"""Violations as the store has them, grouped by rule, event and source."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import Final

from tagway.store import spellings

# Few pointers have an index in them, and only those are worth a call.
_PATTERN: Final = "CASE WHEN v.pointer GLOB '*/[0-9]*' THEN pattern(v.pointer) ELSE v.pointer END"
_GROUPS: Final = f"""
SELECT v.code, {_PATTERN} AS pointer, e.name, e.source,
    CASE WHEN sum(v.severity = 'error') THEN 'error' WHEN sum(v.severity = 'warn') THEN 'warn'
        ELSE 'info' END AS severity, count(DISTINCT e.seq) AS count,
    min(e.received_at) AS first_at, max(e.received_at) AS last_at, max(e.seq) AS sample,
    max(CASE WHEN e.received_at < ?1 THEN e.received_at END) AS before_at
FROM violations v JOIN events e ON e.seq = v.event
WHERE e.received_at >= ?2 AND e.status <> 'erased'
GROUP BY v.code, 2, e.name, e.source
"""
_TOTALS: Final = "SELECT name, source, count(*) FROM events WHERE received_at >= ? GROUP BY name, source"
_TREND: Final = f"""
SELECT v.code, {_PATTERN} AS pointer, e.name, e.source, (e.received_at - ?1) / ?2 AS slot, count(*)
FROM violations v JOIN events e ON e.seq = v.event
WHERE e.received_at >= ?1 AND e.received_at < ?1 + ?2 * ?3
GROUP BY v.code, 2, e.name, e.source, slot
"""
_SAMPLE: Final = """
SELECT code, expected, got, resolution, origin FROM violations WHERE event = ? AND code = ? AND pattern(pointer) = ?
"""
_INDEX: Final = re.compile(r"/\d+(?=/|$)")

SLOTS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultGroup:
    """One group of violations; times in microseconds.

    `pointer` has `*` for indexes; `share` is of the events of that name and source; `trend` counts violations in
    twelve equal slots up to now; `sample` is the latest such event; `before_at` the last one before the recent slots.
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
    trend: tuple[int, ...]
    sample: int
    expected: str
    got: str
    resolution: str
    origin: str


def prepare(db: sqlite3.Connection) -> None:
    """Give a reading connection the `pattern` of a JSON pointer: `*` for indexes."""
    db.create_function("pattern", 1, lambda pointer: _INDEX.sub("/*", pointer), deterministic=True)


def fault_groups(db: sqlite3.Connection, *, since: int, now: int, slot: int) -> list[FaultGroup]:
    """The groups of violations received since a time, the most frequent first; `slot` is a trend slot's length."""
    start = now - slot * SLOTS + 1
    totals = {(name, source): count for name, source, count in db.execute(_TOTALS, (since,)).fetchall()}
    trends: dict[tuple[str, ...], list[int]] = {}
    for *key, place, count in db.execute(_TREND, (start, slot, SLOTS)).fetchall():
        trends.setdefault(tuple(key), [0] * SLOTS)[place] = count
    groups = [_group(db, row, totals, trends) for row in db.execute(_GROUPS, (start, since)).fetchall()]
    return sorted(groups, key=lambda one: (-one.count, one.code, one.pointer, one.name, one.source))


def _group(
    db: sqlite3.Connection,
    row: sqlite3.Row,
    totals: dict[tuple[str, str], int],
    trends: dict[tuple[str, ...], list[int]],
) -> FaultGroup:
    key = (row["code"], row["pointer"], row["name"], row["source"])
    sample = dict(db.execute(_SAMPLE, (row["sample"], row["code"], row["pointer"])).fetchone())
    spellings.with_counts(db, row["source"], row["name"], [sample])
    return FaultGroup(
        code=row["code"],
        pointer=row["pointer"],
        name=row["name"],
        source=row["source"],
        severity=row["severity"],
        count=row["count"],
        share=row["count"] / totals[row["name"], row["source"]],
        first_at=row["first_at"],
        last_at=row["last_at"],
        before_at=row["before_at"],
        trend=tuple(trends.get(key, (0,) * SLOTS)),
        sample=row["sample"],
        expected=sample["expected"],
        got=sample["got"],
        resolution=sample["resolution"],
        origin=sample["origin"],
    )
