"""Folding on from what is recorded before a moment is folding from the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st
from tagway.core.identity.book import JOINED, Book, Decision, Holding, Link
from tagway.core.identity.evidence import Fact, key, moment
from tagway.core.identity.fold import read, run, shared_ids, split
from tagway.core.identity.kinds import PERSON, WEAK
from tagway.core.identity.legal import legal
from tagway.core.identity.recall import Birth, Join, recall
from tagway.core.identity.rulings import Rulings, rule

from tests.core.identity.histories import GAP, RULES, History, evidence, histories, law


def facts_of(history: History, rulings: Rulings) -> list[Fact]:
    """The facts of a history, one for each event, as the fold takes them."""
    once = {story.event: story for story in history.stories}.values()
    facts = [read(one, legal(one.ids)[0], rulings) for one in map(evidence, once)]
    shared = shared_ids(facts, RULES, rulings)
    return [split(fact, shared) for fact in facts if fact.ids]


def births(holdings: Iterable[Holding], facts: Sequence[Fact], before: int) -> list[Birth]:
    """What a store has of the births before a moment, at the end of all."""
    return [
        Birth(
            one.id,
            one.born,
            one.later,
            max(fact.at for fact in facts if one.id in fact.ids and one.since <= fact.at < min(one.until, before))
            if one.id.kind in WEAK
            else one.since,
            b"",
        )
        for one in holdings
        if moment(one.born) < before and not one.shared and (not one.later or one.id.kind in WEAK)
    ]


def joins(decisions: Iterable[Decision], before: int) -> list[Join]:
    return [
        Join(one.id, one.subject, key(one.at, one.event_id, signed=one.subject.kind in PERSON), _link(one))
        for one in decisions
        if one.at < before and one.verdict in JOINED and one.id != one.subject
    ]


def state(book: Book) -> set[tuple[object, ...]]:
    """All that a book says of the identifiers that may join, with the profiles that they are on."""
    found: set[tuple[object, ...]] = set()
    for one in book.made:
        on = one.group.root()
        profile = (on.profile_id, on.born, on.person, on.user_id, on.email, on.phone, on.browser, on.reachable_at)
        if not one.shared:
            found.add((one.id, one.handle, one.since, one.until, one.born, one.last_seen, one.link, on.size, *profile))
    return found


@law
@given(st.one_of(histories(stories=24), histories(stories=24, busy=True)), st.integers(0, 41))
def test_folding_on_from_what_is_recorded_is_folding_from_the_beginning(history: History, at: int) -> None:
    rulings = rule(history.commands, RULES)
    facts = facts_of(history, rulings)
    whole, rest = Book(rulings, GAP), Book(rulings, GAP)
    decisions = run(facts, whole)
    recall(rest, births(whole.made, facts, at), joins(decisions, at))
    after = run([fact for fact in facts if fact.at >= at], rest)
    assert state(rest) == state(whole)
    assert after == [one for one in decisions if one.at >= at]


def _link(one: Decision) -> Link:
    return Link(one.event_id, one.verdict, one.rule)
