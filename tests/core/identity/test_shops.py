"""What happens in shops, told as short histories: who must be with whom, in every order of arrival.

Each line of a history is a moment and what the event carries, in the short words of `people`; a person is the
list of what is theirs in the end. Where something changed hands or started anew, `@` tells since when it is theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, permutations

import pytest
from tagway.config import Identity
from tagway.core.identity import Evidence

from tests.core.identity.people import command, event, identifier
from tests.core.identity.stores import Store

_ORDERS = 120


@dataclass(frozen=True, kw_only=True)
class Story:
    """A history, what was commanded, and what must come of it; `refused` are the joins that wait for a decision."""

    told: Sequence[tuple[int, str]]
    people: Iterable[str]
    commands: Sequence[tuple[str, ...]] = ()
    refused: dict[tuple[int, str], str] = field(default_factory=dict)


STORIES = {
    "a present is ordered with a friend's address and the buyer signs in again": Story(
        told=[(1, "m1 a1"), (5, "m2 a1"), (6, "a1"), (9, "m1 a1")],
        people=["m1 a1@1 a1@9", "m2 a1@5"],
    ),
    "a mistyped address in a popup is nobody's but its own": Story(
        told=[(1, "a1"), (2, "m1 a1"), (3, "m2 a1"), (9, "U1 m2 a1")],
        people=["m1 a1@1", "m2 a1@3 U1"],
    ),
    "a guest with a new address is known by the phone": Story(
        told=[(1, "m1 p1"), (2, "a1"), (3, "m2 p1 a1")],
        people=["m1 m2 p1 a1"],
    ),
    "a number that is given to somebody else stays with the account that had it first": Story(
        told=[(1, "U1 p1"), (400, "U2 p1"), (401, "U2 a1")],
        people=["U1 p1", "U2 a1"],
        refused={(1, "p1"): "skipped_conflict"},
    ),
    "a cart's link in a chat joins the friend's browser until the friend says who they are": Story(
        told=[(1, "m1 a1 c1"), (4, "a2 c1"), (7, "m2 a2 c1"), (8, "a2")],
        people=["m1 a1 c1 a2@4", "m2 a2@7"],
        refused={(2, "c1"): "skipped_conflict"},
    ),
    "a cart's link in a chat joins nobody who is known already": Story(
        told=[(1, "m1 a1 c1"), (2, "m2 a2"), (4, "a2 c1")],
        people=["m1 a1 c1", "m2 a2"],
        refused={(2, "c1"): "skipped_conflict"},
    ),
    "a renewal by the server finds the person of the first order": Story(
        told=[(1, "m1 a1 k1"), (2, "U1 m1 o1"), (32, "U1 o2"), (62, "U1 m1 o3")],
        people=["U1 m1 a1 k1 o1 o2 o3"],
    ),
    "a thank-you page that comes before or after the order's webhook joins its browser": Story(
        told=[(1, "a1 k1"), (2, "m1 o1"), (3, "a1 o1 k1")],
        people=["m1 a1 k1 o1"],
    ),
    "a kiosk of five customers is each one's in turn": Story(
        told=[*((place, f"U{place} a1") for place in range(1, 6))],
        people=[f"U{place} a1@{place}" for place in range(1, 6)],
    ),
    "a kiosk of six customers is nobody's, and its views are its own": Story(
        told=[*((place, f"U{place} a1") for place in range(1, 7)), (9, "a1")],
        people=[*(f"U{place}" for place in range(1, 7)), "a1"],
    ),
    "an operator who types in customers' addresses becomes all of them": Story(
        told=[(1, "U9 m1 a9"), (2, "U9 m2 a9"), (5, "U1 m1 a1")],
        people=["U9 m1 m2 a9", "U1 a1"],
        refused={(2, "m1"): "skipped_conflict"},
    ),
    "an operator who is blocked was never anybody, and customers get their addresses back": Story(
        told=[(1, "U9 m1 a9"), (2, "U9 m2 a9"), (5, "U1 m1 a1")],
        commands=[("block", "U9")],
        people=["U9", "m1 U1 a1 a9@1", "m2 a9@2"],
    ),
    "an operator with more than twenty addresses is nobody without being blocked": Story(
        told=[*((place, f"U9 m{place}") for place in range(1, 22))],
        people=["U9", *(f"m{place}" for place in range(1, 22))],
    ),
    "customers merged in the shop's admin share what either has": Story(
        told=[(1, "U1 m1 a1"), (2, "U2 m2 a2"), (3, "U2 m1")],
        commands=[("approve", "U1", "U2")],
        people=["U1 U2 m1 m2 a1 a2"],
    ),
    "customers approved as one wait for something that both carry": Story(
        told=[(1, "U1 m1"), (2, "U2 m2")],
        commands=[("approve", "U1", "U2")],
        people=["U1 m1", "U2 m2"],
    ),
    "three customers merged pair by pair are one, and a rejected pair parts its end": Story(
        told=[(1, "U1 m1"), (2, "U2 m1"), (3, "U3 m1")],
        commands=[("approve", "U1", "U2"), ("approve", "U2", "U3"), ("reject", "U2", "U3")],
        people=["U1 U2 m1", "U3"],
    ),
    "an alias call cannot make two accounts one": Story(
        told=[(1, "U1 m1"), (2, "U2"), (3, "U2 U1")],
        people=["U1 m1", "U2"],
        refused={(2, "U1"): "skipped_conflict"},
    ),
    "a sign-in proves that a client id and a new browser id are one browser": Story(
        told=[(1, "a1 g1"), (2, "a2 g1"), (3, "m1 a2 g1")],
        people=["m1 a1 a2 g1"],
    ),
    "a checkout in a private window belongs to the address that pays, beside the known browser": Story(
        told=[(1, "m1 a1"), (2, "a2 k1"), (3, "m1 k1 o1")],
        people=["m1 a1 a2 k1 o1"],
    ),
    "a browser that two accounts sign in to at once is one's for no time": Story(
        told=[(1, "a1"), (4, "U1 a1"), (4, "a1")],
        people=["U1 a1"],
    ),
    "a link that was undone does not part what something else joins": Story(
        told=[(1, "m1 a1"), (2, "U1 m1 a1")],
        commands=[("retract", "U1", "m1")],
        people=["U1 m1 a1"],
    ),
}


def told(story: Story) -> list[Evidence]:
    return [event(at, *ids.split(), name=f"{place}") for place, (at, ids) in enumerate(story.told)]


def people_of(store: Store) -> set[frozenset[str]]:
    """Who has what, in full words; `@` since when, where an identifier was several people's."""
    owned = [(f"{kind}:{value}", since, profile) for kind, value, since, _, profile, _ in store.ownership()]
    names = [one for one, _, _ in owned]
    found: dict[str, set[str]] = {}
    for one, since, profile in owned:
        found.setdefault(profile, set()).add(f"{one}@{since}" if names.count(one) > 1 else one)
    return set(map(frozenset, found.values()))


def wanted(story: Story) -> set[frozenset[str]]:
    return {frozenset(_full(one) for one in person.split()) for person in story.people}


def _full(text: str) -> str:
    name, at, since = text.partition("@")
    return ":".join(identifier(name)) + at + since


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_who_is_who_in_a_shop(story: Story) -> None:
    events = told(story)
    for arrival in islice(permutations(events), _ORDERS):
        store = Store(Identity())
        for arrived in arrival:
            store.tell([arrived])
        for place, (action, *targets) in enumerate(story.commands):
            store.command(command(action, *targets, at=place))
        assert people_of(store) == wanted(story)
        for (place, one), verdict in story.refused.items():
            assert store.verdicts()[events[place].event_id, *identifier(one)] == verdict
        store.conserves()
        store.close()


_RULED = {name: story for name, story in STORIES.items() if story.commands}


@pytest.mark.parametrize("story", _RULED.values(), ids=_RULED.keys())
def test_what_is_commanded_before_it_happens_holds_as_well(story: Story) -> None:
    store = Store(Identity())
    for place, (action, *targets) in enumerate(story.commands):
        store.command(command(action, *targets, at=place))
    store.tell(told(story))
    assert people_of(store) == wanted(story)
    store.close()
