"""The fold of the log into the store: what becomes of requests."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from tagway.commands import entry
from tagway.config import Config, Identity
from tagway.store.record import Records
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


def test_people_too_many_to_refold_in_a_step_are_refolded_when_there_is_time(tmp_path: Path) -> None:
    found = []
    for limit in (2, 20_000):
        config = Config(identity=Identity(refold_limit=limit))
        with InProcess(tmp_path / str(limit), config) as gateway:
            for minute, (user, browser) in enumerate([("u1", "a1"), ("u1", "a2"), ("u1", "a3"), ("u2", "a1")], 1):
                gateway.send("segment", batch(sign_in(user, browser, minute)), path="/v1/batch")
            # Late: the browser was another's first.
            gateway.send("segment", batch(sign_in("u0", "a1", 0)), path="/v1/batch")
            found.append([event["profile_id"] for event in gateway.feed.events()])
    assert found[0] == found[1]


def sign_in(user: str, browser: str, minute: int) -> dict[str, str]:
    return {
        "type": "identify",
        "userId": user,
        "anonymousId": browser,
        "messageId": f"{user}-{browser}",
        "timestamp": f"2025-10-01T10:{minute:02d}:00Z",
    }


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("retract", ("email:A@example.com", "email:a@example.com")),
        ("approve", ("user_id:u1", "user_id: u1")),
        ("approve", ("user_id:null", "user_id:0")),
        ("block", ("phone:abc",)),
        ("unblock", ("email:\x00",)),
        ("forget", ("email:null",)),
        ("forget", ("cart_token:" + "x" * 900,)),
    ],
)
def test_a_command_about_no_identifier_is_faulty_and_stops_nothing(
    gateway: InProcess, action: str, target: tuple[str, ...]
) -> None:
    done = gateway.command(action, *target)
    assert (done["outcome"], done["report"]["pointer"]) == ("faulty", "/target")
    assert gateway.send("segment", batch(VIEW), path="/v1/batch")


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("retract", "event:" + "00" * 16),
        ("allow", "email:nobody@example.com"),
        ("erase_source", "source:nothing"),
    ],
)
def test_a_command_about_nobody_changes_nothing(gateway: InProcess, action: str, target: str) -> None:
    gateway.send("segment", batch(VIEW, IDENTIFY), path="/v1/batch")
    before = gateway.feed.events()
    assert gateway.command(action, target)["outcome"] == "done"
    assert gateway.feed.events() == before


@pytest.mark.parametrize("rolls_back", [True, False], ids=["SQLite rolls back", "the fold rolls back"])
def test_no_cache_outlives_a_batch_that_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rolls_back: bool
) -> None:
    sent = batch(VIEW, IDENTIFY)
    with InProcess(tmp_path / "well") as gateway:
        gateway.send("segment", sent, path="/v1/batch")
        told = gateway.feed.events(), gateway.feed.profile("user_id", "u1")
    with InProcess(tmp_path / "full") as gateway:

        def fail(*_: object, **__: object) -> None:
            if rolls_back:
                gateway.fold._db.execute("ROLLBACK")
            raise sqlite3.OperationalError("disk I/O error")

        gateway.append("segment", sent, path="/v1/batch")
        with monkeypatch.context() as full:
            full.setattr(Records, "batch", fail)
            for _ in range(2):
                with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
                    gateway.fold.step()
        gateway.fold.drain()
        assert (gateway.feed.events(), gateway.feed.profile("user_id", "u1")) == told
        assert gateway.feed.ledger()["balanced"]


@pytest.mark.parametrize(
    ("named", "known"),
    [
        ({"schema": "product_viewed/1-0-0"}, True),
        ({"context": {"protocols": {"event_version": 1}}}, True),
        ({"schema": "9-0-0"}, False),
    ],
)
def test_a_call_may_name_the_version_of_its_event(gateway: InProcess, named: dict[str, object], known: bool) -> None:
    (event,) = gateway.send("segment", batch({**VIEW, **named}), path="/v1/batch")
    assert event["schema"] == "product_viewed/1-0-0"
    assert known != any(one["code"] == "version_unknown" for one in event["violations"])


def test_a_command_costs_the_same_however_many_there_were(tmp_path: Path) -> None:
    def calls(count: int) -> float:
        """The calls of Python that folding so many commands takes, for each."""
        made = 0

        def count_one(_: FrameType, what: str, __: object) -> None:
            nonlocal made
            made += what == "call"

        with InProcess(tmp_path / str(count)) as gateway:
            pairs = [[f"user_id:a{place}", f"user_id:b{place}"] for place in range(count)]
            given = [{"action": "approve", "target": pair} for pair in pairs]
            gateway.log.append([entry(one, now=gateway.clock + place) for place, one in enumerate(given)])
            sys.setprofile(count_one)
            try:
                gateway.fold.drain()
            finally:
                sys.setprofile(None)
        return made / count

    calls(1)  # what is read and compiled once
    assert calls(400) < 1.2 * calls(100)
