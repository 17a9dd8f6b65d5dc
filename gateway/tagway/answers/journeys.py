"""My session: one browser's events held against the journey that was planned.

A browser is paired by a code that stands in the address of a page (`?tagway=CODE`), which every SDK, tag and pixel
sends along. From then on its anonymous ids tell which events are its own. The checklist ticks what came, flags
what is missing, double or out of order, and ends in PASS or FAIL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tagway.store.feed import Feed, Json

PARAMETER: Final = "tagway"
"""The query parameter that carries the pairing code."""

DEFAULT_PLAN: Final = (
    "Product Viewed",
    "Added to Cart",
    "Checkout Started",
    "Email Captured",
    "Order Completed",
)
Mark = Literal["done", "missing", "double", "late", "faulty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One planned event: `late` came after an event planned behind it, `faulty` violates its schema.

    `seqs` are the events that stand for it, in order of time.
    """

    name: str
    mark: Mark
    seqs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """The plan held against what came; `unplanned` are further event names with their counts."""

    ticks: tuple[Tick, ...]
    unplanned: tuple[tuple[str, int], ...]

    @property
    def complete(self) -> bool:
        """Whether every planned event came."""
        return all(tick.seqs for tick in self.ticks)

    @property
    def verdict(self) -> Literal["PASS", "FAIL"]:
        """PASS when every planned event came once, in order and without a fault."""
        return "PASS" if all(tick.mark == "done" for tick in self.ticks) else "FAIL"


def session(feed: Feed, code: str, after: int = 0) -> list[Json]:
    """The events of the browser that is paired by a code, after a position of the log, oldest first."""
    return feed.session(f"{PARAMETER}={code}", after)


def checklist(events: Iterable[Json], plan: Sequence[str] = DEFAULT_PLAN) -> Checklist:
    """Hold events against a plan. Copies that were recognized (`duplicate`) count as double only on their own side.

    A server's copy of a browser's event is the twin that is wanted, so a duplicate from another source is no fault.
    """
    came = sorted(
        (one for one in events if one["status"] != "dead_letter"), key=lambda one: (one["timestamp"], one["seq"])
    )
    ticks: list[Tick] = []
    latest = ""
    for name in plan:
        mine = [one for one in came if one["name"] == name]
        ticks.append(_tick(name, mine, latest))
        if mine:
            latest = max(latest, mine[0]["timestamp"])
    others = Counter(one["name"] for one in came if one["name"] not in plan)
    return Checklist(ticks=tuple(ticks), unplanned=tuple(sorted(others.items())))


def _tick(name: str, mine: Sequence[Json], latest: str) -> Tick:
    if not mine:
        return Tick(name=name, mark="missing")
    seqs = tuple(one["seq"] for one in mine)
    sources = Counter(one["source"] for one in mine)
    if any(count > 1 for count in sources.values()):
        return Tick(name=name, mark="double", seqs=seqs)
    if any(one["status"] == "violating" for one in mine):
        return Tick(name=name, mark="faulty", seqs=seqs)
    return Tick(name=name, mark="late" if mine[0]["timestamp"] < latest else "done", seqs=seqs)
