"""The tables of the store, by sqlite-utils `Migrations`: append-only, each tested blank and from the one before.

Names are for people who open the file. Times are microseconds since the Unix epoch. `events` has one row per
item, whatever became of it; it refers to an alias, never to a profile, so that a merge moves no event rows.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("tagway")


def _run(db: Database, script: str) -> None:
    # Statement by statement: `executescript` would commit the migration's own transaction.
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations()
def m001_events(db: Database) -> None:
    """Items, what was wrong with them, and the batches that recorded them."""
    _run(
        db,
        """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        event_id BLOB NOT NULL,          -- 16 bytes: hash of (source, message_id)
        request INTEGER NOT NULL,        -- log.seq
        item TEXT NOT NULL,              -- JSON pointer of the item in the request's body
        message_id TEXT NOT NULL,
        type TEXT NOT NULL,
        name TEXT NOT NULL,
        raw_event TEXT NOT NULL,
        status TEXT NOT NULL,            -- accepted | violating | duplicate | dead_letter | erased
        duplicate_of BLOB,
        source TEXT NOT NULL,
        side TEXT NOT NULL,
        verified INTEGER NOT NULL,
        test INTEGER NOT NULL,
        "schema" TEXT NOT NULL,
        timestamp INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        alias_id INTEGER,                -- aliases.alias_id of its strongest identifier
        anonymous_id TEXT,
        user_id TEXT,
        email TEXT,
        cart_id TEXT,
        properties TEXT NOT NULL,        -- JSON
        traits TEXT NOT NULL,            -- JSON
        context TEXT NOT NULL,           -- JSON
        mapping INTEGER,                 -- mappings.id
        twin_key INTEGER,                -- hash of what its copies share; NULL for what has no copies
        dedupe_key INTEGER               -- hash of what a repeat of it shares
    ) STRICT;
    CREATE INDEX events_by_id ON events (event_id);
    CREATE INDEX events_by_alias ON events (alias_id, timestamp);
    CREATE INDEX events_by_status ON events (status, source, received_at);
    CREATE INDEX events_by_cart ON events (cart_id) WHERE cart_id IS NOT NULL;
    CREATE INDEX events_by_twin ON events (twin_key) WHERE twin_key IS NOT NULL;
    CREATE TABLE violations (
        id INTEGER PRIMARY KEY,
        event INTEGER NOT NULL,          -- events.seq
        code TEXT NOT NULL,
        pointer TEXT NOT NULL,
        expected TEXT NOT NULL,
        got TEXT NOT NULL,
        resolution TEXT NOT NULL,
        severity TEXT NOT NULL,
        origin TEXT NOT NULL             -- pointer in the raw item
    ) STRICT;
    CREATE INDEX violations_by_event ON violations (event);
    CREATE TABLE spellings (             -- how often a source respells a property of an event
        source TEXT NOT NULL,
        name TEXT NOT NULL,              -- of the event
        spelling TEXT NOT NULL,          -- as `violations.got` has it; empty for all events of the name
        events INTEGER NOT NULL,
        PRIMARY KEY (source, name, spelling)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE twins (
        event INTEGER PRIMARY KEY,       -- events.seq of the later copy
        first INTEGER NOT NULL,          -- events.seq of the first copy
        key TEXT NOT NULL,               -- what they share, in words
        differences TEXT NOT NULL        -- JSON: [{pointer, kind, web, server}]
    ) STRICT;
    CREATE INDEX twins_by_first ON twins (first);
    CREATE TABLE owed (                  -- facts whose first copy is not simply delivered at once
        event INTEGER PRIMARY KEY,       -- events.seq of the first copy
        due INTEGER NOT NULL,            -- not before
        delivered INTEGER NOT NULL       -- events.seq of the copy that goes then
    ) STRICT;
    CREATE TABLE dead_letters (
        event INTEGER PRIMARY KEY,       -- events.seq
        code TEXT NOT NULL,
        message TEXT NOT NULL,
        pointer TEXT NOT NULL,
        plugin TEXT NOT NULL
    ) STRICT;
    CREATE TABLE refusals (
        request INTEGER PRIMARY KEY,     -- log.seq
        source TEXT NOT NULL,
        code TEXT NOT NULL,
        message TEXT NOT NULL,
        at INTEGER NOT NULL,
        count INTEGER NOT NULL,
        kept INTEGER NOT NULL,           -- whether the body is in quarantine
        after_event INTEGER NOT NULL     -- the last events.seq before it: its place in a list of both
    ) STRICT;
    CREATE TABLE mappings (id INTEGER PRIMARY KEY, mapping TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE proofs (
        source TEXT NOT NULL,
        which INTEGER NOT NULL,          -- place of the secret or key in the configuration
        last_at INTEGER NOT NULL,        -- when it last opened the way for a request
        PRIMARY KEY (source, which)
    ) STRICT;
    CREATE TABLE batches (
        last INTEGER PRIMARY KEY,        -- log.seq folded up to here
        requests INTEGER NOT NULL,
        commands INTEGER NOT NULL,
        items INTEGER NOT NULL,
        committed_at INTEGER NOT NULL
    ) STRICT;
    """,
    )


@migrations()
def m002_identity(db: Database) -> None:
    """Aliases, the links that joined them, the decisions, and the profiles."""
    _run(
        db,
        """
    CREATE TABLE aliases (
        alias_id INTEGER NOT NULL,       -- one per (kind, value)
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        since INTEGER NOT NULL,          -- owned from here, plain time
        until INTEGER NOT NULL,          -- up to here, excluded
        profile_id TEXT NOT NULL,
        handle TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        last_seen INTEGER NOT NULL,
        event_id BLOB NOT NULL,          -- the evidence that put it where it is
        verdict TEXT NOT NULL,
        rule TEXT NOT NULL,
        PRIMARY KEY (alias_id, since)
    ) STRICT;
    CREATE INDEX aliases_by_value ON aliases (kind, value);
    CREATE INDEX aliases_by_profile ON aliases (profile_id);
    CREATE TABLE merges (
        id INTEGER PRIMARY KEY,
        event_id BLOB NOT NULL,
        at INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        rule TEXT NOT NULL,
        kind TEXT NOT NULL,              -- the identifier that was tried …
        value TEXT NOT NULL,
        subject_kind TEXT NOT NULL,      -- … against the subject of the event
        subject_value TEXT NOT NULL,
        profile_id TEXT NOT NULL,        -- where the subject is
        other_profile_id TEXT NOT NULL,  -- where the identifier was
        decided_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX merges_by_event ON merges (event_id);
    CREATE TABLE profiles (
        profile_id TEXT PRIMARY KEY,
        user_id TEXT,
        reachable_at INTEGER,            -- since when an email or phone is known
        first_seen INTEGER NOT NULL,
        last_seen INTEGER NOT NULL,
        traits TEXT NOT NULL             -- JSON: name -> {value, at, event_id}
    ) STRICT;
    """,
    )


@migrations()
def m003_commands(db: Database) -> None:
    """Commands that were carried out, and what forgetting leaves."""
    _run(
        db,
        """
    CREATE TABLE commands (
        seq INTEGER PRIMARY KEY,         -- log.seq
        id TEXT NOT NULL,
        action TEXT NOT NULL,
        target TEXT NOT NULL,            -- JSON: a list; empty once what it names is forgotten
        at INTEGER NOT NULL,
        outcome TEXT NOT NULL,           -- done | repeated | faulty | erasing (forgotten, files not yet swept)
        report TEXT NOT NULL             -- JSON: what it did, or what is wrong with it
    ) STRICT;
    CREATE INDEX commands_by_id ON commands (id);
    CREATE TABLE tombstones (
        salt BLOB NOT NULL,
        digest BLOB NOT NULL,            -- salted hash of an erased identifier
        since INTEGER NOT NULL,          -- erased from here, in event time
        until INTEGER NOT NULL,          -- up to here, excluded
        PRIMARY KEY (digest, since, until, salt)
    ) STRICT;
    CREATE TABLE rewrites (
        request INTEGER PRIMARY KEY,     -- log.seq of a row that still holds what is erased here
        mentions TEXT NOT NULL           -- JSON: [kind, value] of what is to be taken out of the rest of it
    ) STRICT;
    CREATE TABLE asks (
        event INTEGER PRIMARY KEY,       -- events.seq
        ask TEXT NOT NULL                -- erase_person | export_person | erase_source
    ) STRICT;
    """,
    )
