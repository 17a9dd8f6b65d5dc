"""Refolding a component: what a late, retracted or erased event changes is folded again from the evidence.

A component is all aliases that were ever carried together, refused links included: nothing outside it can be
changed by a change inside. And nothing before the first event that changed can be: so what the store recorded of
the component before that moment is recalled, and only the events since are read, folded by the same steps as
everything else. Only what differs is written. A refold costs what the component's holdings and those events do.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from tagway.core.events import Identifier
from tagway.core.identity.book import FOREVER, Book, Decision
from tagway.core.identity.evidence import Fact
from tagway.core.identity.fold import run, split
from tagway.core.identity.recall import recall
from tagway.core.identity.rules import Rules
from tagway.core.identity.rulings import Rulings
from tagway.store.decisions import Decisions
from tagway.store.holdings import Holdings
from tagway.store.links import Links, Sighting
from tagway.store.standing import Rewriting, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a refold is for.

    `since` is when the earliest event was that changed, `FOREVER` where none is known of. `shared` has the
    identifiers that became shared (the rule) or ceased to be (empty), by alias_id: their events all changed.
    `unsaid` says that something that was said of people is gone.
    """

    rulings: Rulings
    since: int = FOREVER
    shared: Mapping[int, str] = field(default_factory=dict)
    unsaid: bool = False


class Component(NamedTuple):
    """Aliases joined to one another; `whole` unless there are more that were not looked for."""

    aliases: set[int]
    whole: bool


