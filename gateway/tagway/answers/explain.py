"""Who somebody is and how that is known: a profile, the evidence of each alias, its timeline and reachability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tagway.config import Config
from tagway.core.events import Identifier
from tagway.identifiers import spelled
from tagway.store.feed import Feed

Json = dict[str, Any]
_EVENTS: Final = 200


def found(feed: Feed, text: str, config: Config) -> Identifier | None:
    """The known identifier that a text means; None when no event has carried it. Raises `PayloadError`."""
    return next((one for one in spelled(text, config) if feed.places(one)), None)


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
        "reachability": _reachability(profile, history),
    }


def _timeline(profile: Mapping[str, Any], history: Sequence[Json]) -> list[Json]:
    events = [{"at": one["timestamp"], "what": "event", **one} for one in history]
    verdicts = [{"what": "verdict", **one} for one in profile["merges"]]
    return sorted([*events, *verdicts], key=lambda one: (one["at"], one["what"]))


def _reachability(profile: Mapping[str, Any], history: Sequence[Json]) -> list[Json]:
    """The spans between the moments at which an email or a phone became known."""
    channels = [(one["first_seen"], one["kind"]) for one in profile["aliases"] if one["kind"] in ("email", "phone")]
    starts = sorted({at for at, _ in channels} | {profile["first_seen"] or ""})
    spans: list[Json] = []
    for place, since in enumerate(starts):
        until = starts[place + 1] if place + 1 < len(starts) else None
        by = sorted({kind for at, kind in channels if at <= since})
        if spans and spans[-1]["by"] == by:
            spans[-1]["until"] = until
        else:
            spans.append({"since": since, "until": until, "reachable": bool(by), "by": by, "events": 0})
    for one in history:
        for span in spans:
            if span["since"] <= one["timestamp"] and (span["until"] is None or one["timestamp"] < span["until"]):
                span["events"] += 1
    return spans
