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
        at INTEGER NOT NULL,             -- the time that counts for identity: timestamp, bounded where unverified
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
    CREATE INDEX events_by_request ON events (request);
    CREATE INDEX events_by_alias ON events (alias_id, at);
    CREATE INDEX events_by_status ON events (status, source, received_at);
    CREATE INDEX events_by_cart ON events (cart_id) WHERE cart_id IS NOT NULL;
    CREATE INDEX events_by_twin ON events (twin_key) WHERE twin_key IS NOT NULL;
    -- The carts of a period, and the addresses near one: these two grow at their end and cost next to nothing.
    CREATE INDEX events_of_carts ON events (timestamp) WHERE cart_id IS NOT NULL;
    CREATE INDEX events_without_browser ON events (timestamp)
        WHERE email IS NOT NULL AND anonymous_id IS NULL AND cart_id IS NULL;
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
        which INTEGER NOT NULL,          -- place among its secrets, and after them its write keys
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
    CREATE TABLE holdings (
        alias_id INTEGER NOT NULL,       -- one per (kind, value)
        since INTEGER NOT NULL,          -- held from here, plain time
        later INTEGER NOT NULL,          -- whether an interval or epoch after the first
        until INTEGER NOT NULL,          -- up to here, excluded
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        cluster INTEGER NOT NULL,
        handle TEXT NOT NULL,            -- the profile_id that it gives to a profile that it founds
        born BLOB NOT NULL,              -- key of the event that began it, and the place in it
        last_seen INTEGER NOT NULL,      -- kept up for weak identifiers; `aliases` tells it for all
        event_id BLOB NOT NULL,          -- the evidence that put it where it is
        verdict TEXT NOT NULL,
        rule TEXT NOT NULL,
        shared TEXT NOT NULL,            -- the rule by which it joins nobody, else empty
        PRIMARY KEY (alias_id, since, later)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX holdings_by_value ON holdings (value, kind -- in this order, so that no query walks a whole kind
    );
    CREATE INDEX holdings_by_cluster ON holdings (cluster, kind);
    CREATE TABLE clusters (              -- a merge of large profiles moves these, not their holdings
        cluster INTEGER PRIMARY KEY,
        profile INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX clusters_by_profile ON clusters (profile);
    CREATE TABLE people (
        profile INTEGER PRIMARY KEY,
        profile_id TEXT NOT NULL,        -- handle of the first-born alias
        born BLOB NOT NULL,              -- that birth
        touched BLOB NOT NULL,           -- key of the latest event that named one of the aliases
        person TEXT,                     -- the user_id that stands for the person
        user_id TEXT,
        has INTEGER NOT NULL,            -- 1 an email, 2 a phone, 4 a browser
        reachable_at INTEGER,            -- since when an email or phone is known
        size INTEGER NOT NULL,
        traits TEXT NOT NULL             -- JSON: name -> {value, at, event_id}; null was removed
    ) STRICT;
    CREATE INDEX people_by_id ON people (profile_id);
    CREATE VIEW aliases AS
        SELECT h.alias_id, h.kind, h.value, h.since, h.until, p.profile_id, h.handle, h.since AS first_seen,
            max(
                h.since,
                ifnull((SELECT max(e.at) FROM events e WHERE e.alias_id = h.alias_id
                    AND e.at >= h.since AND e.at < h.until), h.since),
                ifnull((SELECT max(l.at) FROM links l WHERE l.alias_id = h.alias_id
                    AND l.at >= h.since AND l.at < h.until), h.since)
            ) AS last_seen,
            h.event_id, h.verdict, h.rule, h.shared
        FROM holdings h JOIN clusters c ON c.cluster = h.cluster JOIN people p ON p.profile = c.profile;
    CREATE TABLE links (                 -- the evidence kept: first sightings, weak sightings, two or more identifiers
        alias_id INTEGER NOT NULL,
        at INTEGER NOT NULL,
        event_id BLOB NOT NULL,
        ids TEXT NOT NULL,               -- JSON: all alias_ids of the event, strongest first
        PRIMARY KEY (alias_id, at, event_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE edges (                 -- which aliases were ever carried together
        alias_id INTEGER NOT NULL,
        kind INTEGER NOT NULL,           -- the other's, 0 is user_id
        other_id INTEGER NOT NULL,
        live INTEGER NOT NULL,           -- whether by an event that is not retracted
        PRIMARY KEY (alias_id, kind, other_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE claims (                -- what events said about their people
        alias_id INTEGER NOT NULL,
        at INTEGER NOT NULL,
        event_id BLOB NOT NULL,
        traits TEXT NOT NULL,            -- JSON
        PRIMARY KEY (alias_id, at, event_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE verdicts (
        id INTEGER PRIMARY KEY,
        event_id BLOB NOT NULL,
        at INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        rule TEXT NOT NULL,
        kind TEXT NOT NULL,              -- the identifier that was tried …
        value TEXT NOT NULL,
        subject_kind TEXT NOT NULL,      -- … against the subject of the event
        subject_value TEXT NOT NULL,
        profile_id TEXT NOT NULL,        -- where the subject was then
        other_profile_id TEXT NOT NULL,  -- where the identifier was then
        decided_at INTEGER NOT NULL,
        UNIQUE (event_id, kind, value)
    ) STRICT;
    CREATE INDEX verdicts_by_alias ON verdicts (kind, value, verdict, at);
    CREATE INDEX verdicts_by_subject ON verdicts (subject_kind, subject_value);
    CREATE INDEX verdicts_refused ON verdicts (verdict) WHERE verdict = 'skipped_conflict';
    CREATE VIEW merges AS                -- the same with the profiles as they are now; what was merged keeps its old id
        SELECT v.id, v.event_id, v.at, v.verdict, v.rule, v.kind, v.value, v.subject_kind, v.subject_value,
            ifnull((SELECT p.profile_id FROM holdings h JOIN clusters c ON c.cluster = h.cluster
                JOIN people p ON p.profile = c.profile
                WHERE h.kind = v.subject_kind AND h.value = v.subject_value AND h.since <= v.at AND h.until > v.at),
                v.profile_id) AS profile_id,
            CASE WHEN v.verdict IN ('attached', 'merged', 'skipped_illegal') THEN v.other_profile_id ELSE
                ifnull((SELECT p.profile_id FROM holdings h JOIN clusters c ON c.cluster = h.cluster
                    JOIN people p ON p.profile = c.profile
                    WHERE h.kind = v.kind AND h.value = v.value AND CASE
                        WHEN v.verdict IN ('handed_over', 'skipped_expired') THEN h.until = v.at
                        ELSE h.since <= v.at AND h.until > v.at END), v.other_profile_id)
                END AS other_profile_id,
            v.decided_at
        FROM verdicts v;
    CREATE TABLE refolds (               -- components too large to refold at once
        alias_id INTEGER PRIMARY KEY,
        since INTEGER NOT NULL,          -- when the earliest event that changed was
        shared TEXT                      -- the rule by which it became shared, empty when it ceased to be, else null
    ) STRICT;
    CREATE VIEW profiles AS
        SELECT p.profile_id, p.user_id,
            (SELECT a.value FROM aliases a WHERE a.profile_id = p.profile_id AND a.kind = 'email'
                ORDER BY a.last_seen DESC, a.value LIMIT 1) AS email,
            (SELECT a.value FROM aliases a WHERE a.profile_id = p.profile_id AND a.kind = 'phone'
                ORDER BY a.last_seen DESC, a.value LIMIT 1) AS phone,
            p.reachable_at,
            (SELECT min(h.since) FROM clusters c JOIN holdings h ON h.cluster = c.cluster
                WHERE c.profile = p.profile) AS first_seen,
            (SELECT max(a.last_seen) FROM aliases a WHERE a.profile_id = p.profile_id) AS last_seen,
            p.traits,
            json_object('email', json(ifnull(json_extract(p.traits, '$.accepts_email'), 'null')),
                'sms', json(ifnull(json_extract(p.traits, '$.accepts_sms'), 'null'))) AS consent,
            EXISTS (SELECT 1 FROM clusters c JOIN holdings h ON h.cluster = c.cluster
                JOIN refolds r ON r.alias_id = h.alias_id WHERE c.profile = p.profile) AS folding
        FROM people p;
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
        mentions TEXT NOT NULL           -- JSON: [kind, value, pointer] of what goes from single items
    ) STRICT;
    CREATE TABLE asks (
        event INTEGER PRIMARY KEY,       -- events.seq
        ask TEXT NOT NULL                -- erase_person | export_person | erase_source | one_person
    ) STRICT;
    """,
    )
