"""The engine's stage between validate and resolve: which events are copies of one fact, and which of them goes out.

The rules are `core.taxonomy.twins`, what is known before this batch is `store.twins`; the answer is the same
however the log is cut into batches. The first copy of a fact stays as it is; a later one from another channel
is its duplicate, also where it is the declared truth. A hold keeps nothing from the store, only from delivery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from tagway.config import Config
from tagway.core.events import Event
from tagway.core.taxonomy import Judged, Taxonomy
from tagway.core.taxonomy import twins as rules
from tagway.core.taxonomy.schema import Schema
from tagway.core.taxonomy.twins import Copy, Keys
from tagway.store.twins import Pair, Twins


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """One event that is no exact duplicate, in the order of the log; times in microseconds."""

    seq: int
    event_id: bytes
    judged: Judged
    source: str
    ids: Mapping[str, str]
    at: int
    received_at: int


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """What an event is among its copies: its keys, the first copy's event id, and whether it is a repeat."""

    keys: Keys
    duplicate_of: bytes | None = None
    repeat: bool = False


@dataclass(slots=True)
class _Batch:
    """What is known while one batch is placed."""

    copies: dict[int, list[Copy]] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)


class Pairing:
    """Places events among their copies. Every call is inside a transaction of the engine."""

    def __init__(self, twins: Twins, config: Config, taxonomy: Taxonomy) -> None:
        """Work on the store's side of twins, by the store's holds and the sources' modes."""
        self._twins, self._taxonomy = twins, taxonomy
        self._shops = {name: one.shop for name, one in config.sources.items()}
        self._enforced = frozenset(name for name, one in config.sources.items() if one.mode == "enforce")

    def place(self, arrived: Sequence[Arrived]) -> dict[int, Placed]:
        """Place events, by their sequence number; those that cannot have copies are left out."""
        keyed = [
            (one, schema, keys)
            for one in arrived
            if (schema := self._schema(one)) and (keys := self._keys(one, schema))
        ]
        batch = _Batch()
        placed = {one.seq: self._placed(one, schema, keys, batch) for one, schema, keys in keyed}
        self._twins.write(batch.pairs)
        return placed

    def _schema(self, one: Arrived) -> Schema | None:
        return self._taxonomy.catalogue.schemas.get(one.judged.schema)

    def _keys(self, one: Arrived, schema: Schema) -> Keys | None:
        return rules.keys(schema, one.judged.event, one.ids, self._shops.get(one.source, ""))

    def _placed(self, one: Arrived, schema: Schema, keys: Keys, batch: _Batch) -> Placed:
        seconds = schema.twin.seconds if schema.twin else 0
        others = batch.copies.get(keys.twin)
        if others is None:
            others = batch.copies[keys.twin] = self._twins.copies(keys.twin, self._enforced.__contains__)
        copy = self._copy(one, keys)
        first = rules.first_of(copy, others, seconds)
        repeat = first is None and rules.is_repeat(copy, others, seconds)
        if first is None:
            self._hold(copy, schema)
        else:
            copy = msgspec.structs.replace(copy, first=first.event_id)
            self._pair(first, copy, schema, keys, one, batch)
        others.append(copy)
        del others[: -rules.MOST]
        batch.events[one.seq] = _at_its_time(one)
        return Placed(keys=keys, duplicate_of=copy.first, repeat=repeat)

    def _copy(self, one: Arrived, keys: Keys) -> Copy:
        event = one.judged.event
        return Copy(
            seq=one.seq, event_id=one.event_id, channel=(one.source, event.side, event.raw_name), at=one.at,
            received_at=one.received_at, dedupe=keys.dedupe,
            deliverable=one.source not in self._enforced or not one.judged.violating,
        )  # fmt: skip

    def _hold(self, copy: Copy, schema: Schema) -> None:
        hold = self._taxonomy.hold(schema)
        if copy.deliverable and (due := rules.held_until(copy, schema.truth, hold)) is not None:
            self._twins.hold(copy.seq, due)

    def _pair(self, first: Copy, later: Copy, schema: Schema, keys: Keys, one: Arrived, batch: _Batch) -> None:
        due = self._twins.due(first.seq)
        truth_in_time = due is not None and later.side == rules.truth_side(schema.truth) and later.received_at <= due
        if later.deliverable and (truth_in_time or (due is None and not first.deliverable)):
            self._twins.deliver(first.seq, later.seq, later.received_at)
        if first.side != later.side:
            mine = _at_its_time(one)
            theirs = batch.events.get(first.seq) or self._twins.event(first.seq)
            web, server = (mine, theirs) if later.side == "web" else (theirs, mine)
            found = rules.differences(schema, web, server, (web.moment or 0) - (server.moment or 0))
            batch.pairs.append(Pair(first=first, later=later, key=keys.words, differences=found))


def _at_its_time(one: Arrived) -> Event:
    """The event with the time that counts; nearly always it is its own, and copying costs."""
    event = one.judged.event
    return event if event.timestamp == one.at else replace(event, timestamp=one.at)
