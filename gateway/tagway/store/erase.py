"""Erasing a forgotten person in the store: their rows, and what rows of others say by their identifiers.

What else mentions them, in the store and in the other files of the folder, `store.sweep` takes out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from tagway.core import body
from tagway.core.erasure import Mentions, Span, Tombstone, digest
from tagway.core.events import Identifier
from tagway.store import files, spellings

_FOREVER: Final = 2**62
# What is left is what a fold of the rewritten log gives.
_BLANK: Final = """
UPDATE events SET event_id = zeroblob(16), message_id = '', type = 'track', name = '', raw_event = '',
    status = 'erased', duplicate_of = NULL, side = 'server', test = 0, "schema" = '',
    timestamp = received_at, at = received_at,
    alias_id = NULL, anonymous_id = NULL, user_id = NULL, email = NULL, cart_id = NULL, properties = '{}',
    traits = '{}', context = '{}', mapping = NULL, twin_key = NULL, dedupe_key = NULL
WHERE seq IN (SELECT seq FROM temp.erasing)
"""
# Events of others that carried an identifier at a time when it was the person's.
_CARRIED: Final = """
SELECT e.seq, e.request, e.item, l.event_id, l.at, l.ids,
    e.properties, e.traits, e.context, e.anonymous_id, e.user_id, e.email, e.cart_id
