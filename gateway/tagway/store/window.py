"""Windows on the list of events: what the live screen draws, one short read a frame.

Sequence numbers have no gaps, so the list is not held anywhere: a row's place is its number, and a screenful
is read by number when it is drawn. That costs the same at ten events a second and at ten thousand, and a
million events take no memory. Refusals are few; they say after which event they belong.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from tagway.errors import TagwayError
from tagway.store import attribution, decided, filters, persons
from tagway.store.files import open_reader

_T = TypeVar("_T")
_LAST: Final = 2**63 - 1
# Of so many events it costs less to ask each whose it is than to look up everybody that a filter names.
_FEW: Final = 2_000
# How many steps of SQLite's machine go by between two looks whether a question is still wanted: some milliseconds.
_STEPS: Final = 50_000

_OWNED: Final = f"FROM events e {attribution.ATTRIBUTED}"
_LINE: Final = f"""
SELECT e.seq, e.event_id, e.request, e.type, e.name, e.raw_event, e.status, e.duplicate_of, e.source, e.side,
       e.verified, e.timestamp, e.received_at, e.anonymous_id, e.user_id, e.email, e.cart_id, e.properties,
       {attribution.PROFILE_ID} AS profile_id, p.user_id AS person, p.reachable_at,
       {attribution.EMAIL} AS address,
       d.code AS dead_code, d.message AS dead_message, d.plugin
{_OWNED}
LEFT JOIN dead_letters d ON d.event = e.seq
"""

# The columns that a line takes as they are.
_SAME: Final = (
    "seq", "event_id", "request", "type", "name", "raw_event", "status", "source", "side", "timestamp", "received_at",
    "anonymous_id", "user_id", "email", "cart_id", "properties", "profile_id", "person", "address", "reachable_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One violation of a line: its code, the pointer into the event, and `error`, `warn` or `info`."""

    code: str
    pointer: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One identity decision of a line: the verdict on `kind:value`, tried against `subject`."""

    verdict: str
    rule: str
    kind: str
    value: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event as a list shows it. Times are microseconds; `properties` is JSON text.

    `person` and `address` are the profile's user id and email today: who did it, seen from now.
    `reachable_at` is since when that person has an address. `twin` is the event that a duplicate repeats.
    """

    seq: int
    event_id: bytes
    request: int
    type: str
    name: str
    raw_event: str
    status: str
    source: str
    side: str
    verified: bool
    timestamp: int
    received_at: int
    anonymous_id: str | None
    user_id: str | None
    email: str | None
    cart_id: str | None
    properties: str
    profile_id: str | None
    person: str | None
    address: str | None
    reachable_at: int | None
    dead: str
    faults: tuple[Fault, ...] = ()
    decisions: tuple[Decision, ...] = ()
    twin: tuple[str, int] | None = None
    """Source and time (microseconds) of the event that this one repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Refused requests of one source and code in one second (or one, whose body was kept)."""

    request: int
    source: str
    code: str
    message: str
    at: int
    count: int
    kept: bool
    after_event: int


