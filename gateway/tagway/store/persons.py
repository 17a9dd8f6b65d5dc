"""People as lists: searched by any identifier, or the last that were seen; and the events of one, in order."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

# The people of so many of the last events are "seen lately".
_LATELY: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One profile in a list. Times in microseconds; `aliases` counts its identifiers."""

    profile_id: str
    user_id: str | None
    email: str | None
    phone: str | None
    anonymous_id: str | None
    reachable_at: int | None
    last_seen: int
    aliases: int


def lately(db: sqlite3.Connection, limit: int) -> list[Person]:
    """The people of the last events, the last first."""
    query = (
        "SELECT a.profile_id, max(e.seq) FROM events e JOIN aliases a ON a.alias_id = e.alias_id"
        " AND e.at >= a.since AND e.at < a.until"
        " WHERE e.seq > (SELECT ifnull(max(seq), 0) FROM events) - ? GROUP BY a.profile_id ORDER BY 2 DESC LIMIT ?"
    )
    return _people(db, [row[0] for row in db.execute(query, (_LATELY, limit)).fetchall()])


def found(db: sqlite3.Connection, text: str, limit: int) -> list[Person]:
    """The people with an identifier that contains a text; those that begin with it first."""
    query = (
        "SELECT profile_id, min(CASE WHEN instr(lower(value), ?1) = 1 THEN 0 ELSE 1 END) FROM aliases"
        " WHERE instr(lower(value), ?1) OR profile_id = ?1 OR handle = ?1 GROUP BY profile_id ORDER BY 2, 1 LIMIT ?2"
    )
    return _people(db, [row[0] for row in db.execute(query, (text.strip().lower(), limit)).fetchall()])


def timeline(db: sqlite3.Connection, profile_id: str, limit: int) -> list[int]:
    """The newest events of a profile, as sequence numbers in the order in which they happened."""
    query = (
        "SELECT e.seq, e.timestamp FROM aliases a JOIN events e ON e.alias_id = a.alias_id"
        " AND e.at >= a.since AND e.at < a.until"
        " WHERE a.profile_id = ? ORDER BY e.timestamp DESC, e.seq DESC LIMIT ?"
    )
    return [row[0] for row in reversed(db.execute(query, (profile_id, limit)).fetchall())]


def _people(db: sqlite3.Connection, profiles: list[str]) -> list[Person]:
    people = (_person(db, profile_id) for profile_id in profiles)
    return [one for one in people if one is not None]


def _person(db: sqlite3.Connection, profile_id: str) -> Person | None:
    row = db.execute("SELECT user_id, reachable_at FROM profiles WHERE profile_id = ?", (profile_id,)).fetchone()
    if row is None:
        return None
    aliases = db.execute(
        "SELECT kind, value, last_seen FROM aliases WHERE profile_id = ? ORDER BY last_seen", (profile_id,)
    ).fetchall()
    latest = {one["kind"]: one["value"] for one in aliases}
    return Person(
        profile_id=profile_id,
        user_id=row["user_id"],
        email=latest.get("email"),
        phone=latest.get("phone"),
        anonymous_id=latest.get("anonymous_id"),
        reachable_at=row["reachable_at"],
        last_seen=max((one["last_seen"] for one in aliases), default=0),
        aliases=len(aliases),
    )
