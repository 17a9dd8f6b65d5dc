"""What joins two identifiers, or keeps them apart, and what would join them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tagway.answers.explain import explain, found
from tagway.answers.why import why
from tagway.core.events import Identifier
from tagway.testing import InProcess


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path) as one:
        yield one


def identify(gateway: InProcess, message: str, at: int = 0, **fields: Any) -> dict[str, Any]:
    call = {"type": "identify", "messageId": message, "timestamp": f"2025-10-01T10:{at:02d}:00Z", **fields}
    return gateway.send("segment", json.dumps(call).encode(), path="/v1/identify")[0]


def ask(gateway: InProcess, one: str, other: str) -> dict[str, Any]:
    first, second = (found(gateway.feed, text, gateway.config) for text in (one, other))
    assert first is not None
    assert second is not None
    answer = why(gateway.feed, first, second)
    assert answer is not None
    return answer


def test_two_identifiers_of_one_event_are_joined_by_it(gateway: InProcess) -> None:
    event = identify(gateway, "m1", userId="u1", anonymousId="a1")
    answer = ask(gateway, "anonymous_id:a1", "user_id:u1")
    assert answer["joined"]
    assert [step["event"]["event_id"] for step in answer["chain"]] == [event["event_id"]]
    assert answer["chain"][0]["event"]["name"] == event["name"]


def test_the_chain_is_the_shortest_one(gateway: InProcess) -> None:
    identify(gateway, "m1", 1, anonymousId="a1", traits={"email": "x@example.com"})
    identify(gateway, "m2", 2, userId="u1", traits={"email": "x@example.com"})
    identify(gateway, "m3", 3, userId="u1", anonymousId="a2")
    assert len(ask(gateway, "anonymous_id:a1", "anonymous_id:a2")["chain"]) == 3
    direct = identify(gateway, "m4", 4, userId="u1", anonymousId="a1")
    answer = ask(gateway, "anonymous_id:a1", "user_id:u1")
    assert [step["event"]["event_id"] for step in answer["chain"]] == [direct["event_id"]]


def test_two_people_are_kept_apart_by_a_conflict_that_names_the_way_out(gateway: InProcess) -> None:
    identify(gateway, "m1", 1, userId="u1", traits={"email": "x@example.com"})
    refused = identify(gateway, "m2", 2, userId="u2", traits={"email": "x@example.com"})
    answer = ask(gateway, "user_id:u2", "email:x@example.com")
    assert (answer["joined"], answer["verdict"], answer["rule"]) == (False, "skipped_conflict", "two_people")
    assert refused["event_id"] in [step["event"]["event_id"] for step in answer["chain"]]
    assert "tagway merges --approve" in answer["fix"]


def test_strangers_have_nothing_between_them(gateway: InProcess) -> None:
    identify(gateway, "m1", 1, userId="u1")
    identify(gateway, "m2", 2, userId="u2")
    answer = ask(gateway, "user_id:u1", "user_id:u2")
    assert (answer["joined"], answer["chain"], answer["verdict"]) == (False, [], "")
    assert "an event that carries both" in answer["fix"]


def test_a_device_that_changed_hands_is_not_its_first_owners_any_more(gateway: InProcess) -> None:
    identify(gateway, "m1", 1, userId="u1", anonymousId="a1")
    identify(gateway, "m2", 2, userId="u2", anonymousId="a1")
    assert ask(gateway, "anonymous_id:a1", "user_id:u2")["joined"]
    answer = ask(gateway, "anonymous_id:a1", "user_id:u1")
    assert (answer["joined"], answer["verdict"]) == (False, "handed_over")
    assert "changed hands at 2025-10-01T10:02:00.000Z" in answer["sentence"]
    assert not ask(gateway, "user_id:u1", "user_id:u2")["joined"]


def test_a_retracted_link_says_so_and_how_to_restore_it(gateway: InProcess) -> None:
    identify(gateway, "m1", 1, userId="u1", traits={"email": "x@example.com"})
    gateway.command("retract", "user_id:u1", "email:x@example.com")
    answer = ask(gateway, "user_id:u1", "email:x@example.com")
    assert (answer["joined"], answer["verdict"]) == (False, "retracted")
    assert "unmerge --undo" in answer["fix"]


def test_an_unknown_identifier_has_no_answer(gateway: InProcess) -> None:
    identify(gateway, "m1", userId="u1")
    assert why(gateway.feed, Identifier("user_id", "u1"), Identifier("user_id", "nobody")) is None


def test_an_identifier_is_asked_for_in_any_spelling(gateway: InProcess) -> None:
    identify(gateway, "m1", userId="u1", traits={"email": "Ana@Example.com"})
    assert found(gateway.feed, "email: ANA@EXAMPLE.COM ", gateway.config) == ("email", "ana@example.com")


def test_a_profile_says_by_which_event_each_alias_came(gateway: InProcess) -> None:
    view = {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": "m0"}
    view["timestamp"] = "2025-10-01T09:00:00Z"
    gateway.send("segment", json.dumps(view).encode(), path="/v1/track")
    event = identify(gateway, "m1", userId="u1", anonymousId="a1", traits={"email": "ana@example.com"})
    profile = explain(gateway.feed, Identifier("email", "ana@example.com"))
    assert profile is not None
    by = {alias["kind"]: alias["link"]["event_id"] for alias in profile["aliases"]}
    assert by["email"] == event["event_id"]
    assert {alias["event"]["source"] for alias in profile["aliases"]} == {"segment"}
    assert profile["events"] == {"total": 2, "before_identify": 1}


def test_reachability_over_time_counts_the_events_of_each_span(gateway: InProcess) -> None:
    for minute in (1, 2):
        identify(gateway, f"m{minute}", minute, anonymousId="a1")
    identify(gateway, "m3", 3, anonymousId="a1", traits={"email": "ana@example.com"})
    identify(gateway, "m4", 4, anonymousId="a1", traits={"phone": "+12015550123"})
    profile = explain(gateway.feed, Identifier("anonymous_id", "a1"))
    assert profile is not None
    spans = [(span["reachable"], span["by"], span["events"]) for span in profile["reachability"]]
    assert spans == [(False, [], 2), (True, ["email"], 1), (True, ["email", "phone"], 1)]
    assert [one["at"] for one in profile["timeline"]] == sorted(one["at"] for one in profile["timeline"])


def test_two_people_of_one_laptop_are_told_when_it_changed_hands_and_what_would_join_them(gateway: InProcess) -> None:
    identify(gateway, "m1", 1, userId="u1", anonymousId="laptop", traits={"email": "dora@example.com"})
    parted = identify(gateway, "m2", 2, userId="u2", anonymousId="laptop", traits={"email": "emil@example.com"})
    for pair in (("email:dora@example.com", "email:emil@example.com"), ("user_id:u2", "user_id:u1")):
        answer = ask(gateway, *pair)
        assert (answer["joined"], answer["verdict"], answer["rule"]) == (False, "handed_over", "two_people")
        crossing = next(step for step in answer["chain"] if step["from"] == step["to"] == "anonymous_id:laptop")
        assert crossing["event"]["event_id"] == parted["event_id"]
        assert answer["fix"].startswith("if they are one person: `tagway merges --approve")
