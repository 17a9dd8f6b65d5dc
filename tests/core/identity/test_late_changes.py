"""What changes for events that are in the store already: shared identifiers, sign-ins of one instant, the forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

import pytest
from tagway.config import Identity
from tagway.core.identity import Evidence

from tests.core.identity.people import command, event, identifier
from tests.core.identity.stores import Store

WAITING = Identity(emails_per_user_id=1, refold_limit=2)


@pytest.fixture
def waiting() -> Iterator[Store]:
    """A store whose components wait to be folded again."""
    store = Store(WAITING)
    yield store
    store.close()


def test_a_view_in_the_instant_of_a_sign_in_is_first_once_its_user_is_blocked() -> None:
    view = replace(event(5, "d1"), event_id=b"a" * 16)
    sign_in = replace(event(5, "U1", "a1", "d1"), event_id=b"b" * 16)
    ends = []
    for arrival in permutations((view, sign_in)):
        store = Store()
        for one in arrival:
            store.tell([one])
        store.command(command("block", "U1"))
        ends.append(store.everything())
        store.close()
    assert ends[0] == ends[1]


@pytest.mark.parametrize("handed_over_at", [5, 9])
def test_a_view_in_the_instant_of_a_sign_in_is_first_on_a_shared_device_too(handed_over_at: int) -> None:
    view = replace(event(5, "d1"), event_id=b"0" * 16)
    first = replace(event(5, "U1", "a1", "d1"), event_id=b"1" * 16)
    second = replace(event(handed_over_at, "U2", "a1", "d1"), event_id=b"2" * 16)
    ends = []
    for arrival in permutations((view, first, second)):
        store = Store()
        for one in arrival:
            store.tell([one])
        store.command(command("block", "U1"))
        store.command(command("block", "U2"))
        ends.append(store.everything())
        store.close()
    assert all(one == ends[0] for one in ends)


def test_an_event_told_while_its_user_waits_to_be_shared_follows_when_the_other_is_blocked(waiting: Store) -> None:
    both = event(20, "U1", "U2")
    waiting.tell([event(34, "U1")])
    waiting.tell([event(30, "U1", "m1", "m2"), both])
    waiting.command(command("block", "U2"))
    waiting.settle()
    assert waiting.attribution()[both.event_id] == waiting.profile_of(both.ids[0])


def test_a_forgotten_persons_event_is_no_evidence_of_a_shared_user_that_it_carried() -> None:
    store = Store(Identity(emails_per_user_id=1))
    theirs = event(1, "U1", "m1")
    store.tell([theirs, event(2, "U1", "m2"), event(3, "U1", "m3")])
    store.forget(identifier("m1"), now=9)
    kept = {event_id for (event_id,) in store.db.execute("SELECT event_id FROM links")}
    assert len(kept) == 2
    assert theirs.event_id not in kept
    store.close()


def test_evidence_without_a_forgotten_identifier_is_the_same_for_all_that_are_left() -> None:
    store = Store(Identity(people_per_identifier=1, emails_per_user_id=1))
    carried = event(3, "a1", "p1", "U1")
    store.tell([event(5, "a1"), event(33, "U1", "m1", "m2"), carried])
    store.tell([event(16, "a1", "p1"), event(17, "p1", "U2")])
    store.forget(identifier("p1"), now=40)
    written = store.db.execute("SELECT ids FROM links WHERE event_id = ?", (carried.event_id,)).fetchall()
    assert len(written) == 2
    assert len(set(written)) == 1
    store.close()


def test_a_device_that_changed_hands_in_its_first_instant_is_forgotten_with_whom_it_has_now() -> None:
    store = Store()
    first, second = (replace(event(5, user, "d1"), event_id=user[1:].encode() * 16) for user in ("U1", "U2"))
    store.tell([first, second])
    store.forget(identifier("d1"), now=9)
    assert store.profiles() == {frozenset({identifier("U1")})}
    store.close()


def told(*batches: list[Evidence], settings: Identity) -> dict[str, list[tuple[object, ...]]]:
    """All that a store says in the end."""
    store = Store(settings)
    for batch in batches:
        store.tell(batch)
    store.settle()
    found = store.everything()
    store.close()
    return found


def test_the_first_sighting_of_a_shared_identifier_is_the_same_in_any_order_of_one_instant() -> None:
    people = replace(event(1, "o2", "U2", "U1"), event_id=b"0" * 16)
    other = replace(event(1, "o2", "m2"), event_id=b"1" * 16)
    settings = Identity(people_per_identifier=1, emails_per_user_id=2, refold_limit=3)
    ends = [
        told(*([one] for one in order), settings=settings) for order in permutations((people, other, event(2, "U1")))
    ]
    assert all(one == ends[0] for one in ends)


def test_what_was_said_in_an_event_of_shared_identifiers_only_stays_said() -> None:
    said = event(3, "m7", "U3", traits={"plan": 1})
    settings = Identity(people_per_identifier=1, emails_per_user_id=1)
    ends = [
        told(*([one] for one in order), settings=settings)
        for order in permutations((said, event(2, "m3", "U3"), event(0, "m7", "U1")))
    ]
    assert all(one == ends[0] for one in ends)
    assert any("plan" in str(profile) for profile in ends[0]["profiles"])


def test_what_waits_to_be_shared_is_held_from_its_earliest_event_on() -> None:
    store = Store(Identity(people_per_identifier=1, refold_limit=3))
    for one in (event(1, "U1", "U7"), event(2, "m4", "U7"), event(2, "U3", "U5"), event(1, "U1", "U2")):
        store.tell([one])
    store.tell([event(0, "U1", "U3")])
    store.conserves()
    assert min(since for _, _, since, *_ in store.ownership()) == 0
    store.close()


def test_whoever_waits_to_be_joined_is_forgotten_with_their_person(waiting: Store) -> None:
    waiting.tell([event(5, "U1", "a1"), event(6, "U1", "a2"), event(7, "m1", "a3"), event(8, "m1", "a4")])
    waiting.tell([event(1, "U1", "m1")])
    waiting.forget(identifier("U1"), now=9)
    assert waiting.ownership() == set()


def test_nobody_forgotten_waits_to_be_folded_again(waiting: Store) -> None:
    waiting.tell([event(1, "U1", "o1"), event(2, "U1", "a1"), event(3, "U2", "a1"), event(4, "U2", "m2")])
    waiting.forget(identifier("o1"), now=9)
    left = waiting.ownership()
    assert {one[:2] for one in left} == {identifier("U2"), identifier("m2"), identifier("a1")}
    waiting.settle()
    assert waiting.ownership() == left


def test_a_late_event_of_the_forgotten_is_dropped_although_a_shared_user_stands_before_them() -> None:
    store = Store(Identity(emails_per_user_id=1))
    store.tell([event(1, "m1", "a1"), event(2, "U9", "m2"), event(3, "U9", "m3")])
    store.forget(identifier("m1"), now=5)
    late, others = event(4, "U9", "m1", "o1"), event(4, "U1", "m1", "o2")
    store.tell([late, others])
    assert late.event_id not in store.attribution()
    assert store.attribution()[others.event_id] == store.profile_of(identifier("U1"))
    store.close()


def test_a_shared_identifier_can_be_forgotten_itself() -> None:
    store = Store(Identity(people_per_identifier=1))
    told = [event(1, "U1", "m1"), event(2, "U2", "m1"), event(3, "m1"), event(4, "U2", "m2")]
    store.tell(told)
    store.forget(identifier("m1"), now=9)
    assert store.profiles() == {frozenset({identifier("U1")}), frozenset({identifier("U2"), identifier("m2")})}
    assert store.attribution().keys() == {told[0].event_id, told[1].event_id, told[3].event_id}
    store.close()


def test_an_approval_ends_when_one_of_its_users_is_forgotten() -> None:
    store = Store()
    store.tell([event(1, "U1", "m1"), event(2, "U2", "m2"), event(3, "U3", "m3"), event(4, "U1", "U3")])
    store.command(command("approve", "U1", "U2"))
    store.command(command("approve", "U2", "U3"))
    assert store.profile_of(identifier("U1")) == store.profile_of(identifier("U3"))
    store.forget(identifier("U2"), now=9)
    assert store.profile_of(identifier("U1")) != store.profile_of(identifier("U3"))
    before = store.everything()
    store.reopen()
    store.tell([event(4, "U1", "U3")])
    assert store.everything() == before
    store.close()


def test_approvals_in_a_chain_hold_although_some_of_its_users_come_later() -> None:
    store = Store()
    store.tell([event(1, "U6", "o1")])
    store.command(command("approve", "U5", "U6"))
    store.command(command("approve", "U3", "U5"))
    store.tell([event(2, "U5", "o1")])
    assert store.profile_of(identifier("U5")) == store.profile_of(identifier("U6"))
    store.close()


def test_a_device_forgotten_twice_starts_anew_when_it_is_seen_later() -> None:
    store = Store()
    store.tell([event(1, "U1", "a1")])
    store.forget(identifier("a1"), now=5)
    store.forget(identifier("a1"), now=6)
    late, anew = event(4, "a1"), event(9, "a1")
    store.tell([late, anew])
    assert store.attribution().keys() == {anew.event_id}
    store.close()


def test_a_device_forgotten_again_is_meant_from_when_its_person_had_it() -> None:
    store = Store()
    store.tell([event(5, "a1")])
    for now in (6, 9):
        store.forget(identifier("a1"), now=now)
    before, late = event(4, "a1"), event(8, "a1")
    store.tell([before, late])
    assert store.attribution().keys() == {before.event_id}
    store.close()


def test_what_a_forgotten_person_said_on_a_device_that_changed_hands_goes_with_them() -> None:
    store = Store()
    store.tell([event(1, "U1", "a1"), event(9, "U2", "a1")])
    store.tell([event(5, "a1", traits={"city": "Aarhus"})])
    assert "Aarhus" in str(store.everything())
    store.forget(identifier("U1"), now=20)
    assert store.db.execute("SELECT count(*) FROM claims").fetchone() == (0,)
    store.tell([event(3, "U2", "m2")])
    assert "Aarhus" not in str(store.everything())
    store.close()
