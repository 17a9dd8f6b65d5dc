"""The fold of the request log into the store. Normalize, validate, resolve, record: one straight line.

`Fold` does it, a batch at a time, in one transaction with its position in the log, so that a crash repeats
nothing and skips nothing. `tagway.process.engine` is its process; it buries a request that kills or hangs it.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tagway import catalogue
from tagway.commands import asked
from tagway.config import Config
from tagway.core import body
from tagway.core.erasure import Remains
from tagway.core.events import DeadLetter, Event, Violation
from tagway.engine.commanding import Commanding
from tagway.engine.forgetting import Forgetting
from tagway.engine.items import (
    NOBODY,
    Item,
    arrived,
    cookie_of,
    dead_item,
    dead_letter,
    event_id,
    evidence,
    of_browser,
    recorded,
    strip,
)
from tagway.engine.pairing import Pairing
from tagway.log import Entry, Log
from tagway.registry import ConfiguredSource, Registry
from tagway.store.feed import Feed
from tagway.store.files import FILE as STORE
from tagway.store.files import UNFIT, open_writer, overwrite, remove
from tagway.store.identities import Identities
from tagway.store.record import Records
from tagway.store.twins import Twins

_logger = logging.getLogger("tagway.engine")
_ROWS: Final = 1_000
_TRIAL: Final = "trial.db"
_CRASHED: Final = DeadLetter(
    code="engine_crash", message="the engine ended twice while it worked on this request alone; its log says how"
)
_UNPROVEN: Final = Violation(
    code="unproven_request",
    pointer="",
    expected="a request with a valid signature",
    got="an unverified one",
    resolution="Give the source its secret, so that what it asks for is done; or do it by `tagway forget` or `merges`.",
)


class Fold:
    """Folds the log of a data folder into its store. One writer per folder.

    A trial fold goes into another file of the folder, and touches nothing else: it obeys no privacy request,
    rewrites no row of the log, and tells no observer.
    """

    def __init__(
        self, folder: Path, config: Config, registry: Registry, now: Callable[[], int], *, trial: str = ""
    ) -> None:
        """Open the log and the store, or the store file of a `trial`. `now` gives microseconds."""
        self._folder, self._config, self._registry, self._now = folder, config, registry, now
        self._taxonomy = catalogue.load(config, registry)
        self._log = Log(folder, read_only=bool(trial))
        self._db = open_writer(folder, trial or STORE)
        self._feed = Feed(folder) if registry.observers and not trial else None
        self._forgetting = None if trial else Forgetting(folder, self._db, self._log)
        self._poison: dict[int, DeadLetter] = {}
        self._position, self._reach = 0, _ROWS
        self._attach()

    def close(self) -> None:
        """Close both files."""
        self._log.close()
        self._db.close()

    @property
    def position(self) -> int:
        """The log's sequence number up to which the store is folded."""
        return self._position

    def last(self) -> int:
        """The log's last sequence number."""
        return self._log.last()

    def bury(self, request: int, letter: DeadLetter = _CRASHED) -> None:
        """Make a request a dead letter when its turn comes, without showing it to its plugin again."""
        self._poison[request] = letter

    def drain(self, until: int | None = None) -> int:
        """Fold everything that is in the log, or up to a position; the number of rows folded."""
        total = 0
        self.tidy()
        while folded := self.step(_ROWS if until is None else min(_ROWS, until - self._position)):
            total += folded
            self.tidy()
        while self.refold():
            pass
        return total

    def step(self, rows: int = _ROWS) -> int:
        """Fold the next batch in one transaction; the number of log rows folded, 0 when there are none."""
        self._refresh()
        read = self._log.read(self._position, rows=min(rows, self._reach)) if rows else []
        if not read:
            return 0
        entries = _up_to_a_command(read)
        # Where commands stand close to each other, what follows them is not read again for each.
        self._reach = min(_ROWS, 2 * (self._reach if len(entries) == len(read) else len(entries)))
        try:
            with self._transaction():
                first, count = self._fold(entries)
        except UNFIT as error:
            self._narrow(entries, error)
            return self.step(rows)
        self._position = entries[-1].seq
        self._observe(first, count)
        return len(entries)

    def _narrow(self, entries: Sequence[Entry], error: Exception) -> None:
        """Go on with less than a batch that cannot be recorded; a dead letter for the one request that it is.

        Raises what it is given where that does not help.
        """
        seq = entries[0].seq
        if len(entries) > 1:
            self._reach = len(entries) // 2
        elif seq in self._poison:
            raise error
        else:
            _logger.error("log row %s cannot be recorded", seq, exc_info=error)
            self.bury(seq, dead_letter(error))

    def refold(self) -> bool:
        """When there is time: fold one component of identities again that was too large for a step.

        Whether there was one.
        """
        self._refresh()
        with self._transaction():
            return self._identities.refold_next(self._now())

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._stale = True
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:  # SQLite itself rolls back where the disk fails
                self._db.execute("ROLLBACK")
        self._stale = False

    def tidy(self) -> bool:
        """After a step: erase from the files of the folder what the store has erased. Takes as long as it takes.

        Whether the store was folded anew for that.
        """
        if self._forgetting is None or not self._forgetting.finish():
            return False
        with trial(self._folder, self._config, self._registry, self._now) as anew:
            overwrite(self._db, anew)
        self._attach()
        return True

    def _refresh(self) -> None:
        """Take the write side anew where the last transaction did not end well, so that no cache outlives it."""
        if self._stale:
            self._attach()

    def _attach(self) -> None:
        """Take the write side as the store stands."""
        self._stale = True
        self._records, self._identities = Records(self._db), Identities(self._db, self._config.identity)
        self._pairing = Pairing(Twins(self._db), self._config, self._taxonomy)
        self._commanding = Commanding(self._db, self._identities, self._config.identity, self._forgetting)
        self._position = self._records.position()
        self._stale = False

    def _fold(self, entries: Sequence[Entry]) -> tuple[int, int]:
        """The stages, in order, over one batch; the first item's sequence number and their count."""
        requests = [entry for entry in entries if entry.kind == "request"]
        commands = [entry for entry in entries if entry.kind == "command"]
        now = self._now()
        items = [item for entry in requests for item in self._items(entry)]
        self._mark_duplicates(items)
        self._resolve(items, now)
        self._pair(items)
        first = self._records.write([recorded(item) for item in items])
        self._note_asks(items, first)
        refused = [entry for entry in entries if entry.kind == "refused"]
        self._records.refusals(refused, [item.entry.seq for item in items])
        self._records.proofs(requests)
        for command in commands:
            self._commanding.obey(command, now, poisonous=command.seq in self._poison)
        self._records.batch(
            last=entries[-1].seq, requests=len(requests), commands=len(commands), items=len(items), now=now
        )
        return first, len(items)

    def _items(self, entry: Entry) -> Iterable[Item]:
        """The items of a request; of a row that a forget has rewritten, what is left and a blank for what is not."""
        if not entry.erased:
            return self._normalize(entry)
        remains = Remains.read(entry.erased)
        left = [] if entry.body is None else [one for one in self._normalize(entry) if not remains.covers(one.pointer)]
        gone = [
            Item(entry, NOBODY, pointer=pointer, erased=True, timestamp=entry.received_at)
            for pointer, count in remains.items.items()
            for _ in range(count)
        ]
        return sorted([*left, *gone], key=lambda one: body.order(one.pointer))

    def _normalize(self, entry: Entry) -> Iterable[Item]:
        """Stages 4 and 5: the plugin's events, each held against the taxonomy; a dead letter where that fails."""
        bound = self._registry.sources.get(entry.source)
        if bound is None:
            message = f"source {entry.source!r} is not configured any more"
            yield dead_item(entry, DeadLetter(code="unknown_source", message=message), 0, "")
            return
        if (letter := self._poison.get(entry.seq)) is not None:
            yield dead_item(entry, letter, 0, bound.source.name)
            return
        place = 0
        try:
            for place, one in enumerate(bound.source.normalize(entry.request(bound.config.options))):
                if isinstance(one, DeadLetter):
                    yield dead_item(entry, one, place, bound.source.name)
                else:
                    yield self._judged(entry, one, bound)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - third-party code: keep the body, name the plugin
            yield dead_item(entry, dead_letter(error), place + 1, bound.source.name)

    def _judged(self, entry: Entry, event: Event, bound: ConfiguredSource) -> Item:
        judged = self._taxonomy.judge(of_browser(event, entry), entry.source, entry.received_at)
        timestamp = entry.received_at if event.moment is None else event.moment
        if event.asks and not entry.verified:
            judged = msgspec.structs.replace(judged, violations=(*judged.violations, _UNPROVEN))
        item = Item(
            entry,
            event_id(entry, event),
            pointer=event.item,
            judged=judged,
            plugin=bound.source.name,
            timestamp=timestamp,
        )
        for kind, value in judged.identifiers:
            item.ids.setdefault(kind, value)
        return item

    def _mark_duplicates(self, items: Sequence[Item]) -> None:
        """The same message again is a duplicate, whenever and in whatever batch it comes."""
        alive = [item for item in items if item.judged is not None]
        seen = self._records.known([item.event_id for item in alive])
        for item in alive:
            if item.event_id in seen:
                item.duplicate_of = item.event_id
            seen.add(item.event_id)

    def _pair(self, items: Sequence[Item]) -> None:
        """A later copy of the same fact from another source or side is a duplicate; a repeat is only remarked."""
        fresh = {
            seq: (item, item.judged)
            for seq, item in enumerate(items, self._records.next)
            if item.judged is not None and item.duplicate_of is None and not item.erased
        }
        placed = self._pairing.place([arrived(seq, *pair) for seq, pair in fresh.items()])
        for seq, place in placed.items():
            item, judged = fresh[seq]
            item.keys, item.duplicate_of = place.keys, place.duplicate_of
            if place.repeat:
                item.judged = self._taxonomy.repeated(judged, item.entry.source, item.entry.received_at)

    def _resolve(self, items: Sequence[Item], now: int) -> None:
        """Stage 6: every event is evidence, whatever its status. A forgotten person's leaves nothing but a count."""
        judged = [(item, item.judged) for item in items if item.judged is not None]
        resolutions = self._identities.resolve([evidence(item, one, self._shop(item)) for item, one in judged], now)
        for (item, one), resolution in zip(judged, resolutions, strict=True):
            item.alias_id, item.at, item.erased = resolution.alias_id, resolution.at, resolution.erased
            if resolution.stripped and not resolution.erased:
                strip(item, one, resolution.stripped)
            if self._forgetting is not None and (resolution.erased or resolution.stripped):
                gone = cookie_of(item) if item.erased else resolution.stripped
                self._forgetting.owe(item.entry.seq, item.pointer, gone)

    def _shop(self, item: Item) -> str:
        return self._registry.sources[item.entry.source].config.shop

    def _note_asks(self, items: Sequence[Item], first: int) -> None:
        """Note what a vendor's webhooks ask for; a proven request becomes a command of its own in the log."""
        for seq, item in enumerate(items, first):
            if item.judged is None or item.erased or not item.judged.event.asks:
                continue
            self._records.ask(seq, item.judged.event.asks)
            if not item.entry.verified or item.duplicate_of or self._forgetting is None:
                continue
            command = asked(item.judged.event.asks, item.judged.identifiers, item.entry, item.event_id)
            if command is not None:
                # Before the commit: after a crash it is written again, and is one command by its id.
                self._log.append([command])

    def _observe(self, first: int, count: int) -> None:
        """Tell the observers, after the commit; what one of them raises is logged and never ours."""
        if self._feed is None or not count:
            return
        outcomes = self._feed.events(after=first - 1, limit=count)
        for observer in self._registry.observers:
            try:
                observer(outcomes)
            except Exception:
                _logger.exception("an observer of outcomes_recorded failed")


@contextlib.contextmanager
def trial(
    folder: Path, config: Config, registry: Registry, now: Callable[[], int], *, until: int | None = None
) -> Iterator[Path]:
    """Fold the log of a folder, up to a position, through these plugins and rules into another file.

    The file is gone afterwards.
    """
    remove(folder, _TRIAL)
    fold = Fold(folder, config, registry, now, trial=_TRIAL)
    try:
        fold.drain(until)
        fold.close()
        yield folder / _TRIAL
    finally:
        fold.close()
        remove(folder, _TRIAL)


def _up_to_a_command(entries: list[Entry]) -> list[Entry]:
    """A batch cut so that a command stands alone: what was logged before it is folded before it."""
    place = next((place for place, entry in enumerate(entries) if entry.kind == "command"), None)
    return entries if place is None else entries[: max(place, 1)]