class Refolds:
    """Refolds components. Every call is in the engine's transaction, with nothing unwritten."""

    def __init__(self, db: sqlite3.Connection, rules: Rules, holdings: Holdings, links: Links) -> None:
        """Work on the engine's connection, beside the cache and the evidence."""
        self._db = db
        self._rules = rules
        self._links = links
        self._decisions = Decisions(db)
        self._rewriting = Rewriting(db, holdings)

    def name(self, alias: int) -> Identifier:
        """The identifier of an alias that is known."""
        query = "SELECT kind, value FROM holdings WHERE alias_id = ? LIMIT 1"
        return Identifier(*self._db.execute(query, (alias,)).fetchone())

    def known(self, alias: int) -> tuple[Identifier, str] | None:
        """The identifier of an alias and the rule by which it is shared; None when it is unknown."""
        query = "SELECT kind, value, shared FROM holdings WHERE alias_id = ? LIMIT 1"
        row = self._db.execute(query, (alias,)).fetchone()
        return (Identifier(row[0], row[1]), row[2]) if row else None

    def shared(self, alias: int) -> str:
        """The rule by which a known alias is shared, one that waits to be refolded as that included."""
        query = (
            "SELECT ifnull(r.shared, h.shared) FROM holdings h LEFT JOIN refolds r ON r.alias_id = h.alias_id"
            " WHERE h.alias_id = ? LIMIT 1"
        )
        return str(self._db.execute(query, (alias,)).fetchone()[0])

    def wait(self, alias: int, since: int, shared: str | None) -> None:
        """Let a component wait to be refolded when there is time; its profiles are `folding` until then."""
        self._db.execute(
            "INSERT INTO refolds VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET since = min(since, ?2),"
            " shared = ifnull(?3, shared)",
            (alias, since, shared),
        )

    def waiting(self) -> dict[int, str]:
        """The aliases that became shared (the rule) or ceased to be (empty), and wait to be refolded as that."""
        rows = self._db.execute("SELECT alias_id, shared FROM refolds WHERE shared IS NOT NULL").fetchall()
        return dict(rows)

    def first_waiting(self) -> int | None:
        """An alias whose component waits; None when none does."""
        row = self._db.execute("SELECT alias_id FROM refolds ORDER BY alias_id LIMIT 1").fetchone()
        return row[0] if row else None

    def component(
        self,
        alias: int,
        changed: Collection[int],
        rulings: Rulings,
        limit: int | None = None,
        large: Collection[int] = (),
    ) -> Component:
        """The aliases joined to one by evidence or approval.

        Shared identifiers join nothing; those in `changed` have become shared, or ceased to be, and count. It is
        broken off beyond `limit` aliases, and at one in `large`, whose component is known to be larger than that.
        """
        found: set[int] = set()
        waiting = [alias]
        while waiting:
            one = waiting.pop()
            if one in found:
                continue
            found.add(one)
            if one in large or (limit is not None and len(found) > limit):
                return Component(found, whole=False)
            waiting += [near for near in self._joined(one, rulings) if near not in found and self._joins(near, changed)]
        return Component(found, whole=True)

    def refold(self, aliases: Set[int], change: Change, now: int, limit: int | None = None) -> bool:
        """Fold a component again and write what differs; not if that takes more than `limit` events."""
        flipped = change.shared.keys() & aliases
        owed = self._owed(aliases)
        since = min(change.since, owed, *(self._links.first_seen(alias) for alias in flipped))
        sightings = self._links.named(aliases, since, limit)
        if limit is not None and len(sightings) > limit:
            return False
        names, shared = self._names({*aliases}.union(*(one.ids for one in sightings.values())))
        shared |= {names[alias]: change.shared[alias] for alias in flipped}
        moved = self._move_events(sightings.values(), names, shared, flipped)
        facts = [_fact(one, names, shared, change.rulings) for one in sightings.values()]
        retell = change.unsaid or owed < FOREVER or bool(flipped)
        decisions = self._fold(aliases, since, facts, change.rulings, retell=retell)
        for alias in moved.difference(aliases):
            self._rewriting.tell_alone(alias)
        self._decisions.rewrite(list(sightings), decisions, now)
        if self.first_waiting() is not None:
            self._db.executemany("DELETE FROM refolds WHERE alias_id = ?", [(alias,) for alias in aliases])
        return True

    def refold_alone(self, alias: int, change: Change) -> None:
        """Fold again what concerns one identifier that joins nobody, after evidence of it went: when it was born."""
        sightings = self._links.first_named(alias)
        names, shared = self._names({alias}.union(*(one.ids for one in sightings)))
        facts = [_fact(one, names, shared, change.rulings) for one in sightings]
        self._fold({alias}, -FOREVER, facts, change.rulings, retell=change.unsaid)

    def _fold(
        self, aliases: Set[int], since: int, facts: Iterable[Fact], rulings: Rulings, *, retell: bool
    ) -> list[Decision]:
        before = standing(self._db, aliases)
        book = Book(rulings, self._rules.weak_gap)
        recall(book, before.births(since, self._links.last_seen), self._decisions.joins(aliases, since))
        decisions = run(facts, book)
        numbers = {one: alias for alias, one in before.names().items()}
        made = [one for one in book.made if one.id in numbers]
        for one in made:
            one.alias_id = numbers[one.id]
        self._rewriting.write(before, made, retell=retell)
        return decisions

    def _owed(self, aliases: Iterable[int]) -> int:
        """From when on a refold of a component is owed already; `FOREVER` when none is."""
        if self.first_waiting() is None:
            return FOREVER
        query = "SELECT min(r.since) FROM json_each(?) w CROSS JOIN refolds r ON r.alias_id = w.value"
        (since,) = self._db.execute(query, (json.dumps(sorted(aliases)),)).fetchone()
        return FOREVER if since is None else int(since)

    def _joined(self, alias: int, rulings: Rulings) -> list[int]:
        joined = self._links.neighbors(alias)
        if rulings.people:
            one = self.name(alias)
            if one in rulings.people:
                joined += [self.alias(other) for other in rulings.same_person(one) if other != one]
        return [one for one in joined if one]

    def alias(self, one: Identifier) -> int:
        """The alias_id of an identifier; 0 when it is unknown."""
        row = self._db.execute("SELECT alias_id FROM holdings WHERE kind = ? AND value = ? LIMIT 1", one).fetchone()
        return int(row[0]) if row else 0

    def _joins(self, alias: int, changed: Collection[int]) -> bool:
        if alias in changed:
            return True
        row = self._db.execute("SELECT shared FROM holdings WHERE alias_id = ? LIMIT 1", (alias,)).fetchone()
        return row is not None and not row[0]

    def _names(self, aliases: Iterable[int]) -> tuple[dict[int, Identifier], dict[Identifier, str]]:
        names: dict[int, Identifier] = {}
        shared: dict[Identifier, str] = {}
        for alias in aliases:
            kind, value, rule = self._db.execute(
                "SELECT kind, value, shared FROM holdings WHERE alias_id = ? LIMIT 1", (alias,)
            ).fetchone()
            names[alias] = Identifier(kind, value)
            if rule:
                shared[names[alias]] = rule
        return names, shared

    def _move_events(
        self,
        sightings: Iterable[Sighting],
        names: Mapping[int, Identifier],
        after: Mapping[Identifier, str],
        changed: Collection[int],
    ) -> set[int]:
        """Events with an identifier that became shared, or ceased to be, may refer to another alias.

        Which one they refer to depends on what was known as they came: it is written rather than guessed. The
        aliases that what was said may have gone from, or to.
        """
        moved: set[int] = set()
        numbers = {one: alias for alias, one in names.items()}
        for one in sightings:
            if not any(alias in changed for alias in one.ids):
                continue
            subject = split(Fact(one.event_id, one.at, tuple(names[alias] for alias in one.ids)), after).subject
            if subject is None:
                continue
            now = numbers[subject]
            self._db.execute(
                "UPDATE events SET alias_id = ?1 WHERE event_id = ?2 AND alias_id <> ?1", (now, one.event_id)
            )
            for alias in one.ids:
                said = self._db.execute(
                    "UPDATE claims SET alias_id = ?1 WHERE alias_id = ?2 AND at = ?3 AND event_id = ?4 AND ?1 <> ?2",
                    (now, alias, one.at, one.event_id),
                )
                if said.rowcount:
                    moved |= {alias, now}
        return moved


def _fact(one: Sighting, names: Mapping[int, Identifier], shared: Mapping[Identifier, str], rulings: Rulings) -> Fact:
    ids = tuple(names[alias] for alias in one.ids)
    return split(Fact(one.event_id, one.at, ids, retracted=one.event_id in rulings.events), shared)
