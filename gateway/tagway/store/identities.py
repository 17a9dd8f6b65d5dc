"""Identity in the store: resolves a batch of evidence inside the engine's transaction.

Evidence is kept first, then taken in the order of the fold, not of arrival. An event that is later than all
that was known of the profiles it names is one step; where one comes late, its component is folded again, once
for the whole batch. `apply` does the same for what people decide, `erase` for what they forget.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Final

from tagway import config
from tagway.core import body
from tagway.core.erasure import Mentions, Span, Tombstones
from tagway.core.events import Identifier
from tagway.core.identity import Evidence, Resolution, traits
from tagway.core.identity.book import FOREVER, Book, Group
from tagway.core.identity.commands import Command
from tagway.core.identity.evidence import Fact, moment
from tagway.core.identity.fold import read, split, unforgotten
from tagway.core.identity.kinds import WEAK
from tagway.core.identity.legal import legal
from tagway.core.identity.rules import Rules
from tagway.core.identity.rulings import rule, target_ids
from tagway.core.moments import DAY
from tagway.store.batch import Batch, Standing, Told
from tagway.store.decisions import Decisions
from tagway.store.holdings import Holdings
from tagway.store.late import Late
from tagway.store.links import Links, Sighting
from tagway.store.refolds import Change, Refolds
from tagway.store.rulings import commands, tombstones
from tagway.store.views import Views

_WEAK: Final = frozenset(WEAK)
_LEGAL: Final = 65_536


class Identities:
    """The write side of identity. One instance per engine; every call is inside an open transaction."""

    def __init__(self, db: sqlite3.Connection, settings: config.Identity, *, weak_gap: int | None = None) -> None:
        """Work on the engine's connection, by `[identity]` of the configuration and the commands given so far.

        `weak_gap` (microseconds) stands for the configuration's days.
        """
        self._db = db
        self._limit = settings.refold_limit
        self._rules = Rules(
            region=settings.region,
            people=settings.people_per_identifier,
            emails=settings.emails_per_user_id,
            weak_gap=settings.weak_key_days * DAY if weak_gap is None else weak_gap,
            blocked=settings.blocked,
        )
        self._legal = functools.lru_cache(_LEGAL)(
            lambda sent, shop: legal(sent, shop=shop, region=settings.region),
        )
        self._rulings = rule(commands(db), self._rules)
        self._tombstones: Tombstones = tombstones(db)
        self._holdings = Holdings(db)
        self._links = Links(db, self._rules)
        self._views = Views(self._holdings.births, self._links, self._legal)
        self._decisions = Decisions(db)
        self._late = Late(db, self._links)
        self._refolds = Refolds(db, self._rules, self._holdings, self._links)

    def resolve(self, batch: Sequence[Evidence], now: int) -> list[Resolution]:
        """Resolve evidence; one resolution for each, as it is with the whole batch known."""
        if self._refolds.first_waiting() is not None:
            return self._fold(batch, now)
        viewers = self._views.of(batch, self._tombstones)
        others = iter(self._fold([one for one, viewer in zip(batch, viewers, strict=True) if viewer is None], now))
        births = self._holdings.births.of({viewer for viewer in viewers if viewer is not None})
        return [
            next(others) if viewer is None else Resolution(births[viewer].alias_id, one.at)
            for one, viewer in zip(batch, viewers, strict=True)
        ]

    def _fold(self, batch: Sequence[Evidence], now: int) -> list[Resolution]:
        told = [self._read(one) for one in batch]
        work = self._batch()
        facts = self._winners(told, work)
        said = dict.fromkeys((one.ids, one.retracted) for one in facts)
        work.book.current = self._holdings.current({one for ids, _ in said for one in ids})
        for ids, _ in said:
            self._number(ids, work)
        for stored in work.replaced:
            self._drop(stored, work)
        for ids, retracted in said:
            self._connect(ids, work, live=not retracted)
        for stored in work.replaced:
            self._follow(stored, work)
        apart = [split(one, work.shared) for one in facts if one.ids]
        for key, fact in sorted([(one.key, one) for one in apart], key=itemgetter(0)):
            self._take(fact, key, work)
        self._write(work, told, now)
        self._refold(work, now, self._limit)
        return [self._resolution(one, work) for one in told]

    def apply(self, command: Command, now: int) -> None:
        """Let a command hold: `retract`, `restore`, `approve`, `reject`, `block` or `unblock`.

        What another command of the same target overrules changes nothing; neither does the same one twice.
        """
        targets = target_ids(command, self._rules)
        before = {user: self._rulings.person(user) for one in targets for user in self._rulings.same_person(one)}
        self._rulings.obey(command)
        work = self._batch()
        if command.target[0].startswith("event:"):
            self._rule_event(bytes.fromhex(command.target[0].removeprefix("event:")), work)
        else:
            for one in targets:
                self._rule_id(one, work)
        self._rule_people(before, work)
        self._refold(work, now, self._limit)

    def erase(self, spans: Iterable[Span], now: int) -> None:
        """Take forgotten people's identifiers out of the evidence and fold what is left of it again.

        Their tombstones, the blanking of their events, and the end of commands that named them come before. Events
        of theirs go, events of others lose their identifiers.
        """
        self._tombstones = tombstones(self._db)
        people = self._rulings.people
        self._rulings = rule(commands(self._db), self._rules)
        work = self._batch()
        gone: dict[int, list[Span]] = {}
        for span in spans:
            alias = self._refolds.alias(Identifier(span.kind, span.value))
            if alias:
                gone.setdefault(alias, []).append(span)
        stripped = [one for one in self._links.named(gone).values() if self._strip(one, gone)]
        self._links.recount({alias for one in stripped for alias in one.ids}, self._rulings.events)
        work.unsaid = True
        self._look_again(stripped, work)
        self._rule_people({user: user for user in self._rulings.people} | people, work)
        # However large: nothing of the forgotten may stay for as long as there is something else to do.
        self._refold(work, now, None)
        self._links.disconnect(gone)

    def refold_next(self, now: int) -> bool:
        """Refold one of the components that were too large to be refolded at once; whether there was one."""
        alias = self._refolds.first_waiting()
        if alias is None:
            return False
        shared = self._refolds.waiting()
        aliases = self._refolds.component(alias, shared, self._rulings).aliases
        self._refolds.refold(aliases, Change(rulings=self._rulings, shared=shared), now)
        return True

    def settle(self, now: int) -> None:
        """Refold every component that waits for it: for what must not be decided by what is half known."""
        while self.refold_next(now):
            pass

    def _batch(self) -> Batch:
        return Batch(
            Book(self._rulings, self._rules.weak_gap),
            self._refolds.waiting(),
            owed=self._refolds.first_waiting() is not None,
        )

    def _read(self, evidence: Evidence) -> Told:
        ids, refused = self._legal(evidence.ids, evidence.shop)
        fact = read(evidence, ids, self._rulings)
        if not self._tombstones:
            return Told(evidence, fact, refused, ())
        left, stripped = unforgotten(fact, self._joins_nobody, self._tombstones)
        if stripped and evidence.traits:
            said = Mentions(stripped, short=True).scrubbed(dict(evidence.traits))
            evidence = replace(evidence, traits=tuple(said.items()))
        return Told(evidence, left, refused if left else (), stripped)

    def _joins_nobody(self, one: Identifier) -> bool:
        """Whether an identifier is shared, as far as is known before the batch at hand."""
        alias = self._refolds.alias(one)
        return bool(self._refolds.shared(alias)) if alias else self._rulings.blocks(one)

    def _winners(self, told: Iterable[Told], work: Batch) -> list[Fact]:
        """The facts that count and are new, one for each event."""
        fresh: dict[bytes, Fact] = {}
        for one in told:
            if one.fact is None:
                continue
            event_id = one.fact.event_id
            if one.evidence.repeated and event_id not in work.winners:
                self._recall(event_id, work)
            standing = work.winners.get(event_id)
            if standing is None or standing.yields_to(one):
                work.winners[event_id] = Standing(one.fact, one.claims)
                fresh[event_id] = one.fact
                if standing is not None and standing.stored is not None:
                    work.replaced.append(standing.stored)
        return list(fresh.values())

    def _recall(self, event_id: bytes, work: Batch) -> None:
        stored = self._links.find(event_id)
        if stored is not None:
            fact = Fact(event_id, stored.at, tuple(self._refolds.name(alias) for alias in stored.ids))
            work.winners[event_id] = Standing(fact, self._links.claimed(stored), stored)

    def _number(self, ids: tuple[Identifier, ...], work: Batch) -> None:
        for one in ids:
            if one in work.numbers:
                continue
            holding = work.book.current.get(one)
            if holding is not None:
                work.number(one, holding.alias_id)
                shared = work.waiting.get(holding.alias_id, holding.shared)
            else:
                work.number(one, self._holdings.number())
                shared = "blocked" if self._rulings.blocks(one) else ""
            if shared:
                work.shared[one] = shared
        work.aliases[ids] = tuple(work.numbers[one] for one in ids)

    def _connect(self, ids: tuple[Identifier, ...], work: Batch, *, live: bool) -> None:
        """Note who was carried together; an identifier that thereby has too many people is shared from now on."""
        if len(ids) > 1 and self._links.connect(work.aliases[ids], ids, live=live):
            for alias, one in zip(work.aliases[ids], ids, strict=True):
                self._judge(alias, one, work)

    def _judge(self, alias: int, one: Identifier, work: Batch) -> None:
        """Tell whether an identifier is shared; where that changed, its component is folded again."""
        now = self._links.shared(alias, one, self._rulings, lambda other: work.names.get(other) or self._name(other))
        if now == work.shared.get(one, ""):
            return
        work.shared[one] = now
        if one in work.book.current or self._refolds.known(alias) is not None:
            work.changed[alias] = now
            work.seed(alias, FOREVER)

    def _name(self, alias: int) -> Identifier:
        return self._refolds.name(alias)

    def _drop(self, stored: Sighting, work: Batch) -> None:
        """A stored copy that does not count any more leaves the evidence."""
        fresh = {event_id for event_id, one in work.winners.items() if one.stored is None}
        self._links.drop(stored, fresh)
        self._decisions.drop(stored.event_id)
        self._links.write()
        self._links.recount(stored.ids, self._rulings.events)
        work.unsaid = True

    def _follow(self, stored: Sighting, work: Batch) -> None:
        """The rows of a copy that does not count follow the one that does; who was named by it is looked at again."""
        fact = split(work.winners[stored.event_id].fact, work.shared)
        alias = work.numbers[fact.subject] if fact.subject else None
        self._db.execute("UPDATE events SET alias_id = ?, at = ? WHERE event_id = ?", (alias, fact.at, stored.event_id))
        self._look_again([stored], work)

    def _look_again(self, changed: Iterable[Sighting], work: Batch) -> None:
        """Fold the components of events that are not, or do not count, any more as they did again, from each on."""
        for one in changed:
            for alias in one.ids:
                self._recheck(alias, work)
                work.seed(alias, one.at)

    def _recheck(self, alias: int, work: Batch) -> None:
        known = self._refolds.known(alias)
        if known is not None:
            one, shared = known
            work.shared.setdefault(one, work.waiting.get(alias, shared))
            self._judge(alias, one, work)

    def _take(self, fact: Fact, key: bytes, work: Batch) -> None:
        """One event: a step when it is in order, otherwise its component waits to be folded again."""
        whole = work.winners[fact.event_id].fact
        for one in fact.shared:
            holding = work.book.current.get(one.id)
            if holding is None or fact.alone_key >= holding.born:
                continue
            if holding.shared:
                self._holdings.reborn(holding, fact, work.book)
            else:  # it waits to be folded again as shared
                work.seed(holding.alias_id, fact.at)
        if len(whole.ids) == 1 and whole.ids[0].kind not in _WEAK:
            kept = self._take_single(whole.ids[0], fact, key, work)
        else:
            kept = self._take_several(fact, key, work)
        # Where evidence went, or a refold is owed, what is a first sighting is not known yet.
        if kept or work.replaced or work.owed:
            self._links.keep(Sighting(fact.event_id, fact.at, work.aliases[whole.ids]))

    def _take_single(self, one: Identifier, fact: Fact, key: bytes, work: Batch) -> bool:
        """An event with one identifier matters as its first sighting, or for what it says; whether to keep it."""
        holding = work.book.current.get(one)
        if holding is None:
            work.decisions += work.book.step(fact, key)
            return True
        said = bool(work.winners[fact.event_id].claims)
        if key >= holding.born:
            if said:
                # What was said belongs to whoever had the device then: who signs in before that comes late.
                work.book.touch(holding.group.root(), key)
            # In one instant sign-ins come first: should that one's person id turn out shared, this one may be first.
            return said or fact.at == holding.since
        if holding.later and key > (first := self._holdings.first_born(holding.alias_id)):
            return said or fact.at == moment(first)
        work.seed(holding.alias_id, fact.at)
        return True

    def _take_several(self, fact: Fact, key: bytes, work: Batch) -> bool:
        current = work.book.current
        if all(current[one].group.root().touched < key for one in fact.ids if one in current):
            work.decisions += work.book.step(fact, key)
            return True
        if self._late.is_idle(fact, key, work.numbers, work.book):
            self._late.note(fact, key, work.book)
            return True
        # Whatever waits to be folded again, no event is without a profile.
        for one in fact.ids:
            if one not in current:
                alone = Fact(fact.event_id, fact.at, (one,))
                work.book.step(alone, alone.key)
            work.seed(work.numbers[one], fact.at)
        for shared in fact.shared:
            work.book.step(Fact(fact.event_id, fact.at, (), (shared,)), key)
        return True

    def _claim(self, work: Batch) -> None:
        """Keep what new events say about their people, and let the people have it."""
        told: dict[Group, traits.Told] = {}
        for event_id, standing in work.winners.items():
            if standing.stored is not None or not standing.claims:
                continue
            subject = split(standing.fact, work.shared).subject
            if subject is None:
                continue
            at = standing.fact.at
            self._links.claim(work.numbers[subject], at, event_id, standing.claims)
            group = self._holdings.owner(work.book.current[subject], at)
            if group is not None:
                said = traits.told(body.decode(standing.claims), at, event_id)
                told[group] = traits.newest(told.get(group, {}), said)
        self._holdings.tell(told)

    def _write(self, work: Batch, told: Iterable[Told], now: int) -> None:
        for holding in work.book.made:
            holding.alias_id = work.numbers[holding.id]
        self._holdings.write(work.book)
        self._claim(work)
        self._links.write()
        self._decisions.write(work.decisions, now)
        for one in told:
            if one.refused and one.fact is not None and work.winners[one.fact.event_id].fact is one.fact:
                self._decisions.refuse(one.fact, one.refused, now)

    def _refold(self, work: Batch, now: int, limit: int | None) -> None:
        """Fold the components of the seeds again; those larger than the limit wait for `refold_next`."""
        shared = work.waiting | work.changed
        done: set[int] = set()
        large: set[int] = set()
        for alias in sorted(work.seeds):
            known = self._refolds.known(alias)
            if alias in done or known is None:
                continue
            if known[1] and alias not in shared:
                self._refolds.refold_alone(alias, Change(rulings=self._rulings, unsaid=work.unsaid))
                continue
            found = self._refolds.component(alias, shared, self._rulings, limit, large)
            seeds = {one: work.seeds[one] for one in work.seeds.keys() & found.aliases}
            change = Change(rulings=self._rulings, since=min(seeds.values()), shared=shared, unsaid=work.unsaid)
            if not found.whole or not self._refolds.refold(found.aliases, change, now, limit):
                self._wait(seeds, work)
                large |= found.aliases
            done |= found.aliases

    def _wait(self, seeds: Mapping[int, int], work: Batch) -> None:
        """Let a component wait that is too large to be folded again at once; each seed has a moment of its own."""
        for alias, since in seeds.items():
            self._refolds.wait(alias, since, work.changed.get(alias))
            self._holdings.earlier(self._refolds.name(alias), alias)

    def _rule_event(self, event_id: bytes, work: Batch) -> None:
        sighting = self._links.find(event_id)
        if sighting is not None and len(sighting.ids) > 1:
            self._links.recount(sighting.ids, self._rulings.events)
            self._look_again([sighting], work)

    def _rule_id(self, one: Identifier, work: Batch) -> None:
        alias = self._refolds.alias(one)
        if not alias:
            return
        for other in (alias, *self._links.neighbors(alias)):
            self._recheck(other, work)
        work.seed(alias, self._links.first_seen(alias))

    def _rule_people(self, before: Mapping[Identifier, Identifier], work: Batch) -> None:
        """Whoever is another person than before is looked at again, also where the one they are now is unknown."""
        for user, person in sorted(before.items()):
            if person != self._rulings.person(user):
                self._rule_id(user, work)

    def _strip(self, one: Sighting, gone: dict[int, list[Span]]) -> bool:
        """Take erased identifiers out of an event, if it has any; without its strongest it is no evidence at all."""
        erased = {alias for alias in one.ids if any(span.since <= one.at < span.until for span in gone.get(alias, ()))}
        if not erased:
            return False
        strongest = next((alias for alias in one.ids if not self._refolds.shared(alias)), one.ids[0])
        claims = self._links.claimed(one)
        self._links.drop(one)
        self._decisions.drop(one.event_id)
        if strongest not in erased:
            left = tuple(alias for alias in one.ids if alias not in erased)
            self._links.keep(Sighting(one.event_id, one.at, left))
            if claims:
                self._links.claim(strongest, one.at, one.event_id, claims)
        # What is looked up for the next one must be there.
        self._links.write()
        return True

    def _resolution(self, one: Told, work: Batch) -> Resolution:
        if one.fact is None:
            return Resolution(alias_id=None, at=one.evidence.at, erased=True, stripped=one.stripped)
        standing = work.winners[one.fact.event_id]
        at, alias = standing.fact.at, None
        if standing.stored is not None:
            row = self._db.execute("SELECT alias_id FROM events WHERE event_id = ?", (one.fact.event_id,)).fetchone()
            alias = row[0]
        elif standing.fact.ids:
            subject = split(standing.fact, work.shared).subject
            alias = work.numbers[subject] if subject else None
        return Resolution(alias_id=alias, at=at, stripped=one.stripped)
