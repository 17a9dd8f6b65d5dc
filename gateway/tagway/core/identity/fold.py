"""The full fold: evidence, rules and commands in; profiles, ownership, verdicts and ids out. Pure.

It says what is true whatever the order of arrival. The store reaches the same by single steps and refolds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from tagway.core.erasure import Tombstones
from tagway.core.events import Identifier
from tagway.core.identity.book import Book, Decision, Holding
from tagway.core.identity.evidence import Evidence, Fact, Shared, least
from tagway.core.identity.legal import legal
from tagway.core.identity.rules import Rules
from tagway.core.identity.rulings import Rulings


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What the evidence comes to. `holdings` are in order of birth; an event is on its subject's holding."""

    holdings: Sequence[Holding]
    decisions: Sequence[Decision]
    subjects: Mapping[bytes, Identifier | None]
    erased: Collection[bytes]


def read(evidence: Evidence, ids: tuple[Identifier, ...], rulings: Rulings) -> Fact:
    """The fact in a piece of evidence, whose legal identifiers are `ids`."""
    return Fact(evidence.event_id, evidence.at, ids, (), evidence.event_id in rulings.events)


def unforgotten(
    fact: Fact, shared: Callable[[Identifier], bool], tombstones: Tombstones
) -> tuple[Fact | None, tuple[Identifier, ...]]:
    """The fact without the identifiers of forgotten people, and those; None when the event is theirs.

    An event is theirs when its strongest identifier is that is not `shared` by many.
    """
    gone = tuple(one for one in fact.ids if tombstones.covers(one.kind, one.value, fact.at))
    if not gone:
        return fact, ()
    strongest = next((one for one in fact.ids if not shared(one)), fact.ids[0])
    if strongest in gone:
        return None, gone
    return fact._replace(ids=tuple(one for one in fact.ids if one not in gone)), gone


def shared_ids(facts: Iterable[Fact], rules: Rules, rulings: Rulings) -> dict[Identifier, str]:
    """The identifiers that join nobody, with the rule: a count over the evidence, before and outside the fold."""
    people: dict[Identifier, set[Identifier]] = {}
    emails: dict[Identifier, set[Identifier]] = {}
    shared: dict[Identifier, str] = {}
    for fact in facts:
        users = [one for one in fact.ids if one.kind == "user_id"]
        for one in fact.ids:
            if rulings.blocks(one):
                shared[one] = "blocked"
            if users and not fact.retracted:
                people.setdefault(one, set()).update(rulings.person(user) for user in users)
        for user in users if not fact.retracted else ():
            emails.setdefault(user, set()).update(one for one in fact.ids if one.kind == "email")
    for user, seen in emails.items():
        if len(seen) > rules.emails:
            shared.setdefault(user, "emails_per_user_id")
    for one, seen in people.items():
        if len(seen - {rulings.person(one)}) > rules.people:
            shared.setdefault(one, "people_per_identifier")
    return shared


def split(fact: Fact, shared: Mapping[Identifier, str]) -> Fact:
    """The fact with the identifiers that join nobody, those with a rule in `shared`, set apart."""
    if not shared:
        return fact
    apart = tuple(Shared(one, shared[one]) for one in fact.ids if shared.get(one))
    if not apart:
        return fact
    return fact._replace(ids=tuple(one for one in fact.ids if not shared.get(one)), shared=apart)


def run(facts: Iterable[Fact], book: Book) -> list[Decision]:
    """Step through facts, already set apart, in the order of the fold."""
    decisions: list[Decision] = []
    for key, fact in sorted([(one.key, one) for one in facts], key=itemgetter(0)):
        decisions += book.step(fact, key)
    return decisions


def fold(evidence: Iterable[Evidence], rules: Rules, rulings: Rulings, tombstones: Tombstones | None = None) -> Folded:
    """Fold evidence in any order, with repeats, to what is true."""
    copies: dict[bytes, list[Fact]] = {}
    for one in evidence:
        ids, _ = legal(one.ids, shop=one.shop, region=rules.region)
        copies.setdefault(one.event_id, []).append(read(one, ids, rulings))
    if tombstones:
        copies = _left(copies, shared_ids(map(least, copies.values()), rules, rulings), tombstones)
    facts = [least(same) for same in copies.values() if same]
    shared = shared_ids(facts, rules, rulings)
    apart = [split(fact, shared) for fact in facts]
    book = Book(rulings, rules.weak_gap)
    decisions = run([fact for fact in apart if fact.ids or fact.shared], book)
    return Folded(
        holdings=book.made,
        decisions=decisions,
        subjects={one.event_id: one.subject for one in apart},
        erased=[event_id for event_id, same in copies.items() if not same],
    )


def _left(
    copies: Mapping[bytes, Sequence[Fact]], shared: Container[Identifier], tombstones: Tombstones
) -> dict[bytes, list[Fact]]:
    """Every copy of every event by itself, without what is forgotten; what was forgotten counts for no comparison."""
    left = {
        event_id: [unforgotten(one, shared.__contains__, tombstones)[0] for one in same]
        for event_id, same in copies.items()
    }
    return {event_id: [one for one in same if one is not None] for event_id, same in left.items()}
