"""Why: the verdict, the stages, where it stops, the fix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tagway.answers.reasons import why_cart, why_event, why_person
from tagway.config import Config, Identity
from tagway.testing import InProcess


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path) as one:
        yield one


def track(gateway: InProcess, message_id: str, **event: object) -> int:
    event = {"type": "track", "event": "Added to Cart", "messageId": message_id, **event}
    (row,) = gateway.send("segment", json.dumps(event).encode(), path="/v1/track")
    return int(row["seq"])


def add(gateway: InProcess) -> int:
    return track(gateway, "m1", anonymousId="a1", properties={"cart_id": "c1"})


def identify(gateway: InProcess) -> int:
    return track(gateway, "m2", type="identify", anonymousId="a1", traits={"email": "ana@example.com"})


def test_an_anonymous_cart_stops_at_identity(gateway: InProcess) -> None:
    add(gateway)
    reason = why_cart(gateway.feed, "c1")
    assert reason is not None
    assert (reason.verdict, reason.stops_at) == ("NEVER_IDENTIFIED", "identity")


def test_a_cart_tells_how_many_share_its_cause(gateway: InProcess) -> None:
    add(gateway)
    track(gateway, "m3", anonymousId="b1", properties={"cart_id": "c2"})
    reason = why_cart(gateway.feed, "c1")
    assert reason is not None
    assert "2 of 2 carts" in reason.fix


def test_a_near_miss_is_shown_with_its_event(gateway: InProcess) -> None:
    add(gateway)
    near = track(gateway, "m4", event="Email Captured", properties={"email": "ana@example.com"})
    reason = why_cart(gateway.feed, "c1")
    assert reason is not None
    assert [stage.evidence for stage in reason.stages if stage.name == "near miss"] == [(near,)]


def test_a_joined_cart_stops_nowhere(gateway: InProcess) -> None:
    add(gateway)
    identify(gateway)
    reason = why_cart(gateway.feed, "c1")
    assert reason is not None
    assert (reason.verdict, reason.stops_at) == ("REACHABLE", "")


def test_a_view_before_the_email_was_not_reachable_then(gateway: InProcess) -> None:
    seq = add(gateway)
    gateway.clock += 7 * 60_000_000
    identify(gateway)
    reason = why_event(gateway.feed, seq)
    assert reason is not None
    assert reason.stages[-1].text == "reachable only 7 minutes after the event"


def test_an_event_without_identifiers_belongs_to_nobody(gateway: InProcess) -> None:
    reason = why_event(gateway.feed, track(gateway, "m1"))
    assert reason is not None
    assert reason.stops_at == "identity"


def test_a_dead_letter_stops_at_its_schema(gateway: InProcess) -> None:
    (row,) = gateway.send("segment", b"[1]", path="/v1/batch")
    reason = why_event(gateway.feed, row["seq"])
    assert reason is not None
    assert (reason.verdict, reason.stops_at) == ("DEAD_LETTER", "schema")


def test_a_person_is_reachable_once_an_address_is_known(gateway: InProcess) -> None:
    add(gateway)
    identify(gateway)
    profile = gateway.feed.profile("anonymous_id", "a1")
    assert profile is not None
    reason = why_person(gateway.feed, profile["profile_id"])
    assert reason is not None
    assert reason.verdict == "REACHABLE"


def test_nothing_is_known_of_what_was_never_seen(gateway: InProcess) -> None:
    assert why_event(gateway.feed, 1) is None
    assert why_cart(gateway.feed, "c") is None
    assert why_person(gateway.feed, "p") is None


def test_a_violating_event_of_nobody_is_told_both_fixes(gateway: InProcess) -> None:
    reason = why_event(gateway.feed, track(gateway, "m1", anonymousId="a1", properties={"product_id": "p1"}))
    assert reason is not None
    assert "it violates its schema" in reason.stages[1].text
    assert reason.fix.startswith("For its schema: ")
    assert "For its person: Send email" in reason.fix


def test_a_person_who_declined_stops_at_consent(gateway: InProcess) -> None:
    add(gateway)
    track(
        gateway,
        "m2",
        event="Email Captured",
        anonymousId="a1",
        properties={"email": "ana@example.com", "consent": False},
    )
    reason = why_cart(gateway.feed, "c1")
    assert reason is not None
    assert (reason.verdict, reason.stops_at) == ("NO_CONSENT", "consent")


def test_an_address_that_came_too_late_for_the_cart_is_where_it_stops(gateway: InProcess) -> None:
    add(gateway)
    gateway.clock += 73 * 3_600_000_000
    identify(gateway)
    reason = why_cart(gateway.feed, "c1")
    assert reason is not None
    assert (reason.verdict, reason.stops_at) == ("IDENTIFIED_TOO_LATE", "address")


def test_a_cart_that_nobody_shares_a_cause_with_is_one(gateway: InProcess) -> None:
    add(gateway)
    reason = why_cart(gateway.feed, "c1")
    assert reason is not None
    assert "(1 of 1 cart has this cause.)" in reason.fix


def test_why_says_in_words_why_somebody_was_kept_apart(gateway: InProcess) -> None:
    for browser in ("a1", "b1"):
        event = {"event_name": "page_view", "anonymous_id": browser, "client_id": "g1", "unique_event_id": browser}
        (row,) = gateway.send("stape", json.dumps(event).encode())
    reason = why_event(gateway.feed, int(row["seq"]))
    assert reason is not None
    (identity,) = (stage for stage in reason.stages if stage.name == "identity")
    assert identity.text.endswith("a join was refused: each side has a browser of its own, and nobody had signed in")


def test_why_says_that_a_person_is_still_being_folded(tmp_path: Path) -> None:
    with InProcess(tmp_path, Config(identity=Identity(refold_limit=1))) as gateway:
        seq = track(gateway, "m1", anonymousId="a1", timestamp="2026-03-02T10:00:00Z")
        track(gateway, "m2", type="identify", anonymousId="a1", userId="u1", timestamp="2026-03-02T12:00:00Z")
        late = {"type": "identify", "messageId": "m3", "anonymousId": "a1", "userId": "u1"}
        gateway.append("segment", json.dumps({**late, "timestamp": "2026-03-02T11:00:00Z"}).encode(), path="/v1/track")
        gateway.fold.step()
        folding = why_event(gateway.feed, seq)
        gateway.fold.drain()
        done = why_event(gateway.feed, seq)
        assert folding is not None
        assert done is not None
        words = "what came late is still being folded in"
        assert [any(words in stage.text for stage in one.stages) for one in (folding, done)] == [True, False]
