"""The pulse: sources, lag, ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tagway.answers.health import health
from tagway.core.moments import SECOND
from tagway.log import Entry
from tagway.testing import InProcess

VIEW = json.dumps({"type": "track", "event": "Custom Viewed", "anonymousId": "a1", "messageId": "m1"}).encode()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path) as one:
        yield one


def refuse(gateway: InProcess, code: str, at: int, count: int = 1) -> None:
    gateway.log.append([Entry(kind="refused", source="shopify", received_at=at, code=code, message="no", count=count)])
    gateway.fold.drain()


def test_a_source_that_sends_well_is_ok(gateway: InProcess) -> None:
    gateway.send("segment", VIEW, path="/v1/track")
    (source,) = health(gateway.feed, gateway.clock).sources
    assert (source.name, source.ok, source.state, source.last_seen) == ("segment", 1, "ok", gateway.clock)


def test_a_source_whose_secret_is_wrong_is_bad(gateway: InProcess) -> None:
    refuse(gateway, "bad_proof", gateway.clock, count=3)
    (source,) = health(gateway.feed, gateway.clock).sources
    assert (source.name, source.wrong_proof, source.state) == ("shopify", 3, "bad")


def test_a_refusal_that_is_no_wrong_secret_is_not_counted_as_one(gateway: InProcess) -> None:
    refuse(gateway, "malformed_json", gateway.clock)
    (source,) = health(gateway.feed, gateway.clock).sources
    assert (source.refused, source.wrong_proof, source.state) == (1, 0, "ok")


def test_rows_that_wait_are_the_lag(gateway: InProcess) -> None:
    gateway.append("segment", VIEW, path="/v1/track")
    found = health(gateway.feed, gateway.clock + 11 * SECOND)
    assert (found.lag, found.lag_age, found.state) == (1, 11 * SECOND, "bad")
    assert found.why == "the engine is behind by 11 seconds"


def test_a_state_that_is_not_ok_says_where_it_comes_from(gateway: InProcess) -> None:
    gateway.send("segment", VIEW, path="/v1/track")
    assert health(gateway.feed, gateway.clock).why == ""
    refuse(gateway, "bad_proof", gateway.clock)
    assert health(gateway.feed, gateway.clock).why == "faults or wrong secrets in shopify"


def test_an_empty_folder_is_ok(gateway: InProcess) -> None:
    found = health(gateway.feed, gateway.clock)
    assert (found.state, found.sources, found.ledger["balanced"]) == ("ok", (), True)


def test_the_ledger_balances_while_the_engine_goes_on_between_its_questions(gateway: InProcess) -> None:
    gateway.send("segment", VIEW, path="/v1/track")
    came = 0

    def meanwhile(_: str) -> None:
        nonlocal came
        came += 1
        refuse(gateway, "bad_proof", gateway.clock)
        gateway.append("segment", VIEW.replace(b"m1", b"m%d" % (came + 1)), path="/v1/track")
        gateway.fold.drain()

    for db in (gateway.feed._db, gateway.feed._log._db):
        db.set_trace_callback(meanwhile)
    ledger = gateway.feed.ledger()
    assert came > 5
    assert ledger["balanced"], ledger
