"""The read side: what the screen, the command line and `/inspect` see.

Each call is one short read; results are fetched whole, so that no snapshot is held and the write-ahead log can
be reused. `changed` is cheap enough to ask ten times a second. Shapes are those of the public JSON.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tagway.core import body, moments
from tagway.core.events import Identifier
from tagway.core.identity.book import FOREVER
from tagway.errors import TagwayError
from tagway.log import Entry, Log, one_moment
from tagway.store import attribution, carts, chains, commands, faults, files, filters, spellings, twins, verdicts

Json = dict[str, Any]

_EVENTS: Final = (
    f"SELECT e.*, {attribution.PROFILE_ID} AS profile_id, p.reachable_at FROM events e {attribution.ATTRIBUTED}"
)
# A browser is known by the anonymous ids of the events that carry the marker; what follows carries only those.
# `after` is a position of the log: it stays what it is when the store is folded again.
_SESSION: Final = """
WHERE e.request > :after AND (
    instr(e.context, :marker) OR instr(e.properties, :marker)
    OR e.anonymous_id IN (
        SELECT m.anonymous_id FROM events m
        WHERE m.request > :after AND (instr(m.context, :marker) OR instr(m.properties, :marker))
    )
    OR e.cart_id IN (
        SELECT c.cart_id FROM events c WHERE c.request > :after AND c.cart_id IS NOT NULL AND c.anonymous_id IN (
            SELECT m.anonymous_id FROM events m
            WHERE m.request > :after AND (instr(m.context, :marker) OR instr(m.properties, :marker))
        )
    )
)
"""


class Feed:
    """A read-only view of one data folder, open until the end of its `with`. Not shared between threads."""

    def __init__(self, folder: Path) -> None:
        """Open the store and the log for reading. Raises `TagwayError` where there is nothing yet."""
        self._db = files.open_reader(folder)
        filters.prepare(self._db)
        faults.prepare(self._db)
        try:
            self._log = Log(folder, read_only=True)
        except TagwayError:
            self._db.close()
            raise
        self._version = -1

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close both files."""
        self._db.close()
        self._log.close()

    def changed(self) -> bool:
        """Whether the store was committed to since the last call."""
        version = int(self._db.execute("PRAGMA data_version").fetchone()[0])
        changed = version != self._version
        self._version = version
        return changed

    def events(
        self,
        *,
        after: int = 0,
        limit: int = 500,
        status: str | None = None,
        name: str | None = None,
        profile: str | None = None,
        source: str | None = None,
        cart_id: str | None = None,
        matching: str = "",
        now: int = 0,
        newest: bool = False,
    ) -> list[Json]:
        """Events after a sequence number, oldest first, as in `tagway events --json`: the first, or the `newest`.

        `matching` is a filter (`core.query`), whose `age` counts from `now`. Raises `QueryError`.
        """
        wanted = {"e.status": status, "e.name": name, "e.source": source, "e.cart_id": cart_id}
        given: dict[str, tuple[str, ...]] = {
            f"{column} = ?": (value,) for column, value in wanted.items() if value is not None
        }
        if profile is not None:
            given[filters.OF_PROFILE] = (profile, profile)
        condition, values = filters.compiled(matching, now)
        where = " AND ".join(["e.seq > ?", *given, condition])
        query = f"{_EVENTS} WHERE {where} ORDER BY e.seq {'DESC' if newest else 'ASC'} LIMIT ?"
        rows = self._db.execute(query, (after, *itertools.chain(*given.values()), *values, limit)).fetchall()
        return self._events(rows[::-1] if newest else rows)

    def count(self, matching: str = "", now: int = 0) -> int:
        """How many events a filter finds in the whole store; all of them without one. Raises `QueryError`."""
        if not matching.strip():
            return int(self._db.execute("SELECT count(*) FROM events").fetchone()[0])
        condition, values = filters.compiled(matching, now)
        return int(self._db.execute(f"SELECT count(*) FROM ({_EVENTS} WHERE {condition})", values).fetchone()[0])

    def session(self, marker: str, after: int = 0) -> list[Json]:
        """The events of the browsers that sent a marker in a page's address, after a position of the log."""
        # The plus: what a session is looked for in are the last requests, not all events in their order.
        query = f"{_EVENTS} {_SESSION} ORDER BY +e.seq"
        return self._events(self._db.execute(query, {"marker": marker, "after": after}).fetchall())

    def event(self, seq: int) -> Json | None:
        """One event; None when there is none."""
        found = self._events(self._db.execute(f"{_EVENTS} WHERE e.seq = ?", (seq,)).fetchall())
        return found[0] if found else None

    def outcomes(self, request: int) -> list[Json] | None:
        """What became of one logged request; None while it is not folded."""
        if self.position() < request:
            return None
        return self._events(self._db.execute(f"{_EVENTS} WHERE e.request = ? ORDER BY e.seq", (request,)).fetchall())

    def position(self) -> int:
        """The log's sequence number up to which the store is folded."""
        return files.position(self._db)

    def refusals(self, *, after: int = 0, limit: int = 500) -> list[Json]:
        """Refusals after a log sequence number, oldest first."""
        rows = self._db.execute("SELECT * FROM refusals WHERE request > ? ORDER BY request LIMIT ?", (after, limit))
        return [{**dict(row), "at": moments.write(row["at"])} for row in rows.fetchall()]

    def merges(self, *, after: int = 0, limit: int = 500, verdict: str | None = None) -> list[Json]:
        """Verdicts in the order in which they were taken, each with its `id`, after one of them."""
        return verdicts.listed(self._db, after=after, limit=limit, verdict=verdict)

    def proofs(self) -> dict[str, dict[int, int]]:
        """By source: when each of its secrets, and counted on after them its write keys, last matched."""
        found: dict[str, dict[int, int]] = {}
        for source, which, at in self._db.execute("SELECT source, which, last_at FROM proofs").fetchall():
            found.setdefault(source, {})[which] = at
        return found

    def commands(self, *, after: int = 0, limit: int = 500) -> list[Json]:
        """Commands after a position of the log, oldest first: what was to be done, `outcome` and `report`."""
        return commands.recent(self._db, after=after, limit=limit)

    def review(self) -> list[Json]:
        """Refused joins that wait for a person's decision, newest first."""
        return verdicts.review(self._db)

    def duplicates(self) -> list[Json]:
        """Identifiers that are on several profiles, or were tried in vain against another."""
        return verdicts.duplicates(self._db)

    def history(self, profile_id: str, limit: int) -> list[Json]:
        """The last events of a profile, oldest first, in short."""
        return verdicts.history(self._db, profile_id, limit)

    def count_of(self, profile_id: str, since: int, until: int | None) -> int:
        """How many events of a profile happened from a time on, and before another."""
        return verdicts.count_of(self._db, profile_id, since, until)

    def places(self, identifier: Identifier) -> list[chains.Place]:
        """Where a normalized identifier is and was, oldest first; empty when it is unknown."""
        return chains.places(self._db, identifier)

    def steps(self, place: chains.Place) -> list[chains.Step]:
        """The evidence on a place, joined and refused."""
        return chains.steps(self._db, place)

    def carried_together(self, one: Identifier, other: Identifier) -> bool:
        """Whether any event has named both of these identifiers."""
        return chains.carried_together(self._db, one, other)

    def events_by_id(self, event_ids: Iterable[bytes]) -> dict[bytes, Json]:
        """What is to be said of events by their ids: `seq`, `name`, `source`, `timestamp`."""
        return chains.events(self._db, event_ids)

    def user_of(self, profile_id: str) -> str | None:
        """A profile's user_id; None when it has none."""
        row = self._db.execute("SELECT user_id FROM profiles WHERE profile_id = ?", (profile_id,)).fetchone()
        return row["user_id"] if row else None

    def asked(self, ask: str) -> list[Identifier]:
        """Whom verified privacy requests of a sort were about, oldest first: the strongest identifier of each."""
        rows = self._db.execute(
            "SELECT a.kind, a.value FROM asks k CROSS JOIN events e ON e.seq = k.event JOIN aliases a"
            " ON a.alias_id = e.alias_id AND e.at >= a.since AND e.at < a.until"
            " WHERE k.ask = ? AND e.verified ORDER BY e.seq",
            (ask,),
        ).fetchall()
        return [Identifier(row["kind"], row["value"]) for row in rows]

    def sources(self) -> dict[str, Json]:
        """By source: `items` by status, `refused` by code, and what came last.

        `last_seen` and `last_refused` are microseconds, None for never; `last_code` and `last_message` are those
        of the last refusal.
        """
        result: dict[str, Json] = {}
        for source, status, count, at in self._db.execute(
            "SELECT source, status, count(*), max(received_at) FROM events GROUP BY status, source"
        ).fetchall():
            one = result.setdefault(source, _silent_source())
            one["items"][status] = count
            one["last_seen"] = max(one["last_seen"] or 0, at)
        for source, code, count, message, at in self._db.execute(
            "SELECT source, code, sum(count), message, max(at) AS at FROM refusals GROUP BY source, code ORDER BY at"
        ).fetchall():
            one = result.setdefault(source, _silent_source())
            one["refused"][code] = count
            one.update(last_refused=at, last_code=code, last_message=message)
        return result

    def lag(self) -> tuple[int, int]:
        """Rows of the log that are not folded yet, and when the first of them was received (microseconds, or 0)."""
        return self._log.waiting(self.position())

    def ledger(self) -> Json:
        """The ledger: left sides counted from the log, right sides from the store's tables.

        The store is looked at first, at one moment; what the log has more by then is pending.
        """
        with one_moment(self._db), self._log.one_moment():
            folded, items = self._db.execute(
                "SELECT ifnull(sum(requests), 0), ifnull(sum(items), 0) FROM batches"
            ).fetchone()
            by_status = dict(self._db.execute("SELECT status, count(*) FROM events GROUP BY status").fetchall())
            refused = self._db.execute("SELECT ifnull(sum(count), 0) FROM refusals").fetchone()[0]
            pending, unfolded_refusals = self._log.pending(self.position())
            totals = self._log.totals()
        refused += unfolded_refusals
        statuses = {
            name: by_status.get(name, 0)
            for name in ("accepted", "violating", "duplicate", "dead_letter", "erased", "pruned")
        }
        return {
            "requests": {
                "received": totals.taken + totals.refused,
                "taken": totals.taken,
                "refused": refused,
                "folded": folded,
                "pending": pending,
            },
            "items": {"normalized": items, **statuses},
            "destinations": {},
            "balanced": refused == totals.refused
            and totals.taken == folded + pending
            and items == sum(by_status.values()),
        }

    def carts(self, since: int, near: int, cart_id: str | None = None) -> list[carts.CartFacts]:
        """What is recorded of each cart with an event since a time, or of one (see `store.carts`)."""
        return carts.carts(self._db, since, near, cart_id)

    def fault_groups(self, *, now: int, window: int) -> list[faults.FaultGroup]:
        """The violations of a window up to `now`, grouped by rule, event and source (see `store.faults`)."""
        return faults.fault_groups(self._db, now=now, window=window)

    def twins(self) -> list[Json]:
        """The web's and the server's copies of the same facts, oldest pair first, as in `tagway twins --json`."""
        return twins.pairs(self._db)

    def first_received(self) -> int:
        """When the store's first event was received, in microseconds; 0 when there is none."""
        row = self._db.execute("SELECT received_at FROM events ORDER BY seq LIMIT 1").fetchone()
        return int(row[0]) if row else 0

    def last_received(self) -> int:
        """When the store's last event was received, in microseconds; 0 when there is none."""
        row = self._db.execute("SELECT received_at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return int(row[0]) if row else 0

    def profile(self, kind: str, value: str) -> Json | None:
        """The profile that an identifier belongs to now; None when it is unknown."""
        profile_id = attribution.profile_of(self._db, kind, value)
        return self.profile_by_id(profile_id) if profile_id else None

    def raw(self, seq: int) -> bytes | None:
        """The body of the request that an event came from; None when it is gone."""
        entry = self.request(seq)
        return entry.body if entry else None

    def request(self, seq: int) -> Entry | None:
        """The request that an event came from, as logged; None when it is gone."""
        row = self._db.execute("SELECT request FROM events WHERE seq = ?", (seq,)).fetchone()
        return self._log.entry(row["request"]) if row else None

    def mapping(self, seq: int) -> Json:
        """How an event's source says it made the event: canonical pointer to raw pointer; empty when it does not."""
        query = "SELECT m.mapping FROM events e JOIN mappings m ON m.id = e.mapping WHERE e.seq = ?"
        row = self._db.execute(query, (seq,)).fetchone()
        found: Json = body.decode(row["mapping"]) if row else {}
        return found

    def profile_by_id(self, profile_id: str) -> Json | None:
        """A profile, by any id that it ever had; None when there is none."""
        profile_id = attribution.current_id(self._db, profile_id) or profile_id
        aliases = self._db.execute(
            "SELECT * FROM aliases WHERE profile_id = ? ORDER BY first_seen, alias_id", (profile_id,)
        ).fetchall()
        if not aliases:
            return None
        row = self._db.execute("SELECT * FROM profiles WHERE profile_id = ?", (profile_id,)).fetchone()
        merges = attribution.merges(self._db, profile_id)
        events = self._db.execute(
            "SELECT count(*), count(*) FILTER (WHERE e.at < ?2) FROM events e"
            " JOIN aliases a ON a.alias_id = e.alias_id AND e.at >= a.since AND e.at < a.until"
            " WHERE a.profile_id = ?1",
            (profile_id, row["reachable_at"] if row and row["reachable_at"] is not None else 0),
        ).fetchone()
        return {
            "profile_id": profile_id,
            "user_id": row["user_id"] if row else None,
            "emails": [one["value"] for one in aliases if one["kind"] == "email"],
            "phones": [one["value"] for one in aliases if one["kind"] == "phone"],
            "email": row["email"] if row else None,
            "phone": row["phone"] if row else None,
            "traits": attribution.told(body.decode(row["traits"])) if row else {},
            "consent": body.decode(row["consent"]) if row else {},
            "folding": bool(row and row["folding"]),
            "aliases": [_alias(one) for one in aliases],
            "merges": [verdicts.decision(one) for one in merges],
            "events": {"total": events[0], "before_identify": events[1]},
            "first_seen": moments.write(row["first_seen"]) if row else None,
            "last_seen": moments.write(row["last_seen"]) if row else None,
        }

    def _events(self, rows: list[sqlite3.Row]) -> list[Json]:
        found: dict[int, list[Json]] = {}
        dead: dict[int, Json] = {}
        for start in range(0, len(rows), 500):
            chunk = [row["seq"] for row in rows[start : start + 500]]
            places = ",".join("?" * len(chunk))
            query = f"SELECT * FROM violations WHERE event IN ({places}) ORDER BY id"
            for row in self._db.execute(query, chunk).fetchall():
                found.setdefault(row["event"], []).append({key: row[key] for key in _VIOLATION})
            for row in self._db.execute(f"SELECT * FROM dead_letters WHERE event IN ({places})", chunk).fetchall():
                dead[row["event"]] = {key: row[key] for key in _DEAD_LETTER}
        for row in rows:
            spellings.with_counts(self._db, row["source"], row["name"], found.get(row["seq"], []))
        return [_event(row, found.get(row["seq"], []), dead.get(row["seq"])) for row in rows]


_VIOLATION: Final = ("code", "pointer", "expected", "got", "resolution", "severity", "origin")
_DEAD_LETTER: Final = ("code", "message", "pointer", "plugin")


def _silent_source() -> Json:
    return {"items": {}, "refused": {}, "last_seen": None, "last_refused": None, "last_code": "", "last_message": ""}


def _event(row: sqlite3.Row, violations: list[Json], dead_letter: Json | None) -> Json:
    reachable_at = row["reachable_at"]
    return {
        "seq": row["seq"],
        "event_id": row["event_id"].hex(),
        "message_id": row["message_id"],
        "name": row["name"],
        "type": row["type"],
        "status": row["status"],
        "duplicate_of": row["duplicate_of"].hex() if row["duplicate_of"] else None,
        "source": row["source"],
        "side": row["side"],
        "verified": bool(row["verified"]),
        "schema": row["schema"],
        "timestamp": moments.write(row["timestamp"]),
        "received_at": moments.write(row["received_at"]),
        "profile_id": row["profile_id"],
        "anonymous_id": row["anonymous_id"],
        "user_id": row["user_id"],
        "email": row["email"],
        "cart_id": row["cart_id"],
        "properties": body.decode(row["properties"]),
        "traits": body.decode(row["traits"]),
        "violations": violations,
        "dead_letter": dead_letter,
        "reachable": reachable_at is not None and reachable_at <= row["at"],
        "reachable_at": moments.write(reachable_at) if reachable_at is not None else None,
        "raw_event": row["raw_event"],
        "test": bool(row["test"]),
        "request": row["request"],
        "item": row["item"],
    }


def _alias(row: sqlite3.Row) -> Json:
    return {
        "kind": row["kind"],
        "value": row["value"],
        "first_seen": moments.write(row["first_seen"]),
        "last_seen": moments.write(row["last_seen"]),
        "until": moments.write(row["until"]) if row["until"] < FOREVER else None,
        "shared": row["shared"],
        "link": {"event_id": row["event_id"].hex(), "verdict": row["verdict"], "rule": row["rule"]},
    }
