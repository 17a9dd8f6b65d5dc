"""Opening the files of a data folder: the folder itself, the log for its one writer, any of them for readers."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tagway.errors import TagwayError
from tagway.log import binding

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    method TEXT NOT NULL DEFAULT '',
    path TEXT NOT NULL DEFAULT '',
    query TEXT NOT NULL DEFAULT '',
    headers TEXT NOT NULL DEFAULT '{}',
    body BLOB,
    zstd INTEGER NOT NULL DEFAULT 0,
    verified INTEGER NOT NULL DEFAULT 0,
    code TEXT NOT NULL DEFAULT '',
    count INTEGER NOT NULL DEFAULT 1,
    message TEXT NOT NULL DEFAULT '',
    which INTEGER,
    erased TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS log_beside_requests ON log (kind, source, code, count) WHERE kind <> 'request';
CREATE INDEX IF NOT EXISTS log_redriven ON log (message) WHERE kind = 'request' AND code = 'redrive';
"""


def prepare_folder(folder: Path) -> None:
    """Make the data folder: readable by its owner only, and never committed by accident. Raises `TagwayError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix" and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(folder, error) from None


def unwritable(folder: Path, error: OSError) -> TagwayError:
    """What is told of a folder that no data can be kept in."""
    return TagwayError(f"{folder}: no data can be kept here: {error.strerror}; name another folder with --data")


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the log for writing, made when absent. Raises `sqlite3.Error`, and `TagwayError` where it cannot be."""
    prepare_folder(path.parent)
    binding.as_they_are()
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=32)
    for pragma in (
        "page_size = 16384",
        "journal_mode = WAL",
        "synchronous = FULL",
        "fullfsync = ON",
        "busy_timeout = 5000",
        "wal_autocheckpoint = 2000",
        "secure_delete = ON",
    ):
        db.execute(f"PRAGMA {pragma}")
    db.executescript(_SCHEMA)
    return db


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a database of a data folder for reading. Raises `sqlite3.Error`.

    SQLite reads beside files of its own (the index of the write-ahead log). Where it cannot make them, on a medium
    that is read-only or in somebody else's folder, nobody writes either, so the file is read as it stands.
    """
    makes_its_own = os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-shm").exists()
    how = "mode=ro" if makes_its_own else "mode=ro&immutable=1"
    db = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA busy_timeout = 5000")
    db.execute("PRAGMA query_only = ON")
    return db


@contextmanager
def one_moment(db: sqlite3.Connection) -> Iterator[None]:
    """Let all questions to a file within it see the same rows: those of the first question."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("COMMIT")
