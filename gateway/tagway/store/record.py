"""The write side: what a folded batch leaves in the store, in one transaction with its position."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from tagway.core import body
from tagway.core.events import Ask, DeadLetter, Event, Violation
from tagway.log import Entry
from tagway.store import files, spellings

_EVENT: Final = "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One item as the store keeps it: what `events` has in its columns."""

    event_id: bytes
    entry: Entry
    event: Event
    dead: DeadLetter | None = None
    plugin: str = ""
    status: str
    duplicate_of: bytes | None = None
    schema: str = ""
    timestamp: int
    at: int | None = None
    """The time that counts for identity; None when it is the timestamp."""
    alias_id: int | None = None
    anonymous_id: str | None = None
    user_id: str | None = None
    email: str | None = None
    cart_id: str | None = None
    violations: tuple[Violation, ...] = ()
    twin_key: int | None = None
    dedupe_key: int | None = None


class Records:
    """Writes batches. One instance per engine; every call is inside an open transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work on the engine's connection."""
        self._db = db
        self._next: int = self._db.execute("SELECT ifnull(max(seq), 0) + 1 FROM events").fetchone()[0]
        self._mappings: dict[int, tuple[Any, int]] = {}

    @property
    def next(self) -> int:
        """The sequence number of the next item to be written."""
        return self._next

    def position(self) -> int:
        """The log's sequence number up to which the store is folded."""
        return files.position(self._db)

    def known(self, event_ids: Sequence[bytes]) -> set[bytes]:
        """Those of the ids that the store has already."""
        found: set[bytes] = set()
        for start in range(0, len(event_ids), 500):
            chunk = event_ids[start : start + 500]
            marks = ",".join("?" * len(chunk))
            rows = self._db.execute(f"SELECT event_id FROM events WHERE event_id IN ({marks})", chunk)
            found.update(row[0] for row in rows)
        return found

    def write(self, items: Sequence[Recorded]) -> int:
        """Write items with their violations and dead letters; the sequence number of the first."""
        first: int = self._next
        self._next += len(items)
        numbered = list(enumerate(items, first))
        self._db.executemany(_EVENT, [self._event(seq, item) for seq, item in numbered])
        violations = [
            (seq, v.code, v.pointer, v.expected, v.got, v.resolution, v.severity, v.origin)
            for seq, item in numbered
            for v in item.violations
        ]
        if violations:
            self._db.executemany(
                "INSERT INTO violations (event, code, pointer, expected, got, resolution, severity, origin)"
                " VALUES (?,?,?,?,?,?,?,?)",
                violations,
            )
        dead = [
            (seq, one.dead.code, one.dead.message, one.dead.pointer, one.plugin) for seq, one in numbered if one.dead
        ]
        if dead:
            self._db.executemany("INSERT INTO dead_letters VALUES (?,?,?,?,?)", dead)
        spellings.tally(self._db, _spelled(items))
        return first

    def ask(self, seq: int, ask: Ask) -> None:
        """Keep what an event asks for."""
        self._db.execute("INSERT INTO asks VALUES (?,?)", (seq, ask))

    def refusals(self, entries: Sequence[Entry], requests: Sequence[int]) -> None:
        """Write what was refused; `requests` has the log sequence number of each item just written, in order."""
        first = self._next - len(requests)
        self._db.executemany(
            "INSERT INTO refusals VALUES (?,?,?,?,?,?,?,?)",
            [
                (one.seq, one.source, one.code, one.message, one.received_at, one.count, one.body is not None,
                 first - 1 + bisect_left(requests, one.seq))
                for one in entries
            ],
        )  # fmt: skip

    def proofs(self, entries: Sequence[Entry]) -> None:
        """Write which secrets and keys opened the way, and when last."""
        last: dict[tuple[str, int], int] = {}
        for one in entries:
            if one.which is not None:
                key = (one.source, one.which)
                last[key] = max(last.get(key, 0), one.received_at)
        self._db.executemany(
            "INSERT INTO proofs VALUES (?,?,?) ON CONFLICT DO UPDATE SET last_at = max(last_at, excluded.last_at)",
            [(source, which, at) for (source, which), at in last.items()],
        )

    def batch(self, *, last: int, requests: int, commands: int, items: int, now: int) -> None:
        """Record that the log is folded up to `last`, and what that was."""
        self._db.execute("INSERT INTO batches VALUES (?,?,?,?,?)", (last, requests, commands, items, now))

    def _event(self, seq: int, item: Recorded) -> tuple[Any, ...]:
        event, entry = item.event, item.entry
        return (
            seq,
            item.event_id,
            entry.seq,
            event.item,
            event.message_id,
            event.type,
            event.name,
            event.raw_name,
            item.status,
            item.duplicate_of,
            entry.source,
            event.side,
            entry.verified,
            event.test,
            item.schema,
            item.timestamp,
            item.timestamp if item.at is None else item.at,
            entry.received_at,
            item.alias_id,
            item.anonymous_id,
            item.user_id,
            item.email,
            item.cart_id,
            _json(event.properties),
            _json(event.traits),
            _json(event.context),
            self._mapping(event),
            item.twin_key,
            item.dedupe_key,
        )

    def _mapping(self, event: Event) -> int | None:
        """The row of the event's mapping: mappings are few and shared, so they are found by identity."""
        if not event.mapping:
            return None
        cached = self._mappings.get(id(event.mapping))
        if cached is not None and cached[0] is event.mapping:
            return cached[1]
        text = _json(event.mapping)
        self._db.execute("INSERT OR IGNORE INTO mappings (mapping) VALUES (?)", (text,))
        (row,) = self._db.execute("SELECT id FROM mappings WHERE mapping = ?", (text,)).fetchone()
        # The mapping itself is kept beside its id, so that the id cannot be taken by another object.
        if len(self._mappings) < 4_096:
            self._mappings[id(event.mapping)] = (event.mapping, row)
        return int(row)


def _spelled(items: Iterable[Recorded]) -> Iterator[tuple[str, str, str]]:
    """Every event with a schema once under no spelling, and once under each that it came with."""
    for one in items:
        if one.schema:
            yield one.entry.source, one.event.name, ""
            if one.violations:
                for sent in {fault.got for fault in one.violations if fault.code == spellings.RESPELLED}:
                    yield one.entry.source, one.event.name, sent


def _json(value: Mapping[str, Any]) -> str:
    return body.encode(value if type(value) is dict else dict(value)).decode() if value else "{}"
