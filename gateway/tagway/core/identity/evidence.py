"""What identity works on: evidence in, resolutions out."""

from __future__ import annotations

from dataclasses import dataclass

from tagway.core.events import Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One event as identity sees it.

    `event_id` is 16 bytes; `at` is its time in microseconds, already bounded for unverified sources; `ids`
    are as sent, in any order: what is legal, normal and strongest is decided here in the core. `shop`
    prefixes weak keys. `traits` are what the event says about its person.
    """

    event_id: bytes
    at: int
    ids: tuple[Identifier, ...]
    traits: tuple[tuple[str, object], ...] = ()
    shop: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Where an event belongs: the alias of its strongest identifier; None when it has no identifier left."""

    alias_id: int | None
