"""What is said about a person: per trait the newest event time wins, and who said it is kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tagway.core.events import Event

Told = dict[str, dict[str, Any]]
"""Trait -> {"value", "at" (microseconds), "event_id" (hex)}. A value of None was removed by that event."""

# Consent belongs to a channel; where an event is itself about one, its `consent` is that channel's.
_CONSENT: Final = ("accepts_email", "accepts_sms")
_CHANNEL: Final = {"Email Captured": "accepts_email", "SMS Captured": "accepts_sms"}


def claims(event: Event) -> tuple[tuple[str, Any], ...]:
    """What an event says about its person: its traits, and consent where its properties give it."""
    said = dict(event.traits)
    for name in _CONSENT:
        if isinstance(event.properties.get(name), bool):
            said[name] = event.properties[name]
    channel = _CHANNEL.get(event.name)
    if channel is not None and isinstance(event.properties.get("consent"), bool):
        said[channel] = event.properties["consent"]
    return tuple(said.items())


def told(said: Mapping[str, Any], at: int, event_id: bytes) -> Told:
    """One event's claims with their provenance."""
    return {name: {"value": value, "at": at, "event_id": event_id.hex()} for name, value in said.items()}


def newest(*all_told: Told) -> Told:
    """Per trait what was said last, in event time; in one instant the greater event_id has the last word."""
    kept: Told = {}
    for one in all_told:
        for name, claim in one.items():
            if name not in kept or _when(claim) >= _when(kept[name]):
                kept[name] = claim
    return dict(sorted(kept.items()))


def _when(claim: Mapping[str, Any]) -> tuple[int, str]:
    return (claim["at"], claim["event_id"])
