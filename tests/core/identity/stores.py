"""A store in memory, driven as the engine drives it, and what it says in the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from sqlite_utils import Database
from tagway.config import Identity
from tagway.core import body
from tagway.core.erasure import digest
from tagway.core.events import Identifier
from tagway.core.identity import Evidence
from tagway.core.identity.book import FOREVER
from tagway.core.identity.commands import Command
from tagway.core.identity.kinds import DEVICE
from tagway.store.attribution import ATTRIBUTED, profile_of
from tagway.store.erase import Erasure
from tagway.store.identities import Identities
from tagway.store.migrations import migrations

SETTINGS = Identity(people_per_identifier=2, emails_per_user_id=2)
_SALT = b"s" * 16
_LAST = 10_000
_EVENT = (
    "INSERT INTO events (event_id, request, item, message_id, type, name, raw_event, status, source, side, verified,"
    " test, 'schema', timestamp, at, received_at, alias_id, properties, traits, context)"
    " VALUES (?, 1, '', '', 'track', '', '', 'accepted', '', 'web', 1, 0, '', ?2, ?2, ?2, ?3, '{}', '{}', '{}')"
)


def _blank() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrations.apply(Database(db, execute_plugins=False))
    return db


_TEMPLATE = _blank()


class Store:
    """A store, and the identities in it; `weak_gap` in the times of the test."""

    def __init__(self, settings: Identity | None = None, *, weak_gap: int | None = None, region: str = "") -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        _TEMPLATE.backup(self.db)
        self._settings, self._gap = settings or Identity(region=region), weak_gap
        self._crash = False
        self._known: set[bytes] = set()
        self._commands = 0
        self.reopen()

    def reopen(self) -> None:
        """As after a restart: nothing is left in memory."""
        self.identities = Identities(self.db, self._settings, weak_gap=self._gap)

    def close(self) -> None:
        self.db.close()

    def tell(self, batch: Sequence[Evidence], now: int = 0) -> None:
        """One batch of the engine: resolved, and recorded as events."""
        marked, seen = [], set(self._known)
        for one in batch:
            again = one.event_id in seen
            seen.add(one.event_id)
            marked.append(
                Evidence(
                    event_id=one.event_id, at=one.at, ids=one.ids, traits=one.traits, shop=one.shop, repeated=again
                )
            )
        self.db.execute("BEGIN")
        found = self.identities.resolve(marked, now)
        if self._crash:
            # Everything was written and nothing committed: after a restart it is told again.
            self._crash = False
            self.db.execute("ROLLBACK")
            self.reopen()
            self.db.execute("BEGIN")
            found = self.identities.resolve(marked, now)
        told = [(one.event_id, where) for one, where in zip(marked, found, strict=True) if not where.erased]
        self._known.update(event_id for event_id, _ in told)
        self.db.executemany(_EVENT, [(event_id, where.at, where.alias_id) for event_id, where in told])
        self.db.execute("COMMIT")

    def command(self, command: Command, now: int = 0) -> None:
        """One command, as the engine carries it out and records it."""
        self.db.execute("BEGIN")
        self.identities.apply(command, now)
        self._commands += 1
        self.db.execute(
            "INSERT INTO commands VALUES (?, ?, ?, ?, ?, 'done', '{}')",
            (self._commands, command.id, command.action, body.encode(command.target).decode(), command.at),
        )
        self.db.execute("COMMIT")

    def crash_at_next(self) -> None:
        """Let the next batch be lost before its commit."""
        self._crash = True

    def forget(self, one: Identifier, now: int) -> None:
        """Forget whoever a normalized identifier belongs to, as the engine does."""
        self.db.execute("BEGIN")
        self.identities.settle(now)
        erasure = Erasure(self.db)
        spans = erasure.spans(*one, DEVICE, now)
        erasure.bury(span.stone(_SALT) for span in spans)
        erasure.void(spans)
        shared = erasure.shared_beside(spans)
        erasure.person(spans)
        erasure.strip(spans)
        self.identities.erase(spans, now)
        self.db.execute("COMMIT")
        for beside in shared:
            number = self._commands + 1
            self.command(Command(action="block", target=(":".join(beside),), at=_LAST, id=f"forget:{number}"), now)

    def allow(self, one: Identifier, now: int = 0) -> None:
        """Let a normalized identifier come back."""
        self.db.execute("BEGIN")
        Erasure(self.db).lift([digest(_SALT, *one)])
        self.identities.erase((), now)
        self.db.execute("COMMIT")

    def settle(self, now: int = 0) -> None:
        """Let what waits be refolded."""
        more = True
        while more:
            self.db.execute("BEGIN")
            more = self.identities.refold_next(now)
            self.db.execute("COMMIT")

    def refold(self) -> None:
        """Fold everything again from the beginning."""
        with self.db:
            self.db.execute(
                "INSERT OR REPLACE INTO refolds SELECT DISTINCT alias_id, ?, NULL FROM holdings", (-FOREVER,)
            )
        self.settle()

    def ownership(self) -> set[tuple[str, str, int, int, str, str]]:
        return set(self.db.execute("SELECT kind, value, since, until, profile_id, handle FROM aliases"))

    def verdicts(self) -> dict[tuple[bytes, str, str], str]:
        return {row[:3]: row[3] for row in self.db.execute("SELECT event_id, kind, value, verdict FROM merges")}

    def attribution(self) -> dict[bytes, str]:
        """By event, its profile; every event has one row for each time that it was told, all on one profile."""
        rows = self.db.execute(f"SELECT DISTINCT e.event_id, p.profile_id FROM events e {ATTRIBUTED}").fetchall()
        assert len(rows) == len({row[0] for row in rows})
        return {event: profile for event, profile in rows if profile is not None}

    def conserves(self) -> None:
        """No event with an identifier is on no profile or on two, whatever waits to be folded again."""
        query = (
            f"SELECT e.seq FROM events e {ATTRIBUTED} WHERE e.alias_id IS NOT NULL"
            " GROUP BY e.seq HAVING count(*) <> 1 OR count(p.profile) <> 1"
        )
        assert self.db.execute(query).fetchall() == []

    def profiles(self) -> set[frozenset[tuple[str, str]]]:
        """The profiles as sets of identifiers, whatever the time; those that join nobody are left out."""
        found: dict[str, set[tuple[str, str]]] = {}
        for kind, value, profile in self.db.execute("SELECT kind, value, profile_id FROM aliases WHERE shared = ''"):
            found.setdefault(profile, set()).add((kind, value))
        return {frozenset(one) for one in found.values()}

    def profile_of(self, one: Identifier) -> str | None:
        return profile_of(self.db, *one)

    def traits(self) -> dict[str, dict[str, tuple[object, int, str]]]:
        rows = self.db.execute("SELECT profile_id, traits FROM profiles WHERE traits <> '{}'")
        return {
            profile: {name: (one["value"], one["at"], one["event_id"]) for name, one in body.decode(traits).items()}
            for profile, traits in rows
        }

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """All that must not depend on the order of arrival, as plain SQL gives it."""
        queries = {
            "aliases": "SELECT kind, value, since, until, profile_id, handle, first_seen, last_seen, event_id, verdict,"
            " rule, shared FROM aliases",
            "profiles": "SELECT profile_id, user_id, email, phone, reachable_at, first_seen, last_seen, traits,"
            " consent, folding FROM profiles",
            "merges": "SELECT event_id, at, verdict, rule, kind, value, subject_kind, subject_value, profile_id,"
            " other_profile_id FROM merges",
            "verdicts": "SELECT event_id, kind, value, profile_id, other_profile_id FROM verdicts",
            "events": f"SELECT DISTINCT e.event_id, e.at, p.profile_id FROM events e"
            f" {ATTRIBUTED} WHERE e.status <> 'erased'",
        }
        return {name: sorted(self.db.execute(query), key=repr) for name, query in queries.items()}


def inside(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """What the next fold builds on, but for the numbers and bounds that depend on the order of arrival."""
    queries = {
        "holdings": "SELECT h.kind, h.value, h.since, h.later, h.until, h.handle, h.born, h.last_seen, h.event_id,"
        " h.verdict, h.rule, h.shared, p.profile_id FROM holdings h JOIN clusters c ON c.cluster = h.cluster"
        " JOIN people p ON p.profile = c.profile",
        "people": "SELECT profile_id, born, person, user_id, has, reachable_at, size, traits FROM people",
    }
    return store.everything() | {name: sorted(store.db.execute(query), key=repr) for name, query in queries.items()}


def batches(evidence: Iterable[Evidence], sizes: Sequence[int]) -> Iterable[list[Evidence]]:
    """Evidence cut into batches of the given sizes, over and over."""
    rest = list(evidence)
    place = 0
    while rest:
        size = sizes[place % len(sizes)]
        yield rest[:size]
        rest, place = rest[size:], place + 1
