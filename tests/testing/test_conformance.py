"""The conformance suite: a sound source passes it, and each fault is found by the check that is about it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tagway import Access, DeadLetter, Event, Identifier, Proof, RefusedError, Request, body
from tagway.testing import GoldenPair, conformance, golden_pairs

from tests.testing.sources import Sound


@pytest.fixture
def pairs(tmp_path: Path) -> list[GoldenPair]:
    given = {"body": {"id": "m1", "email": "ana@example.com", "total": 19.99}}
    (tmp_path / "one.in.json").write_text(json.dumps(given))
    return golden_pairs(tmp_path)


def falls_short(source: Sound, pairs: list[GoldenPair], name: str) -> bool:
    """Whether the check of that name fails."""
    (check,) = (one for one in conformance(source, pairs, examples=20) if one.name == name)
    try:
        check()
    except AssertionError:
        return True
    return False


def faults(source: Sound, pairs: list[GoldenPair]) -> set[str]:
    """The names of the checks that the source fails."""
    return {one.name for one in conformance(source, pairs) if falls_short(source, pairs, one.name)}


def test_a_sound_source_passes(pairs: list[GoldenPair]) -> None:
    assert faults(Sound(), pairs) == set()


class Careless(Sound):
    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        return [Event(name="Email Captured", message_id=body.decode(request.body)["id"])]


def test_a_source_that_trusts_its_body_is_found(pairs: list[GoldenPair]) -> None:
    assert faults(Careless(), pairs) == {
        "a body cut anywhere stays within the law",
        "a body that is none stays within the law",
        "a missing value anywhere stays within the law",
        "a wrong type anywhere stays within the law",
        "random mutations stay within the law",
    }


class Item(Sound):
    """A source that yields given items whatever comes."""

    def __init__(self, *items: Any) -> None:
        self.items = items

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        del request
        return self.items


@pytest.mark.parametrize(
    "item",
    [
        Event(name="x", properties={"total": 19.99}),
        Event(name="x", properties={"deep": [{"at": object()}]}),
        Event(name=""),
        Event(name="x", timestamp=-1),
        Event(name="x", identifiers=(Identifier("email", ""),)),
        Event(name="x", identifiers=(Identifier("customer", "7"),)),
        Event(name="x", item="items/0"),
        DeadLetter(code="payload", message=""),
        "an event",
    ],
    ids=["float", "object", "no name", "time", "no value", "kind", "pointer", "no message", "no event"],
)
def test_an_item_that_the_engine_cannot_record_is_found(item: Any, pairs: list[GoldenPair]) -> None:
    assert falls_short(Item(item), pairs, "a golden body becomes sound events")


def test_two_events_that_the_engine_takes_for_one_are_found(pairs: list[GoldenPair]) -> None:
    twice = Item(Event(name="x", message_id="m1"), Event(name="y", message_id="m1"))
    assert faults(twice, pairs) == {"events of one item are told apart"}


class Clocked(Sound):
    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        return [Event(name="x", message_id=str(request.received_at))]


def test_a_message_id_made_of_the_receipt_is_found(pairs: list[GoldenPair]) -> None:
    assert faults(Clocked(), pairs) == {"a replay gives the same message ids"}


class Gullible(Sound):
    def verify(self, request: Request, access: Access) -> Proof:
        return Proof(verified=True, which=0)


class Crashing(Sound):
    def verify(self, request: Request, access: Access) -> Proof:
        bytes.fromhex(request.headers["x-signature"])
        return super().verify(request, access)


class OneSecret(Sound):
    def verify(self, request: Request, access: Access) -> Proof:
        return super().verify(request, Access(secrets=access.secrets[:1], now=access.now))


class Polite(Sound):
    def verify(self, request: Request, access: Access) -> Proof:
        try:
            return super().verify(request, access)
        except RefusedError:
            raise RefusedError("malformed_body", "no") from None


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (Gullible(), "a wrong or absent signature is refused"),
        (Gullible(), "a tampered body is refused"),
        (Gullible(), "without a secret a request is unverified"),
        (Crashing(), "a truncated signature is refused"),
        (OneSecret(), "its own signature is accepted, under any live secret"),
        (Polite(), "a wrong or absent signature is refused"),
    ],
)
def test_a_verification_that_falls_short_is_found(source: Sound, fault: str, pairs: list[GoldenPair]) -> None:
    assert falls_short(source, pairs, fault)
