"""The waterfall: every cart in exactly one bucket, with exactly one cause."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.answers.carts import CODES, TRIGGER_WINDOW, arranged, as_json, cause, summary, waterfall
from tagway.config import Config, Identity
from tagway.core import moments
from tagway.store.carts import CartFacts
from tagway.testing import InProcess

FACTS = CartFacts(
    cart_id="c1",
    first_at=1_000,
    last_at=2_000,
    events=2,
    violating=0,
    browsers=1,
    last_seq=2,
    sources=("web",),
    profile_id="p1",
    user_id=None,
    reachable_at=None,
    stable_id=True,
    consent=(),
    folding=False,
    order_seq=None,
    conflict=None,
    near_miss=None,
)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("PURCHASED_ALREADY", {"order_seq": 7, "stable_id": False}),
        ("MERGE_PENDING", {"folding": True}),
        ("NO_STABLE_ID", {"stable_id": False}),
        ("NEVER_IDENTIFIED", {}),
        ("IDENTIFY_WITHOUT_ANON_ID", {"near_miss": 9}),
        ("ID_ROTATED", {"browsers": 2}),
        ("ALIAS_CONFLICT", {"conflict": "ab"}),
        ("NO_ADDRESS", {"user_id": "u1"}),
        ("NO_CONSENT", {"reachable_at": 1, "consent": (("email", False),)}),
        ("REACHABLE", {"reachable_at": 1, "consent": (("email", False), ("sms", True))}),
        ("REACHABLE", {"reachable_at": 2_000 + TRIGGER_WINDOW}),
        ("IDENTIFIED_TOO_LATE", {"reachable_at": 2_001 + TRIGGER_WINDOW}),
    ],
)
def test_a_cart_has_the_cause_that_its_facts_decide(code: str, changes: dict[str, Any]) -> None:
    assert cause(replace(FACTS, **changes)).code == code


facts = st.builds(
    replace,
    st.just(FACTS),
    browsers=st.integers(0, 3),
    user_id=st.none() | st.just("u1"),
    reachable_at=st.none() | st.integers(0, 2 * TRIGGER_WINDOW),
    stable_id=st.booleans(),
    folding=st.booleans(),
    order_seq=st.none() | st.just(1),
    conflict=st.none() | st.just("ab"),
    near_miss=st.none() | st.just(3),
)


@given(st.lists(facts, max_size=30))
def test_the_steps_account_for_every_open_cart(many: list[CartFacts]) -> None:
    found = arranged(many)
    open_ = [cart for cart in found.carts if cart.cause.code != "PURCHASED_ALREADY"]
    lost = sum(count for step in found.steps for _, count in step.lost)
    assert len(found.carts) == len(many)
    assert found.steps[0].carts == len(open_)
    assert lost + found.steps[-1].carts == len(open_)
    assert {cart.cause.code for cart in found.carts} <= set(CODES)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path) as one:
        yield one


def add(gateway: InProcess, message_id: str, **event: object) -> None:
    event = {"type": "track", "event": "Added to Cart", "messageId": message_id, **event}
    gateway.send("segment", json.dumps(event).encode(), path="/v1/track")


def codes(gateway: InProcess) -> dict[str, str]:
    return {cart["cart_id"]: cart["code"] for cart in map(as_json, waterfall(gateway.feed).carts)}


def test_an_anonymous_cart_is_never_identified(gateway: InProcess) -> None:
    add(gateway, "m1", anonymousId="a1", properties={"cart_id": "c1"})
    assert codes(gateway) == {"c1": "NEVER_IDENTIFIED"}


def test_a_cart_becomes_reachable_when_its_browser_gives_an_email(gateway: InProcess) -> None:
    add(gateway, "m1", anonymousId="a1", properties={"cart_id": "c1"})
    add(gateway, "m2", type="identify", anonymousId="a1", traits={"email": "ana@example.com"})
    assert codes(gateway) == {"c1": "REACHABLE"}


def test_an_email_without_the_browsers_id_is_a_near_miss(gateway: InProcess) -> None:
    add(gateway, "m1", anonymousId="a1", properties={"cart_id": "c1"})
    add(gateway, "m2", event="Email Captured", properties={"email": "ana@example.com"})
    assert codes(gateway) == {"c1": "IDENTIFY_WITHOUT_ANON_ID"}


def test_a_bought_cart_is_not_open(gateway: InProcess) -> None:
    add(gateway, "m1", anonymousId="a1", properties={"cart_id": "c1"})
    add(gateway, "m2", event="Order Completed", anonymousId="a1", properties={"cart_id": "c1", "order_id": "o1"})
    found = waterfall(gateway.feed)
    assert (codes(gateway), found.steps[0].carts, found.share) == ({"c1": "PURCHASED_ALREADY"}, 0, 0.0)


def test_a_cart_of_somebody_who_declined_every_channel_has_no_consent(gateway: InProcess) -> None:
    add(gateway, "m1", anonymousId="a1", properties={"cart_id": "c1"})
    traits = {"email": "ana@example.com", "accepts_email": False}
    add(gateway, "m2", type="identify", anonymousId="a1", traits=traits)
    assert codes(gateway) == {"c1": "NO_CONSENT"}

    add(gateway, "m3", type="identify", anonymousId="a1", traits={"phone": "+14155550101", "accepts_sms": True})
    assert codes(gateway) == {"c1": "REACHABLE"}


def test_a_cart_whose_person_waits_to_be_folded_again_is_pending(tmp_path: Path) -> None:
    with InProcess(tmp_path, Config(identity=Identity(refold_limit=1))) as gateway:
        add(gateway, "m1", anonymousId="a1", properties={"cart_id": "c1"}, timestamp="2026-03-02T10:00:00Z")
        add(gateway, "m2", type="identify", anonymousId="a1", userId="u1", timestamp="2026-03-02T12:00:00Z")
        late = {"type": "identify", "messageId": "m3", "anonymousId": "a1", "userId": "u1"}
        gateway.append("segment", json.dumps({**late, "timestamp": "2026-03-02T11:00:00Z"}).encode(), path="/v1/track")
        gateway.fold.step()
        assert codes(gateway) == {"c1": "MERGE_PENDING"}

        gateway.fold.drain()
        assert codes(gateway) == {"c1": "NO_ADDRESS"}


def test_a_cart_without_any_id_has_none(gateway: InProcess) -> None:
    add(gateway, "m1", properties={"cart_id": "c1"})
    assert codes(gateway) == {"c1": "NO_STABLE_ID"}


def test_a_cart_whose_person_was_kept_apart_from_another_has_a_conflict(gateway: InProcess) -> None:
    for browser, cart in (("a1", "c1"), ("b1", "c2")):
        event = {"event_name": "add_to_cart", "anonymous_id": browser, "client_id": "g1", "cart_id": cart}
        gateway.send("stape", json.dumps({**event, "unique_event_id": browser}).encode())
    (refused,) = gateway.feed.merges(verdict="skipped_conflict")
    found = {cart.facts.cart_id: cart for cart in waterfall(gateway.feed).carts}
    assert {cart.cause.code for cart in found.values()} == {"ALIAS_CONFLICT"}
    assert {cart.facts.conflict for cart in found.values()} == {refused["event_id"]}


def test_an_order_of_the_same_person_buys_the_cart_that_it_does_not_name(gateway: InProcess) -> None:
    identify = {"type": "identify", "anonymousId": "a1", "userId": "u1", "traits": {"email": "ana@example.com"}}
    add(gateway, "m0", event="Order Completed", userId="u1", properties={"order_id": "o0"})
    gateway.clock += 1_000_000
    add(gateway, "m1", anonymousId="a1", properties={"cart_id": "c1"})
    add(gateway, "m2", **identify)
    assert codes(gateway) == {"c1": "REACHABLE"}
    gateway.clock += 1_000_000
    add(gateway, "m3", event="Order Completed", userId="u1", properties={"order_id": "o1"})
    assert codes(gateway) == {"c1": "PURCHASED_ALREADY"}


def test_two_addresses_near_a_cart_could_be_anybodys(gateway: InProcess) -> None:
    add(gateway, "m1", anonymousId="a1", properties={"cart_id": "c1"})
    for email in ("ana@example.com", "bob@example.com"):
        add(gateway, email, event="Email Captured", properties={"email": email})
    assert codes(gateway) == {"c1": "NEVER_IDENTIFIED"}


def test_a_period_has_the_carts_that_were_touched_in_it_whole(gateway: InProcess) -> None:
    for place, (hour, cart) in enumerate(((10, "old"), (11, "both"), (13, "both"), (14, "new"))):
        moment = f"2026-03-02T{hour}:00:00Z"
        add(gateway, f"m{place}", anonymousId="a1", properties={"cart_id": cart}, timestamp=moment)
    found = waterfall(gateway.feed, moments.read("2026-03-02T12:00:00Z") or 0).carts
    assert [(cart.facts.cart_id, cart.facts.events) for cart in found] == [("new", 1), ("both", 2)]


def test_the_summary_says_how_many_are_reached_and_the_largest_loss() -> None:
    reached, rotated = replace(FACTS, reachable_at=1), replace(FACTS, browsers=2)
    found = arranged([reached, FACTS, FACTS, rotated, replace(FACTS, order_seq=7)])
    said = "25% of 4 open carts can be reached in time. The largest loss, 2 of 3: Nobody gave a customer id"
    assert summary(found).startswith(said)
    assert [(cause.code, count) for cause, count in found.causes] == [("NEVER_IDENTIFIED", 2), ("ID_ROTATED", 1)]


def test_the_summary_names_no_loss_where_there_is_none() -> None:
    assert summary(arranged([replace(FACTS, reachable_at=1)])) == "100% of 1 open cart can be reached in time."
    assert summary(arranged([replace(FACTS, order_seq=7)])) == "No cart is open."
