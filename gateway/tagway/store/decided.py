"""Identity decisions as lists: every verdict, newest first, with the event that is its evidence."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Which = Literal["all", "joins", "review"]

_WHERE: Final[dict[Which, str]] = {
    "all": "m.verdict <> 'noop_same_person'",
    "joins": "m.verdict IN ('merged', 'handed_over')",
    "review": "m.verdict = 'skipped_conflict'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One decision: what was tried (`kind:value`) against the subject of an event, and what came of it.

    `at` and `decided_at` are microseconds; `seq`, `event` and `source` are of the evidence, where it is still
    stored.
    """

    id: int
    at: int
    decided_at: int
    verdict: str
    rule: str
    kind: str
    value: str
    subject_kind: str
    subject_value: str
    profile_id: str
    other_profile_id: str
    event_id: str
    seq: int | None
    event: str
    source: str


def count(db: sqlite3.Connection, which: Which) -> int:
    """How many decisions there are."""
    return int(db.execute(f"SELECT count(*) FROM verdicts m WHERE {_WHERE[which]}").fetchone()[0])


def newest(db: sqlite3.Connection, which: Which, limit: int) -> list[Verdict]:
    """The newest decisions, the latest first."""
    return _verdicts(db, f"WHERE {_WHERE[which]} ORDER BY m.id DESC LIMIT ?", (limit,))


def of_profile(db: sqlite3.Connection, profile_id: str) -> list[Verdict]:
    """The decisions on a profile's identifiers, refused ones included, in the order of event time."""
    where = (
        "WHERE m.id IN (SELECT v.id FROM aliases a JOIN verdicts v ON v.kind = a.kind AND v.value = a.value"
        " WHERE a.profile_id = ?1 UNION SELECT v.id FROM aliases a JOIN verdicts v ON v.subject_kind = a.kind"
        " AND v.subject_value = a.value WHERE a.profile_id = ?1) ORDER BY m.at, m.id LIMIT 1000"
    )
    return _verdicts(db, where, (profile_id,))


def events_before(db: sqlite3.Connection, aliases: Sequence[tuple[str, str]], at: int) -> int:
    """How many events some identifiers had before a moment: what a join of them at that moment moved."""
    query = (
        "SELECT count(*) FROM events WHERE at < ? AND alias_id IN"
        " (SELECT alias_id FROM aliases WHERE kind = ? AND value = ?)"
    )
    return sum(int(db.execute(query, (at, *alias)).fetchone()[0]) for alias in aliases)


def _verdicts(db: sqlite3.Connection, rest: str, values: tuple[object, ...]) -> list[Verdict]:
    query = (
        "SELECT m.id, m.at, m.decided_at, m.verdict, m.rule, m.kind, m.value, m.subject_kind, m.subject_value,"
        " m.profile_id, m.other_profile_id, lower(hex(m.event_id)) AS event_id,"
        " (SELECT min(e.seq) FROM events e WHERE e.event_id = m.event_id) AS seq FROM merges m"
    )
    rows = db.execute(f"{query} {rest}", values).fetchall()
    told = _evidence(db, [row["seq"] for row in rows if row["seq"] is not None])
    return [_verdict(row, *told.get(row["seq"], ("", ""))) for row in rows]


def _verdict(row: sqlite3.Row, event: str, source: str) -> Verdict:
    return Verdict(**dict(row), event=event, source=source)


def _evidence(db: sqlite3.Connection, seqs: list[int]) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for start in range(0, len(seqs), 500):
        chunk = seqs[start : start + 500]
        query = f"SELECT seq, name, source FROM events WHERE seq IN ({','.join('?' * len(chunk))})"
        found.update((row[0], (row[1], row[2])) for row in db.execute(query, chunk).fetchall())
    return found
