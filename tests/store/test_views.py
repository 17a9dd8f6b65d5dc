"""Views by known browsers: the most frequent event takes the shortest way, and ends where the long one does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from tagway.config import Identity
from tagway.core.erasure import Tombstones
from tagway.core.identity import Evidence
from tagway.core.identity.legal import legal
from tagway.core.identity.rules import Rules
from tagway.store.births import FIRST, Births
from tagway.store.links import Links
from tagway.store.views import Views

from tests.core.identity.people import event, identifier
from tests.core.identity.stores import Store


@pytest.fixture
def store() -> Iterator[Store]:
    one = Store()
    yield one
    one.close()


def test_a_view_by_a_known_browser_asks_for_its_birth_alone_and_writes_nothing(store: Store) -> None:
    store.tell([event(1, "a1", "U1"), event(2, "a1")])
    store.reopen()
    asked: list[str] = []
    before = store.db.total_changes
    store.db.set_trace_callback(asked.append)
    (view,) = store.identities.resolve([event(5, "a1")], 0)
    store.db.set_trace_callback(None)
    assert view.alias_id is not None
    assert not [one for one in asked if "people" in one or "clusters" in one or "links" in one]
    assert store.db.total_changes == before


def test_birth_is_read_from_an_index_alone(store: Store) -> None:
    plan = [row[3] for row in store.db.execute(f"EXPLAIN QUERY PLAN {FIRST}", ("[]", "anonymous_id"))]
    assert any("COVERING INDEX holdings_by_value" in one for one in plan)


def test_a_view_becomes_the_first_sighting_when_the_first_does_not_count_any_more(store: Store) -> None:
    first, view = event(5, "a1"), event(9, "a1")
    store.tell([first])
    store.tell([replace(first, at=3, ids=event(3, "a2").ids), view])
    assert store.attribution()[view.event_id] == store.profile_of(identifier("a1"))
    assert {row[1:4] for row in store.ownership()} >= {("a1", 9, 2**62)}


def test_a_view_after_its_browser_was_forgotten_is_a_first_sighting(store: Store) -> None:
    store.tell([event(1, "a1"), event(2, "a1", "m1"), event(3, "a1")])
    store.forget(identifier("m1"), now=9)
    view = event(20, "a1")
    store.tell([view])
    assert store.attribution()[view.event_id] == store.profile_of(identifier("a1"))


def test_a_view_within_the_time_that_was_forgotten_is_the_forgotten_persons(store: Store) -> None:
    store.tell([event(1, "a1", "U1"), event(10, "a1", "U2")])
    store.forget(identifier("U2"), now=20)
    before, within = store.identities.resolve([event(5, "a1"), event(15, "a1")], 0)
    assert not before.erased
    assert within.erased


def test_a_view_beside_the_copy_that_counts_instead_is_where_that_is(store: Store) -> None:
    store.tell([event(1, "a1")])
    view = event(9, "a1")
    store.tell([view, replace(view, at=8, ids=event(8, "a2").ids)])
    assert store.attribution()[view.event_id] == store.profile_of(identifier("a2"))


def test_a_cart_that_is_seen_by_itself_lives_on() -> None:
    store = Store(weak_gap=10)
    for one in (event(1, "c1", "a1"), event(9, "c1"), event(17, "c1", "m1")):
        store.tell([one])
    assert store.profile_of(identifier("a1")) == store.profile_of(identifier("m1"))
    store.close()


def test_a_view_told_while_a_refold_waits_is_kept() -> None:
    waiting = Store(Identity(refold_limit=1))
    waiting.tell([event(5, "m1", "a1"), event(6, "m1", "a2")])
    waiting.tell([event(1, "m1", "a3")])
    view = event(9, "a1")
    waiting.tell([view])
    assert waiting.db.execute("SELECT count(*) FROM links WHERE event_id = ?", (view.event_id,)).fetchone() == (1,)
    waiting.close()


def short(store: Store, batch: Sequence[Evidence]) -> list[int]:
    """Which of the events of a batch take the short way, by their places."""
    views = Views(Births(store.db), Links(store.db, Rules()), lambda sent, shop: legal(sent, shop=shop))
    return [place for place, viewer in enumerate(views.of(batch, Tombstones())) if viewer is not None]


def test_of_a_new_browsers_views_only_the_first_has_work_to_do(store: Store) -> None:
    told = [event(3, "a1"), event(1, "a1"), event(1, "a1", name="tie"), event(2, "a1"), event(4, "a2", "U1")]
    assert short(store, told) == [0, 3]


def test_what_else_is_said_by_a_new_browser_has_work_to_do(store: Store) -> None:
    assert short(store, [event(1, "a1"), event(2, "a1", traits={"plan": "gold"}), event(3, "a1", "U1")]) == []