class Match(NamedTuple):
    """An event that a filter finds, and when it happened (microseconds)."""

    seq: int
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Items of one source with one status among some events, and when the last was received."""

    source: str
    status: str
    count: int
    last: int


class Window:
    """A read-only view of the store's lists. Not shared between threads."""

    def __init__(self, folder: Path) -> None:
        """Open the store for reading. Raises `TagwayError` where there is nothing yet."""
        self._db = open_reader(folder)
        filters.prepare(self._db)
        self._version = -1

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def changed(self) -> bool:
        """Whether the store was committed to since the last call."""
        version = int(self._ask("PRAGMA data_version")[0][0])
        changed = version != self._version
        self._version = version
        return changed

    def reach(self) -> tuple[int, int]:
        """The first and the last sequence number; (1, 0) while there is no event."""
        first, last = self._ask("SELECT (SELECT min(seq) FROM events), (SELECT max(seq) FROM events)")[0]
        return (first, last) if last is not None else (1, 0)

    def edition(self) -> tuple[int, int]:
        """What is another one once rows that were there are others: after a replay, or a command such as forget."""
        first, command = self._ask(
            "SELECT (SELECT committed_at FROM batches ORDER BY last LIMIT 1), (SELECT max(seq) FROM commands)"
        )[0]
        return first or 0, command or 0

    def lines(self, seqs: Sequence[int]) -> dict[int, Line]:
        """The lines of some events, by sequence number; those that are gone are left out."""
        if not seqs:
            return {}
        rows = self._ask(f"{_LINE} WHERE e.seq IN ({_marks(seqs)})", seqs)
        faults = self._grouped("violations", "event", [row["seq"] for row in rows], _fault)
        decisions = self._grouped("merges", "event_id", [row["event_id"] for row in rows], _decision)
        twins = self._twins([row["duplicate_of"] for row in rows if row["duplicate_of"]])
        return {
            row["seq"]: _line(row, faults.get(row["seq"], ()), decisions.get(row["event_id"], ()), twins)
            for row in rows
        }

    def cancel_when(self, wanted: Callable[[], bool]) -> None:
        """End a question of this reader soon after `wanted` says so; it then raises `TagwayError`."""
        self._db.set_progress_handler(wanted, _STEPS)

    def matching(self, text: str, *, now: int, after: int = 0, upto: int = _LAST) -> list[Match]:
        """The events that a filter (`core.query`) finds after a sequence number and up to another, ascending.

        Those included that are only not old enough for it yet. Raises `QueryError`.
        """
        condition, values = filters.compiled(text, now, few=upto - after <= _FEW, in_time=True)
        query = f"SELECT e.seq, e.timestamp {_OWNED} WHERE e.seq > ? AND e.seq <= ? AND {condition} ORDER BY e.seq"
        return [Match(*row) for row in self._ask(query, (after, upto, *values))]

    def refusals(self, *, after: int = 0, limit: int = 10_000) -> list[Refusal]:
        """Refusals after a log sequence number, oldest first."""
        query = (
            "SELECT request, source, code, message, at, count, kept, after_event FROM refusals"
            " WHERE request > ? ORDER BY request LIMIT ?"
        )
        return [Refusal(**{**dict(row), "kept": bool(row["kept"])}) for row in self._ask(query, (after, limit))]

    def tally(self, after: int) -> list[Tally]:
        """Items after a sequence number, counted by source and status."""
        # For all events SQLite walks the index by status; for the last ones the pluses keep it from doing so.
        kinds = "+source, +status" if after else "source, status"
        query = (
            "SELECT source, status, count(*) AS count, max(received_at) AS last FROM events"
            f" WHERE seq > ? GROUP BY {kinds}"
        )
        return [Tally(**dict(row)) for row in self._ask(query, (after,))]

    def rules(self) -> list[str]:
        """The codes of all violations that are recorded, sorted."""
        return [row[0] for row in self._ask("SELECT DISTINCT code FROM violations ORDER BY code")]

    def next_fault(self, seq: int, *, back: bool, within: str = "", now: int = 0) -> int | None:
        """The nearest violating event or dead letter after, or before, a sequence number.

        Of the events that the filter `within` finds. Raises `QueryError`.
        """
        # The plus keeps SQLite from sorting all faults for the first of them.
        return self._nearest("+e.status IN ('violating', 'dead_letter')", (), seq, back, within, now)

    def next_of_person(self, seq: int, *, back: bool, within: str = "", now: int = 0) -> int | None:
        """The nearest event of the same profile after, or before, an event, as `next_fault`."""
        rows = self._ask(f"{_LINE} WHERE e.seq = ?", (seq,))
        if not rows or rows[0]["profile_id"] is None:
            return None
        return self._nearest(filters.OF_PROFILE, (rows[0]["profile_id"],) * 2, seq, back, within, now)

    def nearest(self, text: str, seq: int, *, back: bool, within: str = "", now: int = 0) -> int | None:
        """The nearest event that the filter `text` finds, as `next_fault`."""
        condition, values = filters.compiled(text, now)
        return self._nearest(condition, values, seq, back, within, now)

    def decisions(self, which: decided.Which, limit: int) -> tuple[int, list[decided.Verdict]]:
        """How many identity decisions there are, and the newest of them, the latest first."""
        return self._call(lambda: (decided.count(self._db, which), decided.newest(self._db, which, limit)))

    def decisions_on(self, profile_id: str) -> list[decided.Verdict]:
        """The decisions on a profile's identifiers, in the order of event time."""
        return self._call(lambda: decided.of_profile(self._db, profile_id))

    def events_before(self, aliases: Sequence[tuple[str, str]], at: int) -> int:
        """How many events some identifiers had before a moment."""
        return self._call(lambda: decided.events_before(self._db, aliases, at))

    def people(self, text: str = "", limit: int = 200) -> list[persons.Person]:
        """People with an identifier like a text, or those seen lately."""
        if text.strip():
            return self._call(lambda: persons.found(self._db, text, limit))
        return self._call(lambda: persons.lately(self._db, limit))

    def timeline(self, profile_id: str, limit: int = 20_000) -> list[int]:
        """The events of a profile as sequence numbers, in the order in which they happened."""
        return self._call(lambda: persons.timeline(self._db, profile_id, limit))

    def _call(self, ask: Callable[[], _T]) -> _T:
        try:
            return ask()
        except sqlite3.Error as error:
            raise TagwayError(f"the store cannot be read: {error}") from None

    def _ask(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        return self._call(lambda: self._db.execute(query, tuple(values)).fetchall())

    def _nearest(self, where: str, values: tuple[Any, ...], seq: int, back: bool, within: str, now: int) -> int | None:
        condition, more = filters.compiled(within, now)
        beyond, order = ("<", "DESC") if back else (">", "ASC")
        query = (
            f"SELECT e.seq {_OWNED} WHERE e.seq {beyond} ? AND {where} AND {condition} ORDER BY e.seq {order} LIMIT 1"
        )
        rows = self._ask(query, (seq, *values, *more))
        return rows[0][0] if rows else None

    def _grouped(self, table: str, column: str, keys: Sequence[Any], make: Any) -> dict[Any, tuple[Any, ...]]:
        found: dict[Any, tuple[Any, ...]] = {}
        if keys:
            query = f"SELECT * FROM {table} WHERE {column} IN ({_marks(keys)}) ORDER BY id"
            for row in self._ask(query, keys):
                found[row[column]] = (*found.get(row[column], ()), make(row))
        return found

    def _twins(self, ids: Sequence[bytes]) -> dict[bytes, tuple[str, int]]:
        if not ids:
            return {}
        query = f"SELECT event_id, source, received_at, min(seq) FROM events WHERE event_id IN ({_marks(ids)})"
        rows = self._ask(f"{query} GROUP BY event_id", ids)
        return {row[0]: (row[1], row[2]) for row in rows}


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


def _fault(row: sqlite3.Row) -> Fault:
    return Fault(code=row["code"], pointer=row["pointer"], severity=row["severity"])


def _decision(row: sqlite3.Row) -> Decision:
    subject = f"{row['subject_kind']}:{row['subject_value']}"
    return Decision(verdict=row["verdict"], rule=row["rule"], kind=row["kind"], value=row["value"], subject=subject)


def _line(
    row: sqlite3.Row, faults: tuple[Fault, ...], decisions: tuple[Decision, ...], twins: dict[bytes, tuple[str, int]]
) -> Line:
    return Line(
        **{name: row[name] for name in _SAME},
        verified=bool(row["verified"]),
        dead=f"{row['dead_code']}: {row['dead_message']} ({row['plugin']})" if row["dead_code"] else "",
        faults=faults,
        decisions=decisions,
        twin=twins.get(row["duplicate_of"]) if row["duplicate_of"] else None,
    )
