"""Erasing in the data folder's files: rows of a forgotten person, mentions in the rows of others, free pages.

`Erasure` works on the engine's connection to the store; `settle` sees to it that a file keeps no copy in its
write-ahead log or free pages. Both look at the tables that are there rather than at a list of them, so that a
new table cannot be forgotten when a person is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from tagway.core import body
from tagway.core.erasure import Mentions, Span, Tombstone
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
# Files up to this many bytes are rewritten in about a second.
_VACUUM_ALWAYS: Final = 134_217_728
_CHUNK: Final = 16_777_216
# What the store says itself, whatever others call themselves: no text of anybody is in these columns of it.
OURS: Final = frozenset(
    (
        "action", "code", "handle", "kind", "outcome", "other_profile_id", "plugin", "profile_id", "rule", "schema",
        "severity", "shared", "side", "source", "status", "subject_kind", "type", "verdict",
    )
)  # fmt: skip
_OVERLAP: Final = 8_192

# Events of others that carried an identifier at a time when it was the person's.
_CARRIED: Final = """
SELECT e.seq, e.request, e.item, e.properties, e.traits, e.context, e.anonymous_id, e.user_id, e.email, e.cart_id
FROM aliases a JOIN links l ON l.alias_id = a.alias_id JOIN events e ON e.event_id = l.event_id
WHERE a.kind = ? AND a.value = ? AND l.at >= ? AND l.at < ? AND e.status <> 'erased'
"""
_STRIPPED: Final = """
UPDATE events SET properties = ?, traits = ?, context = ?, anonymous_id = ?, user_id = ?, email = ?, cart_id = ?
WHERE seq = ?
"""

Mention = tuple[str, str, str]
"""Kind and value of an identifier, and the JSON pointer of the item that it is to be taken out of."""
Settled = Literal["clean", "vacuumed", "in use"]


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
        it is the identifier alone, a device's up to `now`: whoever has it later is somebody else.
        """
        row = self._db.execute(
            "SELECT profile_id FROM aliases WHERE kind = ? AND value = ? ORDER BY until DESC LIMIT 1", (kind, value)
        ).fetchone()
        if row is None:
            return [_span((kind, value, -_FOREVER, _FOREVER, now, True), devices, now)]
        rows = self._db.execute(
            "SELECT a.kind, a.value, a.since, a.until, a.last_seen, NOT EXISTS ("
            " SELECT 1 FROM aliases o WHERE o.alias_id = a.alias_id AND o.profile_id <> a.profile_id) AS alone"
            " FROM aliases a WHERE a.profile_id = ? ORDER BY a.alias_id, a.since",
            (row[0],),
        ).fetchall()
        return [_span(row, devices, now) for row in rows]

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
            mentions = Mentions([Identifier(*span[:2])], short=True)
            for row in self._db.execute(_CARRIED, span[:4]).fetchall():
                self._db.execute(_STRIPPED, (*_without(row[3:], mentions), row[0]))
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


def sweep(db: sqlite3.Connection, mentions: Mentions, ours: Collection[str] = OURS) -> dict[str, int]:
    """Take every mention out of every table, in the caller's transaction; rows changed, by table that had any.

    `ours` are columns that hold no foreign text.
    """
    db.create_function("mentions", 1, lambda value: _mentions(mentions, value), deterministic=True)
    db.create_function("scrubbed", 1, lambda value: _scrubbed(mentions, value), deterministic=True)
    changed = {table: _sweep_table(db, table, columns, mentions) for table, columns in _tables(db, ours).items()}
    return {table: count for table, count in changed.items() if count}


