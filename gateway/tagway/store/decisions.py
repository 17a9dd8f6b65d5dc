"""The verdicts, in the store: one row per event and identifier, rewritten when late evidence changes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from tagway.core.identity.book import Decision, handle
from tagway.core.identity.evidence import Fact
from tagway.core.identity.legal import Refused

_COLUMNS: Final = "event_id, at, verdict, rule, kind, value, subject_kind, subject_value, profile_id, other_profile_id"
_WRITE: Final = (
    f"INSERT INTO verdicts ({_COLUMNS}, decided_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (event_id, kind, value) DO UPDATE SET at = excluded.at, verdict = excluded.verdict,"
    " rule = excluded.rule, subject_kind = excluded.subject_kind, subject_value = excluded.subject_value,"
    " profile_id = excluded.profile_id, other_profile_id = excluded.other_profile_id"
)
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
                key = (row[0], row[4], row[5])
                if key not in wanted:
                    self._db.execute("DELETE FROM verdicts WHERE id = ?", row[-1:])
                elif wanted[key] == row[:-1]:
                    del wanted[key]
        self._db.executemany(_WRITE, [(*row, now) for row in wanted.values()])

    def drop(self, event_id: bytes) -> None:
        """Take back the verdicts on an event that does not count any more."""
        self._db.execute("DELETE FROM verdicts WHERE event_id = ?", (event_id,))


def _row(one: Decision) -> Row:
    return (
        one.event_id, one.at, one.verdict, one.rule, *one.id, *one.subject, one.profile_id, one.other_profile_id,
    )  # fmt: skip
