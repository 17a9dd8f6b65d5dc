"""What identity costs: the resolver alone on stores of its own, in CPU time of this process.

Two towns, a small and a large one, take the same visits in turns, so that both meet the same machine; then each
folds a log of such visits by the whole engine.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Final

from tagway.bench.town import Town, town
from tagway.core.identity import Evidence
from tagway.process import collector

_SMALL: Final = 1_000
_TURNS: Final = 5
_FEW: Final = 10

FIGURES: Final = {
    "identity_resolve_us": "CPU microseconds of resolving an event in order, with all aliases of the run in the store,"
    " of which most are in no cache; the aim is 10 at 1,000,000",
    "identity_lookup_ratio": "the same over the bare SQL that looks a visit's browser up, spread over its events",
    "identity_scale_ratio": "events/s of the engine with that many aliases over those with 1,000; the aim is 0.75",
    "identity_resolve_ratio": "the same of the resolver alone; there is no aim",
    "identity_merge_p99_ms": "merging two profiles of 1,000 aliases each, 99 of 100 are below; the aim is 1",
    "identity_refold_10k_s": "CPU seconds of folding 10,000 links again for one late event; the aim is 1",
    "identity_late_ms": "CPU milliseconds of folding in an event that comes late, near the end of 10,000 sign-ins of"
    " one person; only what came since is folded again",
    "identity_star_ratio": "cost of an event in one large star over that in many small ones; 1 is linear",
    "identity_chain_ratio": "the same of a chain",
}


def figures(aliases: int, events: int, merges: int) -> dict[str, float]:
    """The figures of identity, on a store of `aliases` browsers, over `events` events each, and so many merges."""
    collector.settle()  # as the engine does
    return {
        **_visits(aliases, events),
        "identity_merge_p99_ms": _merges(merges) * 1e3,
        "identity_refold_10k_s": _refold(10_000),
        "identity_late_ms": _late(10_000) * 1e3,
        "identity_star_ratio": _linear(_star, aliases // 10),
        "identity_chain_ratio": _linear(_chain, aliases // 10),
    }


def _visits(aliases: int, events: int) -> dict[str, float]:
    with town(_SMALL) as small, town(aliases) as large:
        share = events // _TURNS
        turns = [[small.resolve(small.visits(share)), large.resolve(large.visits(share))] for _ in range(_TURNS)]
        looked = large.lookups(events)
        folded = [one.fold(events) for one in (small, large)]
    few, many = (sum(took) for took in zip(*turns, strict=True))
    return {
        "identity_resolve_us": many / events * 1e6,
        "identity_lookup_ratio": many / looked,
        "identity_scale_ratio": folded[0] / folded[1],
        "identity_resolve_ratio": few / many,
    }


def _merges(times: int, size: int = 1_000) -> float:
    """The slowest but for one in a hundred merges of two profiles of so many aliases each, CPU seconds."""
    with town() as one:
        for place in range(times):
            for side in ("email", "user_id"):
                person = f"{side}:p{place}@example.com"
                browsers = [f"anonymous_id:{side}-{place}-{number}" for number in range(size - 1)]
                one.resolve([one.event(browser) for browser in browsers])
                one.resolve([one.event(person, browser) for browser in browsers])
        joins = [one.event(f"user_id:p{place}@example.com", f"email:p{place}@example.com") for place in range(times)]
        took = sorted(one.resolve([join], batch=1) for join in joins)
    return took[int(len(took) * 0.99) - 1]


def _refold(links: int) -> float:
    """CPU seconds of folding a person of so many links again, for an event that comes after all but was before."""
    with town() as one:
        one.resolve(_star(one, links, links))
        return one.resolve([one.event("email:hub-0@example.com", "anonymous_id:late", earlier=links * 2)])


def _late(links: int) -> float:
    """CPU seconds of folding in an event that comes after all of a person's sign-ins, and was before the last few."""
    with town() as one:
        one.resolve([one.event("user_id:regular", "anonymous_id:browser") for _ in range(links)])
        return one.resolve([one.event("user_id:regular", "anonymous_id:late", earlier=20)])


def _linear(shape: Callable[[Town, int, int], list[Evidence]], links: int) -> float:
    """What an event costs in one shape of so many links, over what it costs in as many links cut into small ones."""
    with town() as whole, town() as cut:
        sides = [(whole, shape(whole, links, links)), (cut, shape(cut, links, _FEW))]
        share = links // _TURNS
        turns = [
            [one.resolve(events[start : start + share]) for one, events in sides] for start in range(0, links, share)
        ]
    return statistics.median(large / small for large, small in turns[1:])


def _star(one: Town, links: int, size: int) -> list[Evidence]:
    """Emails, each in `size` browsers."""
    return [one.event(f"email:hub-{link // size}@example.com", f"anonymous_id:ray-{link}") for link in range(links)]


def _chain(one: Town, links: int, size: int) -> list[Evidence]:
    """Each address with the next one; the chain breaks off after `size`."""
    return [one.event(*_ends(link, link // size)) for link in range(links)]


def _ends(link: int, chain: int) -> tuple[str, str]:
    return (f"email:l{link}-{chain}@example.com", f"email:l{link + 1}-{chain}@example.com")
