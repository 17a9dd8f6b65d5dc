"""When it happened: a time that a vendor's body tells and nobody can read is told, never dropped."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from tagway import Event, Source, body, moments
from tagway.config import Config
from tagway.errors import PayloadError
from tagway.testing import GoldenPair, InProcess

from tests.plugins.test_origins import PLAIN

NOON = "today at noon"
RECEIVED = 1_793_527_200_000_000
"""2026-11-01T10:00:00Z."""


def is_time(value: Any) -> bool:
    """Whether a value of a body may be a time: a text with a date, or seconds and their fractions since 2001."""
    if isinstance(value, str) and not value.isdigit():
        return moments.read(value, naive_utc=True) is not None
    return any((moments.from_unix(value, unit) or 0) > 10**15 for unit in ("s", "ms", "us"))


def without_times(value: Any) -> Any:
    """The body with a text that is no time wherever one may be."""
    if isinstance(value, dict):
        return {name: without_times(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_times(one) for one in value]
    return NOON if is_time(value) else value


def events(source: Source, pair: GoldenPair, content: bytes) -> list[Event]:
    """The events of a pair's request with another body, and with no time in its headers."""
    request = pair.request(source)
    headers = {name: NOON if is_time(value) else value for name, value in request.headers.items()}
    changed = dataclasses.replace(request, headers=headers, body=content)
    with contextlib.suppress(PayloadError):
        return [one for one in pair.configured(source).normalize(changed) if isinstance(one, Event)]
    return []


@pytest.mark.parametrize(("source", "pair"), PLAIN)
def test_no_time_of_a_body_is_dropped_because_it_cannot_be_read(source: Source, pair: GoldenPair) -> None:
    request = pair.request(source)
    timed = {(one.item, one.name) for one in events(source, pair, request.body) if one.timestamp is not None}
    content = body.encode(without_times(body.decode(request.body)))
    for event in events(source, pair, content):
        if (event.item, event.name) in timed:
            assert event.timestamp is not None, event.name


CALL = {"type": "track", "event": "Product Viewed", "anonymousId": "a", "messageId": "m"}


def told(folder: Path, call: dict[str, Any]) -> dict[str, Any]:
    """The one event of a call, as the store has it."""
    with InProcess(folder, Config()) as gateway:
        gateway.clock = RECEIVED
        gateway.send("segment", json.dumps({**CALL, **call}).encode(), path="/v1/track")
        (event,) = gateway.feed.events()
    return event


@pytest.mark.parametrize("timestamp", ["2026-10-31T10:00:00", "2026-10-31", "soon", 1_793_440_800])
def test_a_call_whose_time_cannot_be_read_is_kept_as_of_its_receipt_with_a_warning(
    tmp_path: Path, timestamp: Any
) -> None:
    event = told(tmp_path, {"timestamp": timestamp})
    (violation,) = (one for one in event["violations"] if one["code"] == "timestamp_unread")
    assert (violation["severity"], violation["origin"]) == ("warn", "/timestamp")
    assert event["timestamp"] == event["received_at"] == "2026-11-01T10:00:00.000Z"


def test_a_call_whose_own_time_cannot_be_read_counts_as_of_its_sdk_s_clock(tmp_path: Path) -> None:
    clocks = {"originalTimestamp": "2026-11-01T09:58:00Z", "sentAt": "2026-11-01T09:59:00Z"}
    event = told(tmp_path, {"timestamp": "2026-10-31 10:00", **clocks})
    (violation,) = (one for one in event["violations"] if one["code"] == "timestamp_unread")
    assert event["timestamp"] == "2026-11-01T09:59:00.000Z"
    assert violation["resolution"].endswith("; the event counts as of 2026-11-01T09:59:00.000Z")


def test_a_call_whose_own_time_can_be_read_is_not_told_of_its_sdk_s_clock(tmp_path: Path) -> None:
    event = told(tmp_path, {"timestamp": "2026-10-31T10:00:00Z", "originalTimestamp": "soon"})
    assert event["timestamp"] == "2026-10-31T10:00:00.000Z"
    assert "timestamp_unread" not in [one["code"] for one in event["violations"]]


@pytest.mark.parametrize("timestamp", [None, ""])
def test_a_call_that_tells_no_time_is_as_of_its_receipt_and_that_is_no_fault(tmp_path: Path, timestamp: Any) -> None:
    event = told(tmp_path, {"timestamp": timestamp})
    assert event["timestamp"] == event["received_at"]
    assert "timestamp_unread" not in [one["code"] for one in event["violations"]]
