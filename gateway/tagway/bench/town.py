"""A town for the identity figures: a store with people in it, and what they do next.

All is in event time, an event every millisecond, and resolved as the engine does it: batches of 1,000, each a
transaction. Every draw is from everybody who ever lived in the town, the ones not seen for long as likely as
the ones seen lately: nothing is harder for a cache.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tagway import registry
from tagway.bench.events import view
from tagway.config import Config, Identity
from tagway.core import body, moments
from tagway.core.events import Identifier
from tagway.core.identity import Evidence
from tagway.engine import Fold
from tagway.log import Entry, Log
from tagway.store.files import open_writer
from tagway.store.identities import Identities

_BATCH: Final = 1_000
_SETTLERS: Final = 10_000
_SIGNED: Final = 10
_VISIT: Final = 5
# Of twenty visits: by whom. A new browser's first view is a birth, one event of twenty.
_VISITS: Final = ("new",) * 5 + ("signed in",) * 2 + ("known",) * 13


class Town:
    """`size` browsers were seen in it; the person at every tenth has signed in."""

    def __init__(self, folder: Path, size: int = 0) -> None:
        """Make a store in an empty folder, and let them settle."""
        self.size = size
        self._folder = folder
        self._db = open_writer(folder)
        self._identities = Identities(self._db, Identity())
        self._at = 1_700_000_000_000_000
        self._dice = random.Random(7)  # noqa: S311 - the same visits on every machine
        for start in range(0, size, _SETTLERS):
            some = range(start, min(start + _SETTLERS, size))
            self.resolve([self.event(f"anonymous_id:browser-{one}") for one in some], batch=_SETTLERS)
            self.resolve([self.event(*_person(one)) for one in some[::_SIGNED]], batch=_SETTLERS)
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

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

    def visits(self, events: int) -> list[Evidence]:
        """About so many events, in visits of five views by one browser each."""
        kinds = [self._dice.choice(_VISITS) for _ in range(events // _VISIT)]
        return [self.event(*who) for kind in kinds for who in [self._visitor(kind)] * _VISIT]

    def lookups(self, events: int) -> float:
        """CPU seconds of looking known browsers up by bare SQL: as many as there are visits in so many events."""
        wanted = [f"browser-{self._dice.randrange(self.size)}" for _ in range(events // _VISIT)]
        query = "SELECT alias_id FROM holdings WHERE kind = 'anonymous_id' AND value = ?"
        began = time.process_time()
        for one in wanted:
            self._db.execute(query, (one,)).fetchone()
        return time.process_time() - began

    def fold(self, events: int) -> float:
        """CPU seconds of folding a log of such visits, one event of 1 KB a request, by the whole engine."""
        log = Log(self._folder)
        log.append([self._entry(one) for one in self.visits(events)])
        log.close()
        self._db.close()
        fold = Fold(self._folder, Config(), registry.load(Config()), lambda: self._at)
        began = time.process_time()
        fold.drain()
        took = time.process_time() - began
        fold.close()
        return took

    def _visitor(self, kind: str) -> tuple[str, ...]:
        if kind == "new":
            return (f"anonymous_id:new-{self._at}",)
        one = self._dice.randrange(self.size)
        return _person(one - one % _SIGNED) if kind == "signed in" else (f"anonymous_id:browser-{one}",)

    def _entry(self, evidence: Evidence) -> Entry:
        ids = dict(evidence.ids)
        call = {
            **view(0, moments.write(evidence.at)),
            "messageId": evidence.event_id.hex(),
            "anonymousId": ids["anonymous_id"],
            "userId": ids.get("user_id"),
        }
        return Entry(
            kind="request", source="segment", received_at=evidence.at, method="POST", path="/v1/track", query="",
            headers={}, body=body.encode(call), verified=True,
        )  # fmt: skip


def _person(one: int) -> tuple[str, str]:
    return (f"anonymous_id:browser-{one}", f"user_id:customer-{one}")


@contextmanager
def town(size: int = 0) -> Iterator[Town]:
    """A town in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tagway-bench-") as folder:
        one = Town(Path(folder), size)
        try:
            yield one
        finally:
            one.close()