def sweep_file(path: Path, mentions: Mentions) -> dict[str, int]:
    """`sweep` a database that is not the store, in a transaction of its own."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA busy_timeout = 5000")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        changed = sweep(db, mentions, ours=())
        db.execute("COMMIT")
        return changed
    finally:
        db.close()


def _sweep_table(db: sqlite3.Connection, table: str, columns: Mapping[str, str], mentions: Mentions) -> int:
    changed = 0
    for column, kind in columns.items():
        quick, values = _quick(column, mentions) if kind == "TEXT" else (f'length("{column}") > 16', [])
        where = f'WHERE ({quick}) AND mentions("{column}")'
        if not db.execute(f'SELECT 1 FROM "{table}" {where} LIMIT 1', values).fetchone():
            continue
        update = f'UPDATE OR IGNORE "{table}" SET "{column}" = scrubbed("{column}") {where}'
        changed += db.execute(update, values).rowcount
        # Where a scrubbed value meets one that must be unique, the row says nothing any more: it goes.
        changed += db.execute(f'DELETE FROM "{table}" {where}', values).rowcount
    return changed


def _quick(column: str, mentions: Mentions) -> tuple[str, list[str]]:
    """What SQLite can tell by itself, at a fiftieth of the cost: which texts surely mention nobody."""
    squeezed = f'lower("{column}")'
    for separator in ("%20", "%2b", "%28", "%29", " ", "(", ")", "-", ".", "/", "+"):
        squeezed = f"replace({squeezed}, '{separator}', '')"
    conditions = [" AND ".join([f'instr(lower("{column}"), ?)'] * len(runs)) or "1" for runs in mentions.runs]
    conditions += [f"instr({squeezed}, ?)"] * len(mentions.phones)
    values = [run for runs in mentions.runs for run in runs] + mentions.phones
    return " OR ".join(f"({one})" for one in conditions) or "0", values


def settle(
    path: Path, *, held: Callable[[bytes], bool] | None = None, prints: Collection[bytes] = (), patience: int = 5_000
) -> Settled:
    """Fold a database's write-ahead log into it and empty it; with `held`, see to it that the file is clean.

    Others that hold the file are waited for, `patience` milliseconds. A file of modest size is rewritten at once, a
    larger one only when `held` or one of the `prints` finds something in it: that takes as long as copying it, and
    nobody else can write meanwhile. "in use" says that another process would not let go in time; then the work is
    not done yet.
    """
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute(f"PRAGMA busy_timeout = {patience}")
        db.execute("PRAGMA secure_delete = ON")
        if not _checkpointed(db):
            return "in use"
        if held is None or not _wants_vacuum(path, held, prints):
            return "clean"
        db.execute("VACUUM")
        return "vacuumed" if _checkpointed(db) and not file_holds(path, held) else "in use"
    except sqlite3.OperationalError:
        return "in use"
    finally:
        db.close()


def _wants_vacuum(path: Path, held: Callable[[bytes], bool], prints: Collection[bytes]) -> bool:
    small = path.stat().st_size <= _VACUUM_ALWAYS
    return small or file_holds(path, lambda data: held(data) or any(one in data for one in prints))


def file_holds(path: Path, held: Callable[[bytes], bool]) -> bool:
    """Whether `held` finds something in a file's bytes, read in overlapping pieces."""
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            if held(tail + piece):
                return True
            tail = piece[-_OVERLAP:]
    return False


def is_database(path: Path) -> bool:
    """Whether a file is an SQLite database."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\x00"


def _checkpointed(db: sqlite3.Connection) -> bool:
    return int(db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]) == 0


def _span(row: tuple[Any, ...], devices: tuple[str, ...], now: int) -> Span:
    kind, value, since, until, last_seen, alone = row
    if kind not in devices:
        return Span(kind, value, -_FOREVER, _FOREVER, bool(alone))
    return Span(kind, value, since, min(until, max(now, last_seen) + 1), bool(alone))


def _tables(db: sqlite3.Connection, ours: Collection[str]) -> Mapping[str, Mapping[str, str]]:
    """The columns of every table that can hold foreign text, with their types."""
    tables = db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: {
            one[1]: one[2].upper()
            for one in db.execute(f'PRAGMA table_info("{name}")').fetchall()
            if one[2].upper() not in ("INTEGER", "REAL") and one[1] not in ours
        }
        for (name,) in tables.fetchall()
    }


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


def _mentions(mentions: Mentions, value: Any) -> bool:
    if isinstance(value, str):
        return mentions.within(value.encode("utf-8", "surrogatepass"))
    return isinstance(value, bytes) and mentions.within(value)


def _scrubbed(mentions: Mentions, value: Any) -> Any:
    if isinstance(value, bytes):
        return mentions.masked(value)
    if value[:1] in ("{", "["):
        return mentions.scrubbed_document(value.encode()).decode()
    return mentions.scrubbed_text(value)
