"""What identity costs by itself: the resolver alone, on a store of its own, in CPU time of this process.

Events are resolved in batches of 1,000 as the engine does it, each batch a transaction. `aliases` browsers are
born first; then come visits of five events each, a tenth of them by people who are signed in.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tagway.config import Identity
from tagway.core.events import Identifier
from tagway.core.identity import Evidence
from tagway.store.files import open_writer
from tagway.store.identities import Identities

_BATCH: Final = 1_000
_VISIT: Final = 5
_SMALL: Final = 1_000


class Town:
    """A store and the people in it; every event comes a millisecond after the one before."""

    def __init__(self, folder: Path) -> None:
        """Make an empty store in a folder."""
        self._db = open_writer(folder)
        self._identities = Identities(self._db, Identity())
        self._at = 1_700_000_000_000_000

    def close(self) -> None:
        """Close the store."""
        self._db.close()

    def event(self, *ids: str, earlier: int = 0) -> Evidence:
        """The next event, `earlier` milliseconds before its turn; an identifier is `kind:value`."""
        self._at += 1_000
        key = hashlib.blake2b(str(self._at).encode(), digest_size=16).digest()
        named = tuple(Identifier(*one.split(":", 1)) for one in ids)
        return Evidence(event_id=key, at=self._at - earlier * 1_000, ids=named)

    def resolve(self, events: Sequence[Evidence], batch: int = _BATCH) -> float:
        """Resolve events; CPU seconds."""
        began = time.process_time()
        for start in range(0, len(events), batch):
            self._db.execute("BEGIN IMMEDIATE")
            self._identities.resolve(events[start : start + batch], 0)
            self._db.execute("COMMIT")
        return time.process_time() - began

    def visits(self, aliases: int, events: int) -> float:
        """CPU seconds an event, for visits by browsers that are known."""
        dice = random.Random(7)  # noqa: S311 - the same visits on every machine
        told: list[Evidence] = []
        while len(told) < events:
            one = dice.randrange(aliases)
            ids = (f"anonymous_id:browser-{one}", f"user_id:customer-{one}")
            told += [self.event(*ids[: 2 if one % 10 == 0 else 1]) for _ in range(_VISIT)]
        return self.resolve(told) / len(told)


FIGURES: Final = {
    "identity_resolve_us": "CPU microseconds of resolving an event in order, with all aliases of the run in the store;"
    " the aim is 10 at 1,000,000",
    "identity_scale_ratio": "events/s with that many aliases over those with 1,000; the aim is at least 0.75",
    "identity_merge_p99_ms": "merging two profiles of 1,000 aliases each, 99 of 100 are below; the aim is 1",
    "identity_refold_10k_s": "CPU seconds of folding 10,000 links again for one late event; the aim is 1",
    "identity_late_ms": "CPU milliseconds of folding in an event that comes late, near the end of 10,000 sign-ins of"
    " one person; only what came since is folded again",
    "identity_star_ratio": "cost of an event in a star a tenth as large over that in the whole; 1 is linear",
    "identity_chain_ratio": "the same of a chain",
}


def figures(aliases: int, events: int, merges: int) -> dict[str, float]:
    """The figures of identity, on a store of `aliases` browsers, over `events` events each, and so many merges."""
    with _town() as small:
        _settle(small, _SMALL)
        few = small.visits(_SMALL, events)
    with _town() as large:
        _settle(large, aliases)
        many = large.visits(aliases, events)
    star, chain = (_linear(shape, aliases // 10) for shape in (_star, _chain))
    return {
        "identity_resolve_us": many * 1e6,
        "identity_scale_ratio": few / many,
        "identity_merge_p99_ms": _merges(merges) * 1e3,
        "identity_refold_10k_s": _refold(10_000),
        "identity_late_ms": _late(10_000) * 1e3,
        "identity_star_ratio": star,
        "identity_chain_ratio": chain,
    }


def _settle(town: Town, aliases: int) -> None:
    """Let browsers be born, and every tenth sign in."""
    for start in range(0, aliases, _BATCH):
        some = range(start, min(start + _BATCH, aliases))
        town.resolve([town.event(f"anonymous_id:browser-{one}") for one in some])
        town.resolve([town.event(f"user_id:customer-{one}", f"anonymous_id:browser-{one}") for one in some[::10]])


def _merges(times: int, size: int = 1_000) -> float:
    """The slowest but for one in a hundred merges of two profiles of so many aliases each, CPU seconds."""
    with _town() as town:
        for place in range(times):
            for side in ("email", "user_id"):
                person = f"{side}:p{place}@example.com"
                browsers = [f"anonymous_id:{side}-{place}-{one}" for one in range(size - 1)]
                town.resolve([town.event(one) for one in browsers])
                town.resolve([town.event(person, one) for one in browsers])
        joins = [town.event(f"user_id:p{place}@example.com", f"email:p{place}@example.com") for place in range(times)]
        took = sorted(town.resolve([one], batch=1) for one in joins)
    return took[int(len(took) * 0.99) - 1]


def _refold(links: int) -> float:
    """CPU seconds of folding a person of so many links again, for an event that comes after all but was before."""
    with _town() as town:
        town.resolve(_star(town, links))
        return town.resolve([town.event("email:hub@example.com", "anonymous_id:late", earlier=links * 2)])


def _late(links: int) -> float:
    """CPU seconds of folding in an event that comes after all of a person's sign-ins, and was before the last few."""
    with _town() as town:
        town.resolve([town.event("user_id:regular", "anonymous_id:browser") for _ in range(links)])
        return town.resolve([town.event("user_id:regular", "anonymous_id:late", earlier=20)])


def _linear(shape: Callable[[Town, int], list[Evidence]], links: int) -> float:
    """What an event of a tenth of a shape costs over what one of the whole costs: 1 when it is linear."""
    costs = []
    for size in (links // 10, links):
        with _town() as town:
            events = shape(town, size)
            costs.append(town.resolve(events) / size)
    return costs[0] / costs[1]


def _star(town: Town, links: int) -> list[Evidence]:
    """One email in many browsers."""
    return [town.event("email:hub@example.com", f"anonymous_id:ray-{one}") for one in range(links)]


def _chain(town: Town, links: int) -> list[Evidence]:
    """Each address with the next one."""
    return [town.event(f"email:l{one}@example.com", f"email:l{one + 1}@example.com") for one in range(links)]


@contextmanager
def _town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="tagway-bench-") as folder:
        town = Town(Path(folder))
        try:
            yield town
        finally:
            town.close()
