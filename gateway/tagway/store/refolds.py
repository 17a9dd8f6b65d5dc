"""Refolding a component: what a late, retracted or erased event changes is folded again from the evidence.

A component is all aliases that were ever carried together, refused links included: nothing outside it can be
changed by a change inside. Its evidence is read, folded by the same steps as everything else, and only what
differs is written.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tagway.core import body
from tagway.core.events import Identifier
from tagway.core.identity import traits
from tagway.core.identity.book import Book, Decision, Group, Holding
from tagway.core.identity.evidence import Fact
from tagway.core.identity.fold import run, split
from tagway.core.identity.rules import Rules
from tagway.core.identity.rulings import Rulings
from tagway.store.decisions import Decisions
from tagway.store.holdings import Holdings
from tagway.store.links import Links, Sighting

_OLD: Final = (
    "SELECT h.alias_id, h.since, h.later, h.until, h.kind, h.value, h.cluster, h.handle, h.born, h.last_seen,"
    " h.event_id, h.verdict, h.rule, h.shared, c.profile FROM holdings h JOIN clusters c ON c.cluster = h.cluster"
    " WHERE h.alias_id = ?"
)
_INSERT: Final = "INSERT OR REPLACE INTO holdings VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"

Place = tuple[int, int, int]
"""Which holding of which alias: alias_id, since, later."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the store says of a component before the refold."""

    rows: Mapping[Place, tuple[Any, ...]]
    profiles: Mapping[Place, int]


