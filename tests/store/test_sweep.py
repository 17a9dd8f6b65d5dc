"""Databases of the folder that others work with while a person is forgotten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tagway.core.erasure import Mentions
from tagway.core.events import Identifier
from tagway.store.sweep import settle, sweep_file

ANA = Mentions([Identifier("email", "ana@example.com")])


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE told (kind TEXT NOT NULL, who TEXT)")
        db.executemany("INSERT INTO told VALUES (?, ?)", [("to ana@example.com", "ana@example.com"), ("to bo", "bo")])
    return path


def test_mentions_go_from_every_table_of_a_file_and_from_its_free_pages(other: Path) -> None:
    assert sweep_file(other, ANA) == {"told": 2}
    assert settle(other, held=ANA.within) == "vacuumed"
    with closing(sqlite3.connect(other)) as db:
        assert db.execute("SELECT * FROM told").fetchall() == [("to [erased]", None), ("to bo", "bo")]
    assert b"ana@" not in other.read_bytes()


def test_a_file_that_another_process_holds_is_left_and_said_to_be_in_use(other: Path) -> None:
    with closing(sqlite3.connect(other, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert sweep_file(other, ANA, patience=1) == {}
        assert settle(other, held=ANA.within, patience=1) == "in use"


def test_a_file_that_is_gone_is_clean_and_not_made_again(tmp_path: Path) -> None:
    assert sweep_file(tmp_path / "gone.db", ANA) == {}
    assert settle(tmp_path / "gone.db", held=ANA.within) == "clean"
    assert list(tmp_path.iterdir()) == []
