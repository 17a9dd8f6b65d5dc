"""Who somebody is and how that is known: a profile, the evidence of each alias, its timeline and reachability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tagway.config import Config
from tagway.core import moments
from tagway.core.events import Identifier
from tagway.core.identity.kinds import RANK
from tagway.identifiers import spelled
from tagway.store.feed import Feed

Json = dict[str, Any]
PROFILE: Final = "profile_id"
"""What stands for a kind where somebody is named by the id of their profile."""
_EVENTS: Final = 200
_CHANNELS: Final = ("email", "phone")


def found(feed: Feed, text: str, config: Config) -> Identifier | None:
    """The known identifier that a text means; None when no event has carried it. Raises `PayloadError`.

    `profile_id:…` means the strongest identifier of the profile that was ever known by that id.
    """
    kind, _, value = text.partition(":")
    if kind == PROFILE:
        return _strongest(feed.profile_by_id(value.strip().lower()))
    return next((one for one in spelled(text, config) if feed.places(one)), None)


def _strongest(profile: Json | None) -> Identifier | None:
    aliases = [Identifier(one["kind"], one["value"]) for one in (profile or {}).get("aliases", ())]
    return min(aliases, key=lambda one: RANK[one.kind], default=None)


def explain(feed: Feed, identifier: Identifier) -> Json | None:
    """The profile of a normalized identifier (`tagway explain --json`); None when it is unknown.

    To the profile's own shape come `timeline`, its last events and the verdicts on its identifiers in event
    time, and `reachability`: spans from `since` to `until` with the number of `events` in each, `reachable` or
    not, and by which channels (`by`).
    """
    profile = feed.profile(*identifier)
    if profile is None:
        return None
    history = feed.history(profile["profile_id"], _EVENTS)
    named = feed.events_by_id(bytes.fromhex(one["link"]["event_id"]) for one in profile["aliases"])
    aliases = [{**one, "event": named.get(bytes.fromhex(one["link"]["event_id"]))} for one in profile["aliases"]]
    return {
        **profile,
        "aliases": aliases,
        "timeline": _timeline(profile, history),
        "reachability": _reachability(feed, profile),
    }


def _timeline(profile: Mapping[str, Any], history: Sequence[Json]) -> list[Json]:
    events = [{"at": one["timestamp"], "what": "event", **one} for one in history]
    verdicts = [{"what": "verdict", **one} for one in profile["merges"]]
    return sorted([*events, *verdicts], key=lambda one: (moments.read(one["at"]), one["what"]))


def _reachability(feed: Feed, profile: Mapping[str, Any]) -> list[Json]:
    """The spans between the moments at which an email or a phone became known."""
    channels = [(_micros(one["first_seen"]), one["kind"]) for one in profile["aliases"] if one["kind"] in _CHANNELS]
    starts = sorted({at for at, _ in channels} | {_micros(profile["first_seen"])})
    spans: list[tuple[int, list[str]]] = []
    for since in starts:
        by = sorted({kind for at, kind in channels if at <= since})
        if not spans or spans[-1][1] != by:
            spans.append((since, by))
    ends = [*(since for since, _ in spans[1:]), None]
    return [
        {
            "since": moments.write(since),
            "until": None if until is None else moments.write(until),
            "reachable": bool(by),
            "by": by,
            "events": feed.count_of(profile["profile_id"], since, until),
        }
        for (since, by), until in zip(spans, ends, strict=True)
    ]


def _micros(text: str | None) -> int:
    return (moments.read(text) if text else None) or 0
