"""Opening `store.db`: one writer (the engine), any number of read-only readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from tagway.errors import TagwayError
from tagway.log import binding, open_read_only
from tagway.store.migrations import migrations

FILE: Final = "store.db"
UNWRITABLE: Final = (sqlite3.OperationalError,)
"""What is raised when the disk is full, the file is held or not made yet: the machine's fault, not a request's."""
UNFIT: Final = (
    TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError, sqlite3.IntegrityError,
)  # fmt: skip
"""What is raised for values that no plugin should make of a request: no JSON, no text, a number beyond all columns."""

_AGAIN: Final = "if it stays so, move it away: the gateway makes it again from the log"
_PRAGMAS: Final = (
    # A random index page is written whole for one entry, twice; smaller ones hold too few events of 1 KB.
    "page_size = 8192",
    "journal_mode = WAL",
    # Whatever a power cut takes is folded again from the log, which is synced.
    "synchronous = NORMAL",
    "busy_timeout = 5000",
    "wal_autocheckpoint = 8000",
    "cache_size = -65536",
    # What is beyond the cache is read where the system has it, without a copy: one alias of a million is.
    "mmap_size = 1073741824",
    "temp_store = MEMORY",
    "secure_delete = ON",
)


def open_writer(folder: Path, file: str = FILE) -> sqlite3.Connection:
    """Open the store for writing, migrated to today's tables; the caller begins and ends transactions.

    Raises `TagwayError` when the file cannot be opened.
    """
    path = folder / file
    binding.as_they_are()
    try:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        with _closed_on_error(db):
            for pragma in _PRAGMAS:
                db.execute(f"PRAGMA {pragma}")
            # Only our own migrations: installed sqlite-utils plugins must not run inside the gateway.
            migrations.apply(Database(db, execute_plugins=False))
    except sqlite3.Error as error:
        raise TagwayError(f"{path}: the store cannot be opened: {error}; {_AGAIN}") from None
    return db


def open_reader(folder: Path, file: str = FILE) -> sqlite3.Connection:
    """Open the store read-only; works on a running gateway, after a crash, and on an old folder.

    Raises `TagwayError` when there is none, or the engine has not made all of its tables yet.
    """
    path = folder / file
    if not path.exists():
        raise TagwayError(f"{path}: nothing is recorded here yet; `tagway up` starts a gateway, --data names a folder")
    try:
        db = open_read_only(path)
        with _closed_on_error(db):
            unmade = migrations.pending(Database(db, execute_plugins=False))
    except sqlite3.Error as error:
        raise TagwayError(f"{path}: the store cannot be read: {error}; {_AGAIN}") from None
    if unmade:
        db.close()
        raise TagwayError(f"{path}: the engine has not made the store's tables yet; start the gateway, or wait for it")
    db.row_factory = sqlite3.Row
    return db


@contextmanager
def _closed_on_error(db: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error:
        db.close()
        raise


def folded_up_to(folder: Path) -> int:
    """The position in the log that a folder's store is folded up to; 0 when there is no store that can be read."""
    try:
        with closing(open_reader(folder)) as db:
            return int(db.execute("SELECT ifnull(max(last), 0) FROM batches").fetchone()[0])
    except (TagwayError, sqlite3.Error):
        return 0


def overwrite(db: sqlite3.Connection, path: Path) -> None:
    """Make an open store what another file is, in one step that readers see whole (SQLite's backup).

    Nothing of what it was stays in the write-ahead log.
    """
    other = sqlite3.connect(path)
    try:
        other.backup(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        other.close()


def replace(folder: Path, path: Path) -> None:
    """Make the store of a folder what another file is, while nobody else writes it."""
    db = open_writer(folder)
    try:
        overwrite(db, path)
    finally:
        db.close()


def copy(folder: Path, file: str) -> None:
    """Copy the store, as it is at this moment, to another file of its folder."""
    remove(folder, file)
    store = open_reader(folder)
    other = sqlite3.connect(folder / file)
    try:
        store.backup(other)
    finally:
        other.close()
        store.close()


def position(db: sqlite3.Connection) -> int:
    """The log's sequence number up to which an open store is folded."""
    return int(db.execute("SELECT ifnull(max(last), 0) FROM batches").fetchone()[0])


def remove(folder: Path, file: str) -> None:
    """Remove a store file with all that belongs to it."""
    for suffix in ("", "-wal", "-shm"):
        (folder / (file + suffix)).unlink(missing_ok=True)
