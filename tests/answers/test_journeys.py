"""My session: one paired browser held against the planned journey."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.answers.journeys import checklist, session
from tagway.store.feed import Json
from tagway.testing import InProcess

PLAN = ("Product Viewed", "Added to Cart", "Order Completed")


def came(seq: int, name: str, *, source: str = "web", status: str = "accepted", at: int | None = None) -> Json:
    timestamp = f"2026-11-01T10:00:{seq if at is None else at:02d}.000Z"
    return {"seq": seq, "name": name, "source": source, "status": status, "timestamp": timestamp}


def marks(*events: Json) -> list[str]:
    return [tick.mark for tick in checklist(events, PLAN).ticks]


def test_a_journey_as_planned_passes() -> None:
    found = checklist([came(place, name) for place, name in enumerate(PLAN)], PLAN)
    assert (found.verdict, found.complete) == ("PASS", True)


def test_what_did_not_come_is_missing() -> None:
    assert marks(came(1, "Product Viewed"), came(2, "Order Completed")) == ["done", "missing", "done"]


def test_the_same_event_twice_from_one_source_is_double() -> None:
    assert marks(came(1, "Product Viewed"), came(2, "Product Viewed"))[0] == "double"


def test_the_servers_copy_is_no_double() -> None:
    twin = came(4, "Order Completed", source="shopify", status="duplicate")
    events = [came(place, name) for place, name in enumerate(PLAN)]
    assert checklist([*events, twin], PLAN).verdict == "PASS"


def test_an_event_before_its_turn_makes_the_next_late() -> None:
    events = [came(1, "Added to Cart", at=1), came(2, "Product Viewed", at=2), came(3, "Order Completed", at=3)]
    assert marks(*events) == ["done", "late", "done"]


def test_an_event_with_a_violation_is_faulty() -> None:
    assert marks(came(1, "Product Viewed", status="violating"))[0] == "faulty"


def test_what_was_not_planned_is_counted_apart() -> None:
    found = checklist([came(1, "Quiz Started"), came(2, "Quiz Started")], PLAN)
    assert found.unplanned == (("Quiz Started", 2),)


@given(st.lists(st.sampled_from([*PLAN, "Other"]), max_size=12), st.randoms())
def test_the_order_of_arrival_does_not_matter(names: list[str], dice: Random) -> None:
    events = [came(place, name) for place, name in enumerate(names)]
    shuffled = list(events)
    dice.shuffle(shuffled)
    assert checklist(shuffled, PLAN) == checklist(events, PLAN)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path) as one:
        yield one


def test_a_code_in_the_address_pairs_one_browser(gateway: InProcess) -> None:
    def send(message_id: str, anonymous_id: str, **event: object) -> None:
        event = {"type": "track", "event": "Custom", "messageId": message_id, "anonymousId": anonymous_id, **event}
        gateway.send("segment", json.dumps(event).encode(), path="/v1/track")

    send("m1", "mine", context={"page": {"url": "https://shop.example/?tagway=K7Q"}})
    send("m2", "mine", properties={"cart_id": "c1"})
    send("m3", "somebody")
    send("m4", "", properties={"cart_id": "c1"})
    assert [one["message_id"] for one in session(gateway.feed, "K7Q")] == ["m1", "m2", "m4"]
