"""What identity works on: evidence in, facts in between, resolutions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tagway.core.events import Identifier
from tagway.core.identity.kinds import PERSON, RANK

_SHIFT: Final = 2**62
KEY: Final = 25
"""How many bytes a key has."""


def key(at: int, event_id: bytes, *, signed: bool) -> bytes:
    """The place of an event in the fold, as bytes that sort: its time, sign-ins before the rest, its event_id."""
    return start(at) + (b"\x00" if signed else b"\x01") + event_id


def start(at: int) -> bytes:
    """What sorts after all keys before a moment, and before all in it."""
    return (at + _SHIFT).to_bytes(8, "big")


def birth(key: bytes, place: int) -> bytes:
    """When an identifier came into being: the key of its event, and its place among the identifiers of that."""
    return key + min(place, 255).to_bytes(1, "big")


def moment(key: bytes) -> int:
    """The time in a key, or in a birth."""
    return int.from_bytes(key[:8], "big") - _SHIFT


def event_of(key: bytes) -> bytes:
    """The event_id in a key, or in a birth."""
    return key[9:KEY]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One event as identity sees it.

    `event_id` is 16 bytes; `at` is its time in microseconds, already bounded for unverified sources; `ids`
    are as sent, in any order: what is legal, normal and strongest is decided here in the core. `shop`
    prefixes weak keys. `traits` are what the event says about its person. `repeated` says that an event of
    this id was there before, so that the two must be held against each other.
    """

    event_id: bytes
    at: int
    ids: tuple[Identifier, ...]
    traits: tuple[tuple[str, object], ...] = ()
    shop: str = ""
    repeated: bool = False


class Resolution(NamedTuple):
    """Where an event belongs: the alias of its strongest identifier, at a time.

    `alias_id` is None when no identifier is left. `erased` says that the event is a forgotten person's and
    must not be kept; `stripped` are the forgotten people's identifiers that an event of somebody else carried.
    """

    alias_id: int | None
    at: int = 0
    erased: bool = False
    stripped: tuple[Identifier, ...] = ()


class Shared(NamedTuple):
    """An identifier that joins nobody, and the rule by which."""

    id: Identifier
    rule: str


class Fact(NamedTuple):
    """An event as the fold takes it: its legal identifiers, in the order of their kinds, then as listed.

    In the fold itself `ids` are those that may join, and `shared` those that may not.
    """

    event_id: bytes
    at: int
    ids: tuple[Identifier, ...]
    shared: tuple[Shared, ...] = ()
    retracted: bool = False

    @property
    def key(self) -> bytes:
        """The fact's place in the fold."""
        return key(self.at, self.event_id, signed=bool(self.ids) and self.ids[0].kind in PERSON)

    @property
    def alone_key(self) -> bytes:
        """The fact's place among the sightings of an identifier that joins nobody, whatever else it carries."""
        return key(self.at, self.event_id, signed=False)

    @property
    def subject(self) -> Identifier | None:
        """The strongest identifier, on whose profile the event is; None when there is none."""
        if self.ids:
            return self.ids[0]
        return self.shared[0].id if self.shared else None


def ordered(ids: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """Identifiers once each, strongest kind first, otherwise as listed."""
    if len(ids) == 1:
        return tuple(ids)
    return tuple(sorted(dict.fromkeys(ids), key=lambda one: RANK[one.kind]))


def least(copies: Sequence[Fact]) -> Fact:
    """Of unequal copies of one event the one that counts, whichever came first."""
    return min(copies, key=precedence)


def precedence(fact: Fact) -> tuple[int, list[Identifier], tuple[Identifier, ...]]:
    """The order among copies of one event: time, then identifiers."""
    return (fact.at, sorted(fact.ids), fact.ids)