FROM aliases a JOIN links l ON l.alias_id = a.alias_id JOIN events e ON e.event_id = l.event_id
WHERE a.kind = ? AND a.value = ? AND l.at >= ? AND l.at < ? AND e.status <> 'erased'
"""
_STRIPPED: Final = """
UPDATE events SET properties = ?, traits = ?, context = ?, anonymous_id = ?, user_id = ?, email = ?, cart_id = ?
WHERE seq = ?
"""

Mention = tuple[str, str, str]
"""Kind and value of an identifier, and the JSON pointer of the item that it is to be taken out of."""


class Erasure:
    """The store's side of forgetting. Every call is inside a transaction of the engine."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work on the engine's connection."""
        self._db = db
        db.execute("CREATE TEMP TABLE IF NOT EXISTS erasing (seq INTEGER PRIMARY KEY)")

    def salts(self) -> list[bytes]:
        """The salts in use: the folder's one, and those of logs that were brought together."""
        return [row[0] for row in self._db.execute("SELECT DISTINCT salt FROM tombstones ORDER BY salt").fetchall()]

    def bury(self, stones: Iterable[Tombstone]) -> None:
        """Keep tombstones; those that stand already stay."""
        self._db.executemany("INSERT OR IGNORE INTO tombstones VALUES (?,?,?,?)", stones)

    def lift(self, digests: Iterable[bytes]) -> int:
        """Remove tombstones, so that what they covered may come back; how many there were."""
        return sum(self._db.execute("DELETE FROM tombstones WHERE digest = ?", (one,)).rowcount for one in digests)

    def spans(self, kind: str, value: str, devices: tuple[str, ...], now: int) -> list[Span]:
        """The identifiers of the person whom a normalized identifier belongs to now, and when they were theirs.

        Those of the person themselves and weak keys are theirs for ever; those of `devices` kinds for the
        intervals in which the person had them, an open one up to `now` or the last sighting. Of somebody unknown
        it is the identifier alone, a device's up to `now`: whoever has it later is somebody else. Where the last who
        had a device is forgotten already, whoever had it before them is not meant.
        """
        row = self._db.execute(
            "SELECT profile_id, since, last_seen FROM aliases WHERE kind = ? AND value = ? ORDER BY until DESC LIMIT 1",
            (kind, value),
        ).fetchone()
        if row is None:
            since = self._last_forgotten(kind, value)
            return [_span((kind, value, since, _FOREVER, since, True), devices, now)]
        if kind in devices and self._forgotten_since(kind, value, *row[1:]):
            return []
        rows = self._db.execute(
            "SELECT a.kind, a.value, a.since, a.until, a.last_seen, NOT EXISTS ("
            " SELECT 1 FROM aliases o WHERE o.alias_id = a.alias_id AND o.profile_id <> a.profile_id) AS alone"
            " FROM aliases a WHERE a.profile_id = ? ORDER BY a.alias_id, a.since",
            (row[0],),
        ).fetchall()
        return [_span(row, devices, now) for row in rows]

    def _forgotten_since(self, kind: str, value: str, since: int, last_seen: int) -> bool:
        """Whether a later holder of a device than the one since then was forgotten, and it was not seen again."""
        query = "SELECT 1 FROM tombstones WHERE digest = ? AND since > ? AND until > ?"
        stones = [(digest(salt, kind, value), since, last_seen) for salt in self.salts()]
        return any(self._db.execute(query, one).fetchone() for one in stones)

    def _last_forgotten(self, kind: str, value: str) -> int:
        """Since when the last who is forgotten had an identifier; since ever when nobody is."""
        query = "SELECT max(since) FROM tombstones WHERE digest = ?"
        found = [self._db.execute(query, (digest(salt, kind, value),)).fetchone()[0] for salt in self.salts()]
        return max((since for since in found if since is not None), default=-_FOREVER)

    def lately(self, limit: int) -> list[tuple[int, int, str]]:
        """Of the last events of people: the request, the alias, and all that the store has of what it says."""
        return self._db.execute(
            "SELECT request, alias_id, name || char(10) || raw_event || properties || traits || context FROM events"
            " WHERE alias_id IS NOT NULL AND status <> 'erased' ORDER BY seq DESC LIMIT ?",
            (limit,),
        ).fetchall()

    def own_words(self) -> str:
        """What the store says in its own words: its tables, and the names of the events that it knows."""
        tables = self._db.execute("SELECT sql FROM main.sqlite_master WHERE sql IS NOT NULL").fetchall()
        names = self._db.execute("SELECT DISTINCT name FROM events WHERE \"schema\" <> ''").fetchall()
        return "\n".join(row[0] for row in (*tables, *names))

    def shared_beside(self, spans: Iterable[Span]) -> list[Identifier]:
        """The identifiers of too many people that events of this person carried, and that are not their own."""
        found = [
            Identifier(*row)
            for span in spans
            for row in self._db.execute(
                "SELECT DISTINCT other.kind, other.value FROM aliases mine JOIN links l ON l.alias_id = mine.alias_id"
                " JOIN json_each(l.ids) j JOIN aliases other ON other.alias_id = j.value"
                " WHERE mine.kind = ? AND mine.value = ? AND other.shared NOT IN ('', 'blocked')",
                span[:2],
            ).fetchall()
        ]
        mine = {Identifier(span.kind, span.value) for span in spans}
        return sorted(set(found) - mine)

    def person(self, spans: Iterable[Span]) -> int:
        """Blank the events on these identifiers, with all that hangs on them; how many."""
        self._db.execute("DELETE FROM temp.erasing")
        self._db.executemany(
            "INSERT OR IGNORE INTO temp.erasing SELECT e.seq FROM aliases a JOIN events e ON e.alias_id = a.alias_id"
            " AND e.at >= a.since AND e.at < a.until"
            " WHERE a.kind = ? AND a.value = ? AND e.at >= ? AND e.at < ?",
            [span[:4] for span in spans],
        )
        return self._blank()

    def folded(self) -> int:
        """The log's sequence number up to which the store is folded."""
        return files.position(self._db)

    def source(self, source: str) -> int:
        """Blank every event of a source, and let go of what its quarantine holds; how many events."""
        kept = self._db.execute("SELECT request FROM refusals WHERE source = ? AND kept", (source,)).fetchall()
        for (request,) in kept:
            self.owe_rewrite(request)
        self._db.execute("UPDATE refusals SET kept = 0 WHERE source = ?", (source,))
        self._db.execute("DELETE FROM temp.erasing")
        self._db.execute("INSERT INTO temp.erasing SELECT seq FROM events WHERE source = ?", (source,))
        return self._blank()

    def void(self, spans: Iterable[Span]) -> None:
        """Let go of commands that name an identifier which nobody has any more: here, and of their rows in the log."""
        gone = {f"{one.kind}:{one.value}" for one in spans if one.alone or one.until == _FOREVER}
        rows = self._db.execute("SELECT seq, target FROM commands WHERE target <> '[]'").fetchall()
        for seq, target in rows:
            if not gone.isdisjoint(body.decode(target)):
                self._db.execute("UPDATE commands SET target = '[]' WHERE seq = ?", (seq,))
                self.owe_rewrite(seq)

    def mentioned(self, requests: Iterable[int]) -> None:
        """Note rows that mention a person; what never became an event there goes as a whole."""
        for request in requests:
            self._db.execute("DELETE FROM temp.erasing")
            self._db.execute(
                "INSERT INTO temp.erasing SELECT seq FROM events WHERE seq BETWEEN ? AND ? AND status = 'dead_letter'",
                self._seqs(request),
            )
            self._blank()
            self._db.execute("UPDATE refusals SET kept = 0 WHERE request = ?", (request,))
            self.owe_rewrite(request)

    def strip(self, spans: Iterable[Span]) -> None:
        """Take these identifiers out of the events of others that carried them, before identity does."""
        for span in spans:
            rows = self._db.execute(_CARRIED, span[:4]).fetchall()
            mentions = Mentions([Identifier(*span[:2])] if rows else [], short=True)
            for row in rows:
                self._db.execute(_STRIPPED, (*_without(row[6:], mentions), row[0]))
                self._unsay(mentions, *row[3:6])
                self.owe_rewrite(row[1], [(span.kind, span.value, row[2])])

    def owe_rewrite(self, request: int, mentions: Iterable[Mention] = ()) -> None:
        """Note a row of the log that still holds what is erased here, and what else is to go from which item."""
        owed = self._db.execute("SELECT mentions FROM rewrites WHERE request = ?", (request,)).fetchone()
        known = [tuple(one) for one in body.decode(owed[0])] if owed else []
        text = body.encode(list(dict.fromkeys([*known, *mentions]))).decode()
        self._db.execute("INSERT OR REPLACE INTO rewrites VALUES (?,?)", (request, text))

    def owed_rewrites(self) -> dict[int, list[Mention]]:
        """The rows noted by `owe_rewrite`, with their mentions."""
        rows = self._db.execute("SELECT request, mentions FROM rewrites ORDER BY request").fetchall()
        return {request: [tuple(one) for one in body.decode(mentions)] for request, mentions in rows}

    def items(self, requests: Iterable[int]) -> dict[int, dict[str, tuple[int, int]]]:
        """Of each request: by item pointer, how many of its events are erased, and how many there are."""
        query = "SELECT item, sum(status = 'erased'), count(*) FROM events WHERE seq BETWEEN ? AND ? GROUP BY item"
        return {
            request: {item: (erased, count) for item, erased, count in self._db.execute(query, self._seqs(request))}
            for request in requests
        }

    def rewritten(self, requests: Iterable[int]) -> None:
        """Take rows off the list of `owe_rewrite`."""
        self._db.executemany("DELETE FROM rewrites WHERE request = ?", [(one,) for one in requests])

    def _unsay(self, mentions: Mentions, event_id: bytes, at: int, ids: str) -> None:
        """Take mentions out of what an event said about its person, which identity then lets them have anew."""
        where = "event_id = ? AND at = ? AND alias_id IN (SELECT value FROM json_each(?))"
        said = self._db.execute(f"SELECT traits FROM claims WHERE {where}", (event_id, at, ids)).fetchone()
        if said is not None:
            left = body.encode(mentions.scrubbed(body.decode(said[0]))).decode()
            self._db.execute(f"UPDATE claims SET traits = ? WHERE {where}", (left, event_id, at, ids))

    def _seqs(self, request: int) -> tuple[int, int]:
        """The first and last sequence number of a request's events, which rise with requests."""
        return self._first(request), self._first(request + 1) - 1

    def _first(self, request: int) -> int:
        low, high = 1, self._db.execute("SELECT ifnull(max(seq), 0) + 1 FROM events").fetchone()[0]
        while low < high:
            middle = (low + high) // 2
            (found,) = self._db.execute("SELECT request FROM events WHERE seq = ?", (middle,)).fetchone()
            low, high = (middle + 1, high) if found < request else (low, middle)
        return int(low)

    def _blank(self) -> int:
        requests = "SELECT DISTINCT request FROM events WHERE seq IN (SELECT seq FROM temp.erasing)"
        for (request,) in self._db.execute(requests).fetchall():
            self.owe_rewrite(request)
        spellings.erase(self._db)
        for table, column in _hanging(self._db):
            self._db.execute(f'DELETE FROM "{table}" WHERE "{column}" IN (SELECT seq FROM temp.erasing)')
        return self._db.execute(_BLANK).rowcount


def _span(row: tuple[Any, ...], devices: tuple[str, ...], now: int) -> Span:
    kind, value, since, until, last_seen, alone = row
    if kind not in devices:
        return Span(kind, value, -_FOREVER, _FOREVER, bool(alone))
    return Span(kind, value, since, min(until, max(now, last_seen) + 1), bool(alone))


def _hanging(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """The tables whose rows belong to one event, or to it and a later copy, with the column that names it."""
    return [
        (name, one[1])
        for (name,) in db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
        for one in db.execute(f'PRAGMA table_info("{name}")').fetchall()
        if one[1] in ("event", "first")
    ]


def _without(values: Sequence[str | None], mentions: Mentions) -> list[str | None]:
    """The JSON columns of an event scrubbed, and the identifier columns, NULL where they are one."""
    documents = [body.encode(mentions.scrubbed(body.decode(text or "{}"))).decode() for text in values[:3]]
    return documents + [None if text is None or mentions.is_one(text) else text for text in values[3:]]
