"""Sweeping the databases of the data folder: mentions of a forgotten person out of every table, and out of free pages.

It looks at the tables that are there rather than at a list of them, so that a new table cannot be forgotten when a
person is. What identity knows of the person is gone by then (`store.erase`): this is what others said of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from tagway.core import body
from tagway.core.erasure import Mentions
from tagway.core.identity import traits

# Files up to this many bytes are rewritten in about a second.
_VACUUM_ALWAYS: Final = 134_217_728
_CHUNK: Final = 16_777_216
# What the store says itself, whatever others call themselves: no text of anybody is in these columns of it.
_OURS: Final = frozenset(
    (
        "action", "code", "handle", "kind", "outcome", "other_profile_id", "plugin", "profile_id", "rule", "schema",
        "severity", "shared", "side", "source", "status", "subject_kind", "type", "verdict",
    )
)  # fmt: skip
_OVERLAP: Final = 8_192
# What is said of the people of a profile.
_SAID: Final = """
SELECT m.traits, m.at, m.event_id FROM clusters c JOIN holdings h ON h.cluster = c.cluster
JOIN claims m ON m.alias_id = h.alias_id AND m.at >= h.since AND m.at < h.until
WHERE c.profile = ?
"""

Settled = Literal["clean", "vacuumed", "in use"]


class Column(NamedTuple):
    """A column's type, and whether a row may go without it."""

    type: str
    optional: bool


def sweep_store(db: sqlite3.Connection, mentions: Mentions) -> dict[str, int]:
    """Take every mention out of every table of the store, in the caller's transaction; rows changed, by table.

    Whoever had one said of them has what is left, as if it had never been said.
    """
    _prepare(db, mentions)
    quick, values = _quick("traits", mentions)
    told = db.execute(f"SELECT profile FROM people WHERE ({quick}) AND mentions(traits)", values).fetchall()
    changed = _sweep(db, mentions, _OURS)
    for (profile,) in told:
        said = traits.newest(*(traits.told(body.decode(one), at, by) for one, at, by in db.execute(_SAID, (profile,))))
        db.execute("UPDATE people SET traits = ? WHERE profile = ?", (body.encode(said).decode(), profile))
    return changed


def sweep_file(path: Path, mentions: Mentions, *, patience: int = 5_000) -> dict[str, int]:
    """Take every mention out of a database that is not the store, in a transaction of its own; rows, by table.

    Nothing is taken out where another process does not let go in `patience` milliseconds, or has removed it: what
    `settle` finds says so.
    """
    try:
        db = _opened(path, patience)
    except sqlite3.OperationalError:
        return {}
    try:
        db.execute("BEGIN IMMEDIATE")
        _prepare(db, mentions)
        changed = _sweep(db, mentions, ())
        db.execute("COMMIT")
        return changed
    except sqlite3.OperationalError:
        return {}
    finally:
        db.close()


def _opened(path: Path, patience: int) -> sqlite3.Connection:
    """A connection to a database that is there; it is not made."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    db.execute(f"PRAGMA busy_timeout = {patience}")
    db.execute("PRAGMA secure_delete = ON")
    return db


def _prepare(db: sqlite3.Connection, mentions: Mentions) -> None:
    db.create_function("mentions", 1, lambda value: _mentions(mentions, value), deterministic=True)
    db.create_function("scrubbed", 2, lambda *given: _scrubbed(mentions, *given), deterministic=True)


def _sweep(db: sqlite3.Connection, mentions: Mentions, ours: Collection[str]) -> dict[str, int]:
    changed = {table: _sweep_table(db, table, columns, mentions) for table, columns in _tables(db, ours).items()}
    return {table: count for table, count in changed.items() if count}


def _sweep_table(db: sqlite3.Connection, table: str, columns: Mapping[str, Column], mentions: Mentions) -> int:
    changed = 0
    for column, (kind, optional) in columns.items():
        quick, values = _quick(column, mentions) if kind == "TEXT" else (f'length("{column}") > 16', [])
        where = f'WHERE ({quick}) AND mentions("{column}")'
        if not db.execute(f'SELECT 1 FROM "{table}" {where} LIMIT 1', values).fetchone():
            continue
        update = f'UPDATE OR IGNORE "{table}" SET "{column}" = scrubbed("{column}", {optional:d}) {where}'
        changed += db.execute(update, values).rowcount
        # Where a scrubbed value meets one that must be unique, the row says nothing any more: it goes.
        changed += db.execute(f'DELETE FROM "{table}" {where}', values).rowcount
    return changed


def _quick(column: str, mentions: Mentions) -> tuple[str, list[str]]:
    """What SQLite can tell by itself, at a fiftieth of the cost: which texts surely mention nobody."""
    if mentions.many:  # SQLite takes only so many conditions
        return "1", []
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
    not done yet; a file that is gone meanwhile is clean.
    """
    try:
        db = _opened(path, patience)
    except sqlite3.OperationalError:
        return "in use" if path.exists() else "clean"
    try:
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


def _tables(db: sqlite3.Connection, ours: Collection[str]) -> Mapping[str, Mapping[str, Column]]:
    """The columns of every table that can hold foreign text."""
    tables = db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: {
            one[1]: Column(one[2].upper(), optional=not one[3])
            for one in db.execute(f'PRAGMA table_info("{name}")').fetchall()
            if one[2].upper() not in ("INTEGER", "REAL") and one[1] not in ours
        }
        for (name,) in tables.fetchall()
    }


def _mentions(mentions: Mentions, value: Any) -> bool:
    if isinstance(value, str):
        return mentions.within(value.encode("utf-8", "surrogatepass"))
    return isinstance(value, bytes) and mentions.within(value)


def _scrubbed(mentions: Mentions, value: Any, optional: int) -> Any:
    if isinstance(value, bytes):
        return mentions.masked(value)
    if value[:1] in ("{", "["):
        return mentions.scrubbed_document(value.encode()).decode()
    return None if optional and mentions.is_one(value) else mentions.scrubbed_text(value)
