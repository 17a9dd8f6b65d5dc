"""Everything that is known about a person, as one JSON document: the answer to a data request."""

from __future__ import annotations

from typing import Any

from tagway.answers.explain import explain
from tagway.core import body
from tagway.core.events import Identifier
from tagway.store.feed import Feed

Json = dict[str, Any]


def exported(feed: Feed, identifier: Identifier) -> Json | None:
    """A person's data by a normalized identifier; None when it is unknown.

    `profile` (identifiers, traits, and how they are known) and `events`, all of them, each with `raw`: what was
    received for it, without what else the same request carried.
    """
    profile = explain(feed, identifier)
    if profile is None:
        return None
    events = feed.events(profile=profile["profile_id"], limit=-1)
    return {"profile": profile, "events": [{**event, "raw": _raw(feed, event)} for event in events]}


def requested(feed: Feed) -> list[Identifier]:
    """The people whose data a vendor has asked for on their behalf, by their strongest identifier, oldest first."""
    return list(dict.fromkeys(feed.asked("export_person")))


def _raw(feed: Feed, event: Json) -> Any:
    data = feed.raw(event["seq"])
    if data is None:
        return None
    try:
        return body.at(body.decode(data), event["item"])
    except body.BodyError:
        return data.decode("utf-8", "replace")
