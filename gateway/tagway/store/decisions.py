"""The verdicts, in the store: one row per event and identifier, rewritten when late evidence changes them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from tagway.core.events import Identifier
from tagway.core.identity.book import JOINED, Decision, Link, handle
from tagway.core.identity.evidence import Fact, key
from tagway.core.identity.kinds import PERSON
from tagway.core.identity.legal import Refused
from tagway.core.identity.recall import Join

_COLUMNS: Final = "event_id, at, verdict, rule, kind, value, subject_kind, subject_value, profile_id, other_profile_id"
_WRITE: Final = (
    f"INSERT INTO verdicts ({_COLUMNS}, decided_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (event_id, kind, value) DO UPDATE SET at = excluded.at, verdict = excluded.verdict,"
    " rule = excluded.rule, subject_kind = excluded.subject_kind, subject_value = excluded.subject_value,"
    " profile_id = excluded.profile_id, other_profile_id = excluded.other_profile_id"
)
# An epoch that is its event's subject has a verdict on itself, which joins nobody.
_JOINS: Final = f"""
SELECT v.kind, v.value, v.subject_kind, v.subject_value, v.at, v.event_id, v.verdict, v.rule
FROM json_each(?) w CROSS JOIN holdings h ON h.alias_id = w.value AND h.later = 0
CROSS JOIN verdicts v ON v.kind = h.kind AND v.value = h.value
    AND v.verdict IN ({",".join(f"'{one}'" for one in sorted(JOINED))}) AND v.at < ?
WHERE v.kind <> v.subject_kind OR v.value <> v.subject_value
"""
_CHUNK: Final = 500

Row = tuple[Any, ...]


class Decisions:
    """The write side of `verdicts`. `decided_at` says when a row was first written; rewriting keeps it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work on the engine's connection."""
        self._db = db

    def write(self, decisions: Iterable[Decision], now: int) -> None:
        """Write verdicts, over those that stood there before."""
        self._db.executemany(_WRITE, [(*_row(one), now) for one in decisions])

    def refuse(self, fact: Fact, refused: Sequence[Refused], now: int) -> None:
        """Write the values of an event that are no identifiers."""
        subject = fact.ids[0] if fact.ids else None
        on = (*subject, handle(subject)) if subject else ("", "", fact.event_id.hex()[:16])
        self._db.executemany(
            _WRITE,
            [
                (fact.event_id, fact.at, "skipped_illegal", one.rule, one.kind, one.value, *on, "", now)
                for one in refused
            ],
        )

    def rewrite(self, events: Sequence[bytes], decisions: Iterable[Decision], now: int) -> None:
        """Make the verdicts of these events what they are now: only what differs is written."""
        wanted = {(one.event_id, *one.id): _row(one) for one in decisions}
        for start in range(0, len(events), _CHUNK):
            chunk = events[start : start + _CHUNK]
            rows = self._db.execute(
                f"SELECT {_COLUMNS}, id FROM verdicts WHERE verdict <> 'skipped_illegal'"
                f" AND event_id IN ({','.join('?' * len(chunk))})",
                chunk,
            ).fetchall()
            for row in rows:
                place = (row[0], row[4], row[5])
                if place not in wanted:
                    self._db.execute("DELETE FROM verdicts WHERE id = ?", row[-1:])
                elif wanted[place] == row[:-1]:
                    del wanted[place]
        self._db.executemany(_WRITE, [(*row, now) for row in wanted.values()])

    def joins(self, aliases: Iterable[int], before: int) -> list[Join]:
        """The verdicts before a moment that put one of these aliases on another profile."""
        rows = self._db.execute(_JOINS, (json.dumps(sorted(aliases)), before)).fetchall()
        return [
            Join(
                Identifier(kind, value),
                Identifier(subject_kind, subject),
                key(at, event_id, signed=subject_kind in PERSON),
                Link(event_id, verdict, rule),
            )
            for kind, value, subject_kind, subject, at, event_id, verdict, rule in rows
        ]

    def drop(self, event_id: bytes) -> None:
        """Take back the verdicts on an event that does not count any more."""
        self._db.execute("DELETE FROM verdicts WHERE event_id = ?", (event_id,))


def _row(one: Decision) -> Row:
    return (
        one.event_id, one.at, one.verdict, one.rule, *one.id, *one.subject, one.profile_id, one.other_profile_id,
    )  # fmt: skip
