"""Aliases and profiles in the store: resolves a batch of evidence inside the engine's transaction."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Final

from tagway.config import Identity
from tagway.core import body
from tagway.core.events import Identifier
from tagway.core.identity import Evidence, Resolution

FOREVER: Final = 2**62
_ORDER: Final = (
    "user_id",
    "email",
    "phone",
    "anonymous_id",
    "device_id",
    "client_id",
    "checkout_token",
    "cart_token",
    "order_id",
)


class Identities:
    """The write side of identity. One instance per engine; every call is inside an open transaction."""

    def __init__(self, db: sqlite3.Connection, rules: Identity) -> None:
        """Work on the engine's connection."""
        self._db = db
        self._rules = rules

    def resolve(self, batch: Sequence[Evidence], now: int) -> list[Resolution]:
        """Resolve evidence in order of arrival; one resolution for each."""
        return [self._one(evidence, now) for evidence in batch]

    def _one(self, evidence: Evidence, now: int) -> Resolution:
        ids = sorted(
            {
                (one.kind, one.value.strip().lower() if one.kind == "email" else one.value.strip())
                for one in evidence.ids
                if one.value.strip()
            },
            key=lambda one: (_ORDER.index(one[0]), one[1]),
        )
        if not ids:
            return Resolution(alias_id=None)
        subject, profile = self._alias(Identifier(*ids[0]), None, evidence)
        for kind, value in ids[1:]:
            _, other = self._alias(Identifier(kind, value), profile, evidence)
            if other != profile and not self._both_people(profile, other):
                self._db.execute("UPDATE aliases SET profile_id = ? WHERE profile_id = ?", (profile, other))
                self._db.execute(
                    "INSERT INTO merges (event_id, at, verdict, rule, kind, value, subject_kind, subject_value,"
                    " profile_id, other_profile_id, decided_at)"
                    " VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    (
                        evidence.event_id,
                        evidence.at,
                        "merged",
                        "person",
                        kind,
                        value,
                        *ids[0],
                        profile,
                        other,
                        now,
                    ),
                )
                self._db.execute("DELETE FROM profiles WHERE profile_id = ?", (other,))
        self._profile(profile, ids, evidence)
        return Resolution(alias_id=subject)

    def _alias(self, one: Identifier, profile: str | None, evidence: Evidence) -> tuple[int, str]:
        row = self._db.execute("SELECT alias_id, profile_id FROM aliases WHERE kind = ? AND value = ?", one).fetchone()
        if row:
            return row[0], row[1]
        handle = hashlib.blake2b(f"{one.kind}:{one.value}".encode(), digest_size=8).hexdigest()
        (alias_id,) = self._db.execute("SELECT ifnull(max(alias_id), 0) + 1 FROM aliases").fetchone()
        self._db.execute(
            "INSERT INTO aliases VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                alias_id,
                *one,
                0,
                FOREVER,
                profile or handle,
                handle,
                evidence.at,
                evidence.at,
                evidence.event_id,
                "attached",
                "born",
            ),
        )
        return alias_id, profile or handle

    def _both_people(self, one: str, other: str) -> bool:
        query = "SELECT count(DISTINCT profile_id) FROM aliases WHERE kind = 'user_id' AND profile_id IN (?, ?)"
        return bool(self._db.execute(query, (one, other)).fetchone()[0] > 1)

    def _profile(self, profile: str, ids: list[tuple[str, str]], evidence: Evidence) -> None:
        reachable = evidence.at if any(kind in ("email", "phone") for kind, _ in ids) else None
        user = next((value for kind, value in ids if kind == "user_id"), None)
        traits = {name: {"value": value, "at": evidence.at} for name, value in evidence.traits}
        self._db.execute(
            "INSERT INTO profiles VALUES (?1,?2,?3,?4,?4,?5) ON CONFLICT (profile_id) DO UPDATE SET"
            " user_id = ifnull(user_id, ?2), reachable_at = min(ifnull(reachable_at, ?3), ifnull(?3, reachable_at)),"
            " first_seen = min(first_seen, ?4), last_seen = max(last_seen, ?4), traits = json_patch(traits, ?5)",
            (profile, user, reachable, evidence.at, body.encode(traits).decode()),
        )