class Refolds:
    """Refolds components. Every call is in the engine's transaction, with nothing unwritten."""

    def __init__(self, db: sqlite3.Connection, rules: Rules, holdings: Holdings, links: Links) -> None:
        """Work on the engine's connection, beside the cache and the evidence."""
        self._db = db
        self._rules = rules
        self._holdings = holdings
        self._links = links
        self._decisions = Decisions(db)

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

    def wait(self, alias: int, key: bytes, shared: str | None) -> None:
        """Let a component wait to be refolded when there is time; its profiles are `folding` until then."""
        self._db.execute(
            "INSERT INTO refolds VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET key = min(key, ?2),"
            " shared = ifnull(?3, shared)",
            (alias, key, shared),
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
        self, seeds: Iterable[int], changed: Collection[int], rulings: Rulings, limit: int | None
    ) -> set[int] | None:
        """The aliases joined to the seeds by evidence or approval; None when more than `limit`.

        Shared identifiers join nothing; those in `changed` have become shared, or ceased to be, and count.
        """
        found: set[int] = set()
        waiting = list(seeds)
        while waiting:
            alias = waiting.pop()
            if alias in found:
                continue
            found.add(alias)
            if limit is not None and len(found) > limit:
                return None
            waiting += [one for one in self._joined(alias, rulings) if one not in found and self._joins(one, changed)]
        return found

    def refold(self, aliases: Collection[int], changed: Mapping[int, str], rulings: Rulings, now: int) -> None:
        """Fold a component again and write what differs. `changed` says which ids became shared, or ceased to be."""
        sightings = self._links.named(aliases)
        names, shared = self._names(set(aliases).union(*(one.ids for one in sightings.values())))
        shared |= {names[alias]: rule for alias, rule in changed.items() if alias in names}
        moved = self._move_events(sightings.values(), names, shared, changed)
        decisions = self._fold(aliases, sightings.values(), names, shared, rulings)
        for alias in moved.difference(aliases):
            self._tell_alone(alias)
        self._decisions.rewrite(list(sightings), decisions, now)
        if self.first_waiting() is not None:
            self._db.executemany("DELETE FROM refolds WHERE alias_id = ?", [(alias,) for alias in aliases])

    def refold_alone(self, alias: int, rulings: Rulings) -> None:
        """Fold again what concerns one identifier that joins nobody, after evidence of it went."""
        sightings = self._links.named([alias]).values()
        names, shared = self._names({alias}.union(*(one.ids for one in sightings)))
        self._fold([alias], sightings, names, shared, rulings)

    def _fold(
        self,
        aliases: Collection[int],
        sightings: Iterable[Sighting],
        names: Mapping[int, Identifier],
        shared: Mapping[Identifier, str],
        rulings: Rulings,
    ) -> list[Decision]:
        book = Book(rulings, self._rules.weak_gap)
        decisions = run([self._fact(one, names, shared, rulings) for one in sightings], book)
        numbers = {one: alias for alias, one in names.items()}
        for one in book.made:
            one.alias_id = numbers[one.id]
        made = [one for one in book.made if one.alias_id in aliases]
        self._write(aliases, made)
        self._tell(aliases, made)
        self._holdings.forget(names[alias] for alias in aliases)
        return decisions

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

    def _fact(
        self, one: Sighting, names: Mapping[int, Identifier], shared: Mapping[Identifier, str], rulings: Rulings
    ) -> Fact:
        ids = tuple(names[alias] for alias in one.ids)
        return split(Fact(one.event_id, one.at, ids, retracted=one.event_id in rulings.events), shared)

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
        if not changed:
            return moved
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

    def _standing(self, aliases: Iterable[int]) -> _Standing:
        rows: dict[Place, tuple[Any, ...]] = {}
        profiles: dict[Place, int] = {}
        for alias in aliases:
            for row in self._db.execute(_OLD, (alias,)).fetchall():
                place = row[:3]
                rows[place], profiles[place] = row[:-1], row[-1]
        return _Standing(rows, profiles)

    def _write(self, aliases: Iterable[int], made: list[Holding]) -> None:
        old = self._standing(aliases)
        self._number(made, old)
        wanted: dict[Place, tuple[Any, ...]] = {}
        for one in made:
            place = (one.alias_id, one.since, int(one.later))
            stays = old.profiles.get(place) == one.group.root().number
            cluster = old.rows[place][6] if stays else one.group.root().number
            wanted[place] = (
                *place, one.until, *one.id, cluster, one.handle, one.born, one.last_seen, *one.link, one.shared,
            )  # fmt: skip
        gone = sorted(old.rows.keys() - wanted.keys())
        self._db.executemany("DELETE FROM holdings WHERE alias_id = ? AND since = ? AND later = ?", gone)
        rows = sorted(row for place, row in wanted.items() if old.rows.get(place) != row)
        self._db.executemany(_INSERT, rows)

    def _number(self, made: Iterable[Holding], old: _Standing) -> None:
        """Give the profiles the numbers that most of their aliases have in the store, so that little is written."""
        groups: dict[Group, Counter[int]] = {}
        for one in made:
            votes = groups.setdefault(one.group.root(), Counter())
            number = old.profiles.get((one.alias_id, one.since, int(one.later)))
            if number is not None:
                votes[number] += 1
        free = set(old.profiles.values())
        claims = sorted(
            ((count, number, group) for group, votes in groups.items() for number, count in votes.items()),
            key=lambda one: (-one[0], one[1], one[2].born),
        )
        for _, number, group in claims:
            if not group.number and number in free:
                group.number = number
                free.remove(number)
        for group in groups:
            if not group.number:
                group.number = self._holdings.profile_number()
                self._db.execute("INSERT INTO clusters VALUES (?,?)", (group.number, group.number))
        self._db.executemany("DELETE FROM people WHERE profile = ?", [(one,) for one in free])
        self._db.executemany("DELETE FROM clusters WHERE profile = ?", [(one,) for one in free])
        self._holdings.write_profiles(groups)

    def _tell_alone(self, alias: int) -> None:
        """What events say about an identifier that joins nobody, which is on a profile of its own."""
        rows = self._db.execute("SELECT traits, at, event_id FROM claims WHERE alias_id = ?", (alias,)).fetchall()
        said = traits.newest(*(traits.told(body.decode(text), at, event_id) for text, at, event_id in rows))
        self._db.execute(
            "UPDATE people SET traits = ? WHERE profile = (SELECT c.profile FROM holdings h"
            " JOIN clusters c ON c.cluster = h.cluster WHERE h.alias_id = ?)",
            (body.encode(said).decode(), alias),
        )

    def _tell(self, aliases: Iterable[int], made: Iterable[Holding]) -> None:
        """What the events of the component say about the people in it, as they are now."""
        holdings: dict[int, list[Holding]] = {}
        told: dict[Group, traits.Told] = {}
        for one in made:
            holdings.setdefault(one.alias_id, []).append(one)
            told[one.group.root()] = {}
        for alias in aliases:
            for at, event_id, text in self._db.execute(
                "SELECT at, event_id, traits FROM claims WHERE alias_id = ?", (alias,)
            ).fetchall():
                group = owner(holdings.get(alias, ()), at)
                if group is not None:
                    told[group] = traits.newest(told[group], traits.told(body.decode(text), at, event_id))
        self._db.executemany(
            "UPDATE people SET traits = ?1 WHERE profile = ?2 AND traits <> ?1",
            [(body.encode(one).decode(), group.number) for group, one in told.items()],
        )


def owner(holdings: Iterable[Holding], at: int) -> Group | None:
    """The profile that an alias was held by at a moment."""
    return next((one.group.root() for one in holdings if one.since <= at < one.until), None)
