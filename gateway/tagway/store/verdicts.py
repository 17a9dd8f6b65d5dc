"""Reading the verdicts: as they were given, those that want a person's decision, and what stayed in two."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from tagway.core import body, moments

Json = dict[str, Any]

VERDICTS: Final = (
    "attached", "merged", "noop_same_person", "handed_over", "retracted", "skipped_illegal", "skipped_conflict",
    "skipped_shared", "skipped_expired",
)  # fmt: skip
"""What can be decided about an identifier of an event."""
GROUPS: Final = {
    "user_id": "user_id",
    "email": "email",
    "phone": "phone",
    "anonymous_id": "device",
    "device_id": "device",
    "client_id": "device",
    "checkout_token": "cart",
    "cart_token": "cart",
    "order_id": "cart",
}
"""What a duplicate is counted under, by kind of identifier."""

# Whose an identifier is at a time, by the event's own time. The verdicts come first: there are fewer of them than of
# all that anybody holds.
_SUBJECTS: Final = """
CROSS JOIN holdings sh
    ON sh.kind = m.subject_kind AND sh.value = m.subject_value AND sh.since <= m.at AND m.at < sh.until
JOIN clusters sc ON sc.cluster = sh.cluster JOIN people s ON s.profile = sc.profile
"""
_DUPLICATES: Final = f"""
WITH refused AS (SELECT * FROM verdicts WHERE verdict IN ('skipped_conflict', 'skipped_shared', 'retracted')),
seen (kind, value, profile_id) AS (
    SELECT h.kind, h.value, p.profile_id FROM holdings h
    JOIN clusters c ON c.cluster = h.cluster JOIN people p ON p.profile = c.profile
    WHERE h.alias_id IN (
        SELECT alias_id FROM holdings GROUP BY alias_id HAVING count(*) > 1
        UNION SELECT t.alias_id FROM refused m JOIN holdings t ON t.kind = m.kind AND t.value = m.value)
    UNION
    SELECT m.kind, m.value, s.profile_id FROM refused m {_SUBJECTS}
)
SELECT kind, value, count(*) AS profiles, json_group_array(profile_id) AS ids FROM seen
GROUP BY kind, value HAVING count(*) > 1 ORDER BY count(*) DESC, kind, value
"""
# What is refused of the same two profiles, or because of the same shared identifier, is one question: its last event.
_REVIEW: Final = f"""
SELECT * FROM (
    SELECT m.*, s.profile_id AS subject_profile, i.profile_id AS identifier_profile,
        s.user_id AS subject_user, i.user_id AS identifier_user,
        count(*) OVER asked AS events, min(m.at) OVER asked AS first,
        row_number() OVER (asked ORDER BY m.at DESC, m.event_id DESC) AS place
    FROM verdicts m {_SUBJECTS}
    LEFT JOIN holdings ih ON ih.kind = m.kind AND ih.value = m.value AND ih.since <= m.at AND m.at < ih.until
    LEFT JOIN clusters ic ON ic.cluster = ih.cluster LEFT JOIN people i ON i.profile = ic.profile
    WHERE m.verdict = 'skipped_conflict' OR m.verdict = 'skipped_shared' AND m.rule <> 'blocked'
    WINDOW asked AS (
        PARTITION BY m.verdict, m.rule, m.kind, m.value, i.profile_id,
            CASE m.verdict WHEN 'skipped_conflict' THEN s.profile_id END
    )
) WHERE place = 1
ORDER BY at DESC, kind, value
"""


def listed(db: sqlite3.Connection, *, after: int, limit: int, verdict: str | None) -> list[Json]:
    """Verdicts after a row, oldest first, as they were given."""
    rows = db.execute(
        "SELECT * FROM merges m WHERE m.id > ?1 AND (?2 IS NULL OR m.verdict = ?2) ORDER BY m.id LIMIT ?3",
        (after, verdict, limit),
    ).fetchall()
    return [decision(row) for row in rows]


def duplicates(db: sqlite3.Connection) -> list[Json]:
    """Identifiers that are on several profiles, or were tried in vain against another: most profiles first."""
    return [
        {
            "by": GROUPS.get(row["kind"], row["kind"]),
            "identifier": {"kind": row["kind"], "value": row["value"]},
            "profiles": row["profiles"],
            "profile_ids": sorted(body.decode(row["ids"])),
        }
        for row in db.execute(_DUPLICATES).fetchall()
    ]


def review(db: sqlite3.Connection) -> list[Json]:
    """Refused joins that a person may decide, newest first; what was rejected or blocked is decided."""
    rejected = _rejected(db)
    return [found for row in db.execute(_REVIEW).fetchall() if (found := _asked(row))["people"] not in rejected]


def history(db: sqlite3.Connection, profile_id: str, limit: int) -> list[Json]:
    """The last events of a profile, oldest first, in event time."""
    rows = db.execute(
        "SELECT e.seq, e.event_id, e.timestamp, e.name, e.status, e.source FROM aliases a JOIN events e"
        " ON e.alias_id = a.alias_id AND e.at >= a.since AND e.at < a.until"
        " WHERE a.profile_id = ? ORDER BY e.timestamp DESC, e.seq DESC LIMIT ?",
        (profile_id, limit),
    ).fetchall()
    return [
        {**dict(row), "event_id": row["event_id"].hex(), "timestamp": moments.write(row["timestamp"])}
        for row in reversed(rows)
    ]


def count_of(db: sqlite3.Connection, profile_id: str, since: int, until: int | None) -> int:
    """How many events of a profile happened from a time on, and before another (microseconds)."""
    query = (
        "SELECT count(*) FROM aliases a JOIN events e ON e.alias_id = a.alias_id AND e.at >= a.since AND e.at < a.until"
        " WHERE a.profile_id = ? AND e.at >= ? AND (?3 IS NULL OR e.at < ?3)"
    )
    return int(db.execute(query, (profile_id, since, until)).fetchone()[0])


def decision(row: sqlite3.Row) -> Json:
    """A row of `merges` in its public shape."""
    return {
        "id": row["id"],
        "event_id": row["event_id"].hex(),
        "at": moments.write(row["at"]),
        "verdict": row["verdict"],
        "rule": row["rule"],
        "identifier": {"kind": row["kind"], "value": row["value"]},
        "subject": {"kind": row["subject_kind"], "value": row["subject_value"]},
        "profile_id": row["profile_id"],
        "other_profile_id": row["other_profile_id"],
    }


def _asked(row: sqlite3.Row) -> Json:
    users = sorted({user for user in (row["subject_user"], row["identifier_user"]) if user is not None})
    people = users if row["rule"] == "two_people" and len(users) == 2 else []
    return {
        "verdict": row["verdict"],
        "rule": row["rule"],
        "identifier": {"kind": row["kind"], "value": row["value"]},
        "subject": {"kind": row["subject_kind"], "value": row["subject_value"]},
        "profile_id": row["subject_profile"],
        "other_profile_id": row["identifier_profile"],
        "people": [f"user_id:{user}" for user in people],
        "events": row["events"],
        "event_id": row["event_id"].hex(),
        "first": moments.write(row["first"]),
        "last": moments.write(row["at"]),
    }


def _rejected(db: sqlite3.Connection) -> list[list[str]]:
    """The pairs whose last word was `reject`."""
    rows = db.execute(
        "SELECT target, action FROM commands WHERE action IN ('approve', 'reject') AND outcome = 'done' ORDER BY at, id"
    ).fetchall()
    last: dict[str, str] = {row["target"]: row["action"] for row in rows}
    return [body.decode(target) for target, action in last.items() if action == "reject"]
