"""Whose an event is: the join from an event to its person, by alias and time.

`aliases` and `profiles` are views for whoever reads the file. An outer join to a view of several tables would
make SQLite build the whole view for every query, so the queries of the gateway itself join the tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

# An event's alias is held by one profile at any time: attribution is a lookup, and a merge moves no event.
ATTRIBUTED: Final = """
LEFT JOIN holdings h ON h.alias_id = e.alias_id AND h.since <= e.at AND h.until > e.at
LEFT JOIN clusters c ON c.cluster = h.cluster
LEFT JOIN people p ON p.profile = c.profile
"""
# An event without an identifier is on a profile of its own, which has no row.
PROFILE_ID: Final = (
    "ifnull(p.profile_id, CASE WHEN e.status NOT IN ('dead_letter', 'erased')"
    " THEN lower(hex(substr(e.event_id, 1, 8))) END)"
)
# The address last seen on the profile of `p`.
EMAIL: Final = (
    "(SELECT m.value FROM aliases m WHERE m.profile_id = p.profile_id AND m.kind = 'email'"
    " ORDER BY m.last_seen DESC, m.value LIMIT 1)"
)
_MERGES: Final = """
SELECT m.* FROM aliases a JOIN merges m ON m.kind = a.kind AND m.value = a.value
WHERE a.profile_id = ?1 AND (m.profile_id = ?1 OR m.other_profile_id = ?1)
UNION
SELECT m.* FROM aliases a JOIN merges m ON m.subject_kind = a.kind AND m.subject_value = a.value
WHERE a.profile_id = ?1 AND (m.profile_id = ?1 OR m.other_profile_id = ?1)
ORDER BY at, id
"""


def merges(db: sqlite3.Connection, profile_id: str) -> list[sqlite3.Row]:
    """The decisions that a profile had a part in, oldest first."""
    return db.execute(_MERGES, (profile_id,)).fetchall()


def told(traits: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Trait values without their provenance; what was removed is absent."""
    return {name: one["value"] for name, one in traits.items() if one["value"] is not None}


def current_id(db: sqlite3.Connection, profile_id: str) -> str | None:
    """Today's id of the profile that was ever known by an id, after merges and splits; None when none was.

    What was merged away is in no index, since every birth would pay for that: all holdings are looked through.
    """
    row = db.execute("SELECT profile_id FROM people WHERE profile_id = ?", (profile_id,)).fetchone()
    row = (
        row
        or db.execute(
            "SELECT p.profile_id FROM holdings h JOIN clusters c ON c.cluster = h.cluster"
            " JOIN people p ON p.profile = c.profile WHERE h.handle = ? ORDER BY h.since LIMIT 1",
            (profile_id,),
        ).fetchone()
    )
    return str(row[0]) if row else None


def profile_of(db: sqlite3.Connection, kind: str, value: str) -> str | None:
    """The id of the profile that a normalized identifier belongs to now; None when it is unknown."""
    row = db.execute(
        "SELECT p.profile_id FROM holdings h JOIN clusters c ON c.cluster = h.cluster"
        " JOIN people p ON p.profile = c.profile WHERE h.kind = ? AND h.value = ? ORDER BY h.until DESC LIMIT 1",
        (kind, value),
    ).fetchone()
    return str(row[0]) if row else None
