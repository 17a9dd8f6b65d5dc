"""Violations grouped for people: what is wrong, how often, since when, is it new, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tagway.core import moments
from tagway.store.faults import FaultGroup
from tagway.store.feed import Feed

# A group that was silent for a day and is back has regressed; one that is younger than a day is new.
QUIET: Final = moments.DAY
Mark = Literal["", "new", "regressed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A group of violations and whether it is new or back again."""

    group: FaultGroup
    mark: Mark


def violations(feed: Feed, *, now: int, window: int = moments.DAY) -> tuple[Marked, ...]:
    """The groups of violations received in the `window` before `now` (microseconds), most frequent first."""
    seen_since = feed.first_received()
    return tuple(
        Marked(group=one, mark=mark(one, now, seen_since)) for one in feed.fault_groups(now=now, window=window)
    )


def mark(group: FaultGroup, now: int, seen_since: int) -> Mark:
    """New: began within a day, when the store is older than that. Regressed: back after a quiet day."""
    if group.first_at >= now - QUIET:
        return "new" if seen_since < now - QUIET else ""
    return "regressed" if group.before_at is not None and group.again_at - group.before_at >= QUIET else ""
