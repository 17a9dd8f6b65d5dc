"""The log's file, `log.db`: its rows, appended in groups, read from a position.

Sequence numbers have no gaps (one writer, `AUTOINCREMENT`), so requests are counted by subtraction and the hot
path carries no secondary index.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import zstandard

from tagway.core.events import Request
from tagway.errors import TagwayError
from tagway.log.opening import one_moment, open_read_only, open_writer

FILE: Final = "log.db"
Kind = Literal["request", "refused", "command"]

# Bodies below this many bytes cost more to compress than to write.
_COMPRESS_FROM: Final = 4_096
_COLUMNS: Final = (
    "kind, source, received_at, method, path, query, headers, body, zstd, verified, code, count, message, which, erased"
)
_INSERT: Final = f"INSERT INTO log ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_REWRITE: Final = f"UPDATE log SET ({_COLUMNS}) = (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) WHERE seq = ?"
# What one entry can be guilty of: text that is no Unicode, a number or a body beyond what SQLite holds.
_UNSTORABLE: Final = (ValueError, TypeError, OverflowError, sqlite3.DataError, sqlite3.IntegrityError)
REDRIVE: Final = "redrive"
"""The `code` of a request that was in quarantine; its `message` is the quarantined row's sequence number."""
_QUARANTINED: Final = """
FROM log AS q WHERE kind = 'refused' AND body IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM log AS r WHERE r.kind = 'request' AND r.code = 'redrive' AND r.message = CAST(q.seq AS TEXT)
)
"""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the log, to be written or as read (`seq` is 0 until written).

    `body` is as received and inflated once; None where a refusal keeps none. `count` is 1 but for counting
    rows. `message` says why a request was refused; for a command `body` is its JSON. `which` is the place of the
    secret or key, among the configured, that opened the way for a request. `erased` is empty until a `forget`
    rewrites the row (`core.erasure.Remains`).
    """

    kind: Kind
    source: str
    received_at: int
    method: str = ""
    path: str = ""
    query: str = ""
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    verified: bool = False
    code: str = ""
    count: int = 1
    message: str = ""
    which: int | None = None
    erased: str = ""
    seq: int = 0

    def request(self, options: Mapping[str, Any]) -> Request:
        """The request as a source's `normalize` takes it."""
        return Request(
            source=self.source,
            method=self.method,
            path=self.path,
            query=self.query,
            headers=self.headers or {},
            body=self.body or b"",
            received_at=self.received_at,
            verified=self.verified,
            options=options,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the log holds, counted from its rows."""

    taken: int
    refused: int
    commands: int
    first: int
    last: int


class Log:
    """The log file: append groups, read from a position. Not shared between threads."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        """Open the log of a data folder, made when absent. Raises `TagwayError` when it cannot be."""
        self._compress = zstandard.ZstdCompressor(level=1)
        self._decompress = zstandard.ZstdDecompressor()
        path = self._path = folder / FILE
        try:
            self._db = open_read_only(path) if read_only else open_writer(path)
            self._inode = path.stat().st_ino
            try:
                self.last()  # a file that opens may still be no log
            except sqlite3.Error:
                self._db.close()
                raise
        except sqlite3.Error as error:
            raise TagwayError(f"{path}: the log cannot be opened: {error}") from None

    def close(self) -> None:
        """Close the file; the last closer folds the write-ahead log into it."""
        self._db.close()

    def append(self, entries: Iterable[Entry]) -> list[int]:
        """Write entries in one durable transaction; their sequence numbers, in order.

        All or none. Raises `sqlite3.Error`, and `TagwayError` for an entry that no row can hold.
        """
        try:
            rows = [self._row(entry) for entry in entries]
            with self._transaction():
                self._db.executemany(_INSERT, rows)
                (last,) = self._db.execute("SELECT last_insert_rowid()").fetchone()
        except _UNSTORABLE as error:
            raise TagwayError(f"it cannot be stored: {error}") from None
        return list(range(last - len(rows) + 1, last + 1))

    def append_each(self, entries: Sequence[Entry]) -> Sequence[int | TagwayError]:
        """Write entries in one durable transaction, but for those that no row can hold.

        In order, each entry's sequence number or its own fault. Raises `sqlite3.Error` when none was written.
        """
        try:
            return self.append(entries)
        except TagwayError:
            with self._transaction():
                return [self._insert(entry) for entry in entries]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._check_that_it_is_there()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def _check_that_it_is_there(self) -> None:
        """Refuse to write what nobody will find: a file that is deleted or moved can be written on."""
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                return
        raise sqlite3.OperationalError(f"{self._path} was moved or deleted; start the gateway anew")

    def _insert(self, entry: Entry) -> int | TagwayError:
        try:
            return self._db.execute(_INSERT, self._row(entry)).lastrowid or 0
        except _UNSTORABLE as error:
            # The statement alone is undone: the transaction, and the rest of its group, go on.
            return TagwayError(f"it cannot be stored: {error}")

    def rewrite(self, entries: Iterable[Entry]) -> None:
        """Write entries over what their sequence numbers held, in one durable transaction: only to erase."""
        with self._transaction():
            for entry in entries:
                self._db.execute(_REWRITE, (*self._row(entry), entry.seq))

    def packed(self, entry: Entry) -> bytes | None:
        """The body as a row of the log stores it."""
        body = entry.body
        return self._compress.compress(body) if body is not None and len(body) >= _COMPRESS_FROM else body

    def read(self, after: int, *, rows: int = 1_000, size: int = 1_048_576) -> list[Entry]:
        """The entries after a position, at most `rows` or about `size` bytes of bodies (at least one)."""
        found: list[Entry] = []
        total = 0
        cursor = self._db.execute(f"SELECT seq, {_COLUMNS} FROM log WHERE seq > ? ORDER BY seq LIMIT ?", (after, rows))
        for row in cursor:
            found.append(self._entry(row))
            total += len(found[-1].body or b"")
            if total >= size:
                cursor.close()
                break
        return found

    def last(self) -> int:
        """The last sequence number; 0 while the log is empty."""
        return int(self._db.execute("SELECT ifnull(max(seq), 0) FROM log").fetchone()[0])

    def entry(self, seq: int) -> Entry | None:
        """One entry; None when there is none."""
        row = self._db.execute(f"SELECT seq, {_COLUMNS} FROM log WHERE seq = ?", (seq,)).fetchone()
        return self._entry(row) if row else None

    def quarantined(self, source: str | None = None) -> Iterator[Entry]:
        """The refused requests whose bodies were kept and that were not redriven, oldest first."""
        rows = self._db.execute(
            f"SELECT seq, {_COLUMNS} {_QUARANTINED} AND (?1 IS NULL OR source = ?1) ORDER BY seq", (source,)
        ).fetchall()
        return (self._entry(row) for row in rows)

    def quarantine_sizes(self) -> dict[str, tuple[int, int]]:
        """Rows and bytes in quarantine, by source."""
        rows = self._db.execute(f"SELECT source, count(*), sum(length(body)) {_QUARANTINED} GROUP BY source")
        return {source: (count, size or 0) for source, count, size in rows}

    def one_moment(self) -> contextlib.AbstractContextManager[None]:
        """Within it a reader sees the log as it is at the first question."""
        return one_moment(self._db)

    def totals(self) -> Totals:
        """Count the log: sequence numbers have no gaps, so requests are what the small index does not hold."""
        # Two questions: SQLite answers each from one end of the log, but both at once by reading all of it.
        first, last = self._db.execute(
            "SELECT ifnull((SELECT min(seq) FROM log), 0), ifnull((SELECT max(seq) FROM log), 0)"
        ).fetchone()
        beside: dict[str, tuple[int, int]] = {
            kind: (rows, count)
            for kind, rows, count in self._db.execute(
                "SELECT kind, count(*), sum(count) FROM log WHERE kind <> 'request' GROUP BY kind"
            )
        }
        rows = last - first + 1 if last else 0
        return Totals(
            taken=rows - sum(one[0] for one in beside.values()),
            refused=beside.get("refused", (0, 0))[1],
            commands=beside.get("command", (0, 0))[0],
            first=first,
            last=last,
        )

    def pending(self, position: int) -> tuple[int, int]:
        """Requests taken, and requests refused, after a position."""
        rows = self._db.execute("SELECT kind, count(*), sum(count) FROM log WHERE seq > ? GROUP BY kind", (position,))
        counts = {kind: (count, total) for kind, count, total in rows}
        return counts.get("request", (0, 0))[0], counts.get("refused", (0, 0))[1]

    def waiting(self, position: int) -> tuple[int, int]:
        """How many rows follow a position, and when the first of them was received; (0, 0) when none does."""
        (last,) = self._db.execute("SELECT ifnull(max(seq), 0) FROM log").fetchone()
        row = self._db.execute("SELECT received_at FROM log WHERE seq > ? ORDER BY seq LIMIT 1", (position,)).fetchone()
        return (last - position, row[0]) if row else (0, 0)

    def _row(self, entry: Entry) -> tuple[Any, ...]:
        body = self.packed(entry)
        return (
            entry.kind,
            entry.source,
            entry.received_at,
            entry.method,
            entry.path,
            entry.query,
            msgspec.json.encode(entry.headers).decode() if entry.headers else "{}",
            body,
            body is not entry.body,
            entry.verified,
            entry.code,
            entry.count,
            entry.message,
            entry.which,
            entry.erased,
        )

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        seq, kind, source, received_at, method, path, query, headers, body, packed, verified, *rest = row
        code, count, message, which, erased = rest
        return Entry(
            seq=seq,
            kind=kind,
            source=source,
            received_at=received_at,
            method=method,
            path=path,
            query=query,
            headers=msgspec.json.decode(headers) if headers != "{}" else {},
            body=self._decompress.decompress(body) if packed else body,
            verified=bool(verified),
            code=code,
            count=count,
            message=message,
            which=which,
            erased=erased,
        )
