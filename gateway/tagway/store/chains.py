"""Reading the evidence as a graph: which identifiers were carried together, by which event, with which verdict.

A place in the graph is an identifier as one profile holds it: a device that changed hands is two places, so
that nobody is joined through it who had it at another time. From one to the next leads the event that parted them.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple, TypeVar

from tagway.core import moments
from tagway.core.events import Identifier

Json = dict[str, Any]
REFUSED: Final = frozenset({"retracted", "skipped_illegal", "skipped_conflict", "skipped_shared", "skipped_expired"})
_CHUNK: Final = 500
T = TypeVar("T")


class Place(NamedTuple):
    """An identifier as one profile holds it, from `since` to `until` (microseconds)."""

    alias_id: int
    since: int
    until: int
    identifier: Identifier
    profile_id: str
    shared: str


class Step(NamedTuple):
    """One piece of evidence between two places: the event, and the verdict on the one tried against its subject."""

    start: Place
    end: Place
    event_id: bytes
    at: int
    verdict: str
    rule: str

    @property
    def refused(self) -> bool:
        """Whether this event did not join the two, or parted what was one identifier."""
        return self.verdict in REFUSED or self.start.alias_id == self.end.alias_id


def places(db: sqlite3.Connection, identifier: Identifier) -> list[Place]:
    """Where a normalized identifier is and was, oldest first; empty when it is unknown."""
    return _places(db, "kind = ? AND value = ?", identifier)


def carried_together(db: sqlite3.Connection, one: Identifier, other: Identifier) -> bool:
    """Whether any event has named both of these identifiers."""
    query = (
        "SELECT 1 FROM holdings a JOIN edges e ON e.alias_id = a.alias_id JOIN holdings b ON b.alias_id = e.other_id"
        " WHERE a.kind = ? AND a.value = ? AND b.kind = ? AND b.value = ? LIMIT 1"
    )
    return db.execute(query, (*one, *other)).fetchone() is not None


def steps(db: sqlite3.Connection, place: Place) -> list[Step]:
    """The evidence on a place: one step to each identifier that an event tried against it, or it against.

    And one to who held the same identifier just before, and just after.
    """
    rows = db.execute(
        "SELECT at, event_id, ids FROM links WHERE alias_id = ? AND at >= ? AND at < ? ORDER BY at, event_id",
        (place.alias_id, place.since, place.until),
    ).fetchall()
    events = [(at, event_id, json.loads(ids)) for at, event_id, ids in rows]
    near = _holders(db, {alias for _, _, ids in events for alias in ids})
    verdicts = _verdicts(db, [event_id for _, event_id, _ in events])
    found: list[Step] = []
    for at, event_id, ids in events:
        around = [one for alias in ids if (one := _at(near.get(alias, ()), at)) is not None]
        subject = next((one for one in around if not one.shared), around[0] if around else None)
        if subject is None:
            continue
        tried = [one for one in around if one != subject] if subject.alias_id == place.alias_id else [place]
        for one in tried:
            verdict, rule = verdicts.get((event_id, *one.identifier), ("noop_same_person", ""))
            end = one if subject.alias_id == place.alias_id else subject
            found.append(Step(place, end, event_id, at, verdict, rule))
    return found + _partings(db, place)


def _partings(db: sqlite3.Connection, place: Place) -> list[Step]:
    held = _places(db, "alias_id = ?", (place.alias_id,))
    found: list[Step] = []
    for before, after in itertools.pairwise(held):
        if place in (before, after):
            event_id, verdict, rule = db.execute(
                "SELECT event_id, verdict, rule FROM holdings WHERE alias_id = ? AND since = ? AND until = ?",
                (after.alias_id, after.since, after.until),
            ).fetchone()
            end = after if place == before else before
            found.append(Step(place, end, event_id, after.since, verdict, rule))
    return found


def events(db: sqlite3.Connection, event_ids: Iterable[bytes]) -> dict[bytes, Json]:
    """What is to be said of events by their ids: `seq`, `name`, `source`, `timestamp`; the first copy of each."""
    found: dict[bytes, Json] = {}
    for chunk in _chunks(sorted(set(event_ids))):
        query = (
            "SELECT seq, event_id, name, source, timestamp FROM events"
            f" WHERE event_id IN ({','.join('?' * len(chunk))}) ORDER BY seq DESC"
        )
        for seq, event_id, name, source, timestamp in db.execute(query, chunk).fetchall():
            found[event_id] = {"seq": seq, "name": name, "source": source, "timestamp": moments.write(timestamp)}
    return found


def _holders(db: sqlite3.Connection, aliases: Collection[int]) -> dict[int, list[Place]]:
    found: dict[int, list[Place]] = {}
    for chunk in _chunks(sorted(aliases)):
        for one in _places(db, f"alias_id IN ({','.join('?' * len(chunk))})", chunk):
            found.setdefault(one.alias_id, []).append(one)
    return found


def _places(db: sqlite3.Connection, condition: str, values: Iterable[Any]) -> list[Place]:
    rows = db.execute(
        "SELECT alias_id, since, until, kind, value, profile_id, shared FROM aliases"
        f" WHERE {condition} ORDER BY since, until",
        tuple(values),
    ).fetchall()
    return [Place(row[0], row[1], row[2], Identifier(row[3], row[4]), row[5], row[6]) for row in rows]


def _at(found: Iterable[Place], at: int) -> Place | None:
    return next((one for one in found if one.since <= at < one.until), None)


def _verdicts(db: sqlite3.Connection, event_ids: list[bytes]) -> dict[tuple[bytes, str, str], tuple[str, str]]:
    found: dict[tuple[bytes, str, str], tuple[str, str]] = {}
    for chunk in _chunks(event_ids):
        marks = ",".join("?" * len(chunk))
        query = f"SELECT event_id, kind, value, verdict, rule FROM merges WHERE event_id IN ({marks})"
        found.update({(row[0], row[1], row[2]): (row[3], row[4]) for row in db.execute(query, chunk).fetchall()})
    return found


def _chunks(items: list[T]) -> Iterable[list[T]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
