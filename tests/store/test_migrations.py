"""The store's tables: a blank file ends with exactly those that a person who opens it expects."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database
from tagway.errors import TagwayError
from tagway.store.feed import Feed
from tagway.store.files import open_reader, open_writer
from tagway.store.migrations import migrations
from tagway.testing import InProcess


def test_every_table_of_ours_checks_its_types(tmp_path: Path) -> None:
    db = open_writer(tmp_path)
    tables = [row for row in db.execute("PRAGMA table_list") if row[2] == "table"]
    loose = {row[1] for row in tables if not row[5] and not row[1].startswith("sqlite_")}
    db.close()

    assert loose == {"_sqlite_migrations"}


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_writer(tmp_path).close()
    db = open_writer(tmp_path)
    applied = db.execute("SELECT count(*), count(DISTINCT name) FROM _sqlite_migrations").fetchone()
    db.close()

    assert applied[0] == applied[1]


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    open_writer(tmp_path).close()
    reader = open_reader(tmp_path)

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM events")
    reader.close()


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "100% #data?mode=rw"
    folder.mkdir()
    open_writer(folder).close()
    reader = open_reader(folder)

    assert reader.execute("SELECT count(*) FROM events").fetchone()[0] == 0
    reader.close()


def test_where_there_is_no_store_a_reader_says_so(tmp_path: Path) -> None:
    with pytest.raises(TagwayError, match="nothing is recorded here yet"):
        open_reader(tmp_path)


def test_the_tables_have_names_that_a_person_understands(tmp_path: Path) -> None:
    open_writer(tmp_path).close()
    db = sqlite3.connect(tmp_path / "store.db")
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    db.close()

    assert {"events", "violations", "aliases", "links", "merges", "profiles", "owed", "dead_letters"} <= names


@pytest.mark.parametrize(
    "query",
    [
        "SELECT kind, value, profile_id FROM aliases",
        "SELECT profile_id, user_id, reachable_at, first_seen, last_seen, traits FROM profiles",
        "SELECT verdict, rule, kind, value, profile_id, other_profile_id FROM merges",
        "SELECT status, name, source, timestamp, received_at, anonymous_id, user_id, email, cart_id FROM events",
        "SELECT code, pointer, expected, got, resolution, severity FROM violations",
        "SELECT code, message, pointer, plugin FROM dead_letters",
    ],
)
def test_what_people_ask_of_the_file_is_plain_sql(tmp_path: Path, query: str) -> None:
    open_writer(tmp_path).close()
    db = sqlite3.connect(tmp_path / "store.db")

    assert db.execute(query).fetchall() == []
    db.close()


def test_a_store_whose_tables_are_still_being_made_is_not_read(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "store.db")
    migrations.apply(Database(db), stop_before="m002_identity")

    with pytest.raises(TagwayError, match="has not made the store's tables yet"):
        open_reader(tmp_path)
    migrations.apply(Database(db))
    db.close()
    open_reader(tmp_path).close()


def test_a_folder_that_cannot_be_written_is_read_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with InProcess(tmp_path) as gateway:
        gateway.send("segment", b'{"type": "track", "event": "Seen", "anonymousId": "a1"}', path="/v1/track")
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    feed = Feed(tmp_path)
    assert [event["name"] for event in feed.events()] == ["Seen"]
    assert sorted(tmp_path.iterdir()) == before
    feed.close()
