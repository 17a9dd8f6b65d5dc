"""What a late event costs: the events since it, and nothing when it says what was known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tagway.config import Identity
from tagway.core.identity import Evidence
from tagway.core.identity.book import Book, Decision
from tagway.core.identity.evidence import Fact
from tagway.core.moments import DAY
from tagway.store.links import Links, Sighting

from tests.core.identity.people import event, identifier
from tests.core.identity.stores import Store, batches, inside

LINKS = 10_000


@pytest.fixture
def store() -> Iterator[Store]:
    one = Store()
    yield one
    one.close()


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The events that went through a step, in the order in which they did."""
    found: list[bytes] = []
    step = Book.step

    def noted(book: Book, fact: Fact, key: bytes) -> list[Decision]:
        found.append(fact.event_id)
        return step(book, fact, key)

    monkeypatch.setattr(Book, "step", noted)
    return found


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The events that were read from the store to be folded again."""
    found: list[bytes] = []
    named = Links.named

    def noted(links: Links, aliases: set[int], since: int, limit: int | None) -> dict[bytes, Sighting]:
        sightings = named(links, aliases, since, limit)
        found.extend(sightings)
        return sightings

    monkeypatch.setattr(Links, "named", noted)
    return found


def star() -> list[Evidence]:
    """One email in many browsers."""
    return [event(place, "m1", f"a{place}") for place in range(LINKS)]


def chain() -> list[Evidence]:
    """Each address with the next one."""
    return [event(place, f"m{place}", f"m{place + 1}") for place in range(LINKS)]


def kiosk() -> list[Evidence]:
    """Two people who take turns at one device."""
    return [event(place, f"U{place % 2}", "a1", name=str(place)) for place in range(LINKS)]


def regular() -> list[Evidence]:
    """One person who comes again and again."""
    return [event(place, "U1", "a1", name=str(place)) for place in range(LINKS)]


@pytest.mark.parametrize(("shape", "hub"), [(star, "m1"), (chain, f"m{LINKS}"), (kiosk, "U1"), (regular, "U1")])
def test_a_late_event_near_the_end_of_ten_thousand_links_folds_only_the_tail(
    shape: Callable[[], list[Evidence]], hub: str, store: Store, folded: list[bytes], read: list[bytes]
) -> None:
    told, late = shape(), event(LINKS - 10, hub, "d1")
    for batch in batches(told, [1000]):
        store.tell(batch)
    folded.clear()
    store.tell([late])
    tail = {one.event_id for one in told if one.at >= late.at} | {late.event_id}
    assert set(read) == tail
    assert len(folded) <= len(tail) + len(late.ids)
    assert store.profile_of(identifier("d1")) is not None
    assert store.db.execute("SELECT count(*) FROM refolds").fetchone() == (0,)


def test_a_late_repeat_of_a_sign_in_folds_nothing(store: Store, folded: list[bytes]) -> None:
    store.tell([event(1, "U1", "a1"), event(9, "U1", "a1", "g1")])
    folded.clear()
    store.tell([event(5, "U1", "a1")])
    assert not folded
    assert store.attribution()[event(5, "U1", "a1").event_id] == store.profile_of(identifier("U1"))


def test_a_late_repeat_of_a_sign_in_gives_the_device_back_after_a_later_told_one_of_another(store: Store) -> None:
    store.tell([event(1, "U1", "a1"), event(9, "U1")])
    store.tell([event(9, "U1", "d1"), event(5, "U1", "a1")])
    store.tell([event(3, "U2", "a1")])
    assert store.profile_of(identifier("a1")) == store.profile_of(identifier("U1"))
    assert store.verdicts()[event(5, "U1", "a1").event_id, "anonymous_id", "a1"] == "handed_over"


def test_a_late_repeat_of_a_sign_in_that_was_refused_is_folded(store: Store) -> None:
    refused = event(2, "U1", "m1")
    store.tell([event(1, "U2", "m1"), refused, event(9, "U1", "m1", "a1")])
    again = event(5, "U1", "m1")
    store.tell([again])
    assert store.verdicts()[again.event_id, "email", "m1@example.com"] == "skipped_conflict"


def test_a_late_repeat_of_a_sign_in_gives_back_a_device_that_changed_hands_since_the_first(store: Store) -> None:
    store.tell([event(1, "U1", "a1", "c1"), event(3, "U2", "a1"), event(9, "U1", "d1")])
    store.tell([event(5, "U1", "a1", "c1")])
    assert store.profile_of(identifier("a1")) == store.profile_of(identifier("U1"))


def test_a_late_repeat_with_a_cart_that_had_expired_starts_it_anew(store: Store) -> None:
    again = event(150 * DAY, "m1", "c1")
    store.tell([event(0, "m1", "c1"), event(200 * DAY, "m1", "a1")])
    store.tell([again])
    assert store.verdicts()[again.event_id, "cart_token", "c1"] == "skipped_expired"


def test_a_late_sighting_of_a_cart_between_others_folds_nothing(store: Store, folded: list[bytes]) -> None:
    store.tell([event(0, "m1", "c1"), event(50 * DAY, "c1"), event(60 * DAY, "m1", "a1")])
    folded.clear()
    store.tell([event(40 * DAY, "c1"), event(55 * DAY, "c1")])
    assert not folded


def test_a_late_sighting_in_an_epoch_that_is_over_folds_nothing(store: Store, folded: list[bytes]) -> None:
    store.tell([event(0, "m1", "c1"), event(50 * DAY, "c1"), event(150 * DAY, "c1"), event(160 * DAY, "m1")])
    folded.clear()
    store.tell([event(20 * DAY, "c1")])
    assert not folded


def test_a_late_sighting_of_a_cart_keeps_it_from_expiring(store: Store) -> None:
    later = event(150 * DAY, "c1")
    store.tell([event(0, "m1", "c1"), later, event(160 * DAY, "m1", "a1")])
    assert store.profile_of(identifier("c1")) != store.profile_of(identifier("m1"))
    store.tell([event(80 * DAY, "c1")])
    assert store.profile_of(identifier("c1")) == store.profile_of(identifier("m1"))
    assert not any(verdict == "skipped_expired" for verdict in store.verdicts().values())


def test_a_component_of_any_size_is_folded_at_once_where_little_of_it_changes() -> None:
    store = Store(Identity(refold_limit=6))
    store.tell([event(place, "U1", "a1", name=str(place)) for place in range(50)])
    store.tell([event(48, "U1", "d1")])
    assert store.profile_of(identifier("d1")) == store.profile_of(identifier("U1"))
    store.tell([event(10, "U1", "d2")])
    assert store.profile_of(identifier("d2")) != store.profile_of(identifier("U1"))
    store.settle()
    assert store.profile_of(identifier("d2")) == store.profile_of(identifier("U1"))
    store.close()


def test_what_people_said_is_kept_where_a_refold_changes_nobody(store: Store) -> None:
    store.tell([event(1, "U1", "a1", traits={"plan": "gold"}), event(2, "U2", "a2", traits={"plan": "red"})])
    store.tell([event(3, "U2", "a1"), event(9, "U1", "a1", traits={"city": "Aarhus"})])
    store.tell([event(4, "U1", "d1", traits={"city": "Odense"})])
    before = inside(store)
    assert {one["city"][0] for one in store.traits().values() if "city" in one} == {"Aarhus"}
    store.refold()
    assert inside(store) == before
