"""The fold of the log into the store: what becomes of requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tagway.testing import InProcess

VIEW = {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": "m1"}
IDENTIFY = {
    "type": "identify",
    "userId": "u1",
    "anonymousId": "a1",
    "messageId": "m2",
    "traits": {"email": "ana@example.com"},
}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path) as one:
        yield one


def batch(*events: object) -> bytes:
    return json.dumps({"batch": events}).encode()


def test_a_view_before_identify_ends_on_the_person(gateway: InProcess) -> None:
    gateway.send("segment", batch(VIEW), path="/v1/batch")
    gateway.send("segment", batch(IDENTIFY), path="/v1/batch")
    view, identify = gateway.feed.events()
    assert view["profile_id"] == identify["profile_id"] is not None


def test_the_same_message_again_is_a_duplicate(gateway: InProcess) -> None:
    gateway.send("segment", batch(VIEW), path="/v1/batch")
    (again,) = gateway.send("segment", batch(VIEW), path="/v1/batch")
    assert (again["status"], again["duplicate_of"]) == ("duplicate", again["event_id"])


def test_a_body_that_is_no_object_is_a_dead_letter(gateway: InProcess) -> None:
    (dead,) = gateway.send("segment", b"[1]", path="/v1/batch")
    assert dead["status"] == "dead_letter"


def test_the_ledger_balances_over_good_repeated_and_dead_items(gateway: InProcess) -> None:
    for body in (batch(VIEW), batch(VIEW, IDENTIFY), b"[1]"):
        gateway.send("segment", body, path="/v1/batch")
    ledger = gateway.feed.ledger()
    assert ledger["balanced"]
    assert ledger["items"]["normalized"] == 4


def test_an_email_is_shown_in_its_one_spelling(gateway: InProcess) -> None:
    (event,) = gateway.send("segment", batch({**IDENTIFY, "traits": {"email": " Ana@Example.com "}}), path="/v1/batch")
    assert event["email"] == "ana@example.com"
