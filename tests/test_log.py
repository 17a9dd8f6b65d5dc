"""The request log: durable before acknowledged, gap-free, bounded, and exact in what it gives back."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tagway.errors import RefusedError, TagwayError
from tagway.log import FILE, Entry, GroupCommit, Log, prepare_folder

ENTRY = Entry(kind="request", source="web", received_at=1_760_000_000_000_000, path="/v1/track", body=b'{"a":1}')
REFUSAL = Entry(kind="refused", source="web", received_at=1_760_000_000_000_000, code="bad_proof", message="no match")

Committing = Callable[..., AbstractAsyncContextManager[GroupCommit]]


@pytest.fixture
def committing(tmp_path: Path) -> Committing:
    """A writer thread on a folder; its bounds can be named."""

    @asynccontextmanager
    async def open_(**given: object) -> AsyncIterator[GroupCommit]:
        bounds = {"rows": 100, "size": 1_000_000, "quarantine_rows": 10, "quarantine_bytes": 10_000, **given}
        commit = GroupCommit(tmp_path, **bounds)  # type: ignore[arg-type]
        try:
            yield commit
        finally:
            await commit.close()

    return open_


def stored(folder: Path) -> list[Entry]:
    log = Log(folder, read_only=True)
    try:
        return log.read(0)
    finally:
        log.close()


async def until_refused(commit: GroupCommit) -> tuple[list[int], RefusedError]:
    acknowledged: list[int] = []
    while True:
        try:
            acknowledged.append(await commit.append(replace(ENTRY, body=bytes(range(256)) * 8)))
        except RefusedError as refused:
            return acknowledged, refused


def test_an_acknowledged_request_is_in_the_file_for_every_other_reader(tmp_path: Path) -> None:
    async def append() -> None:
        commit = GroupCommit(tmp_path, rows=9, size=9_999, quarantine_rows=9, quarantine_bytes=99)
        seq = await commit.append(ENTRY)
        assert [(one.seq, one.body) for one in stored(tmp_path)] == [(seq, ENTRY.body)]
        await commit.close()

    asyncio.run(append())


async def test_nothing_is_acknowledged_while_its_commit_is_held_up(committing: Committing, tmp_path: Path) -> None:
    async with committing() as commit:
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(commit.append(ENTRY))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
        other.execute("ROLLBACK")
        assert await waiting == 1
        other.close()


def test_a_commit_reaches_the_disk_before_it_returns(tmp_path: Path) -> None:
    log = Log(tmp_path)

    settings = {name: log._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")}

    assert settings == {"synchronous": 2, "journal_mode": "wal"}  # 2: the WAL is synced after each transaction
    assert log._db.execute("PRAGMA fullfsync").fetchone()[0] == 1  # without it macOS only hands over to the drive
    log.close()


async def test_a_request_waits_for_its_own_commit_only(committing: Committing) -> None:
    go_on = threading.Event()
    async with committing(committed=lambda: go_on.wait(10)) as commit:
        first = asyncio.create_task(commit.append(ENTRY))
        assert await first == 1
        # The writer still tells of the first group: the second cannot be written yet.
        second = asyncio.create_task(commit.append(ENTRY))
        done, _ = await asyncio.wait([second], timeout=0.2)
        assert not done
        go_on.set()
        assert await second == 2


async def test_requests_that_wait_together_share_a_commit(committing: Committing, tmp_path: Path) -> None:
    groups: list[int] = []
    async with committing(committed=lambda: groups.append(len(stored(tmp_path)))) as commit:
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        tasks = [asyncio.create_task(commit.append(ENTRY)) for _ in range(50)]
        await asyncio.sleep(0.2)
        other.execute("ROLLBACK")
        other.close()
        seqs = await asyncio.gather(*tasks)

    assert seqs == list(range(1, 51))
    assert len(groups) <= 2


async def test_a_full_queue_refuses_at_once_and_recovers(committing: Committing, tmp_path: Path) -> None:
    async with committing(rows=2) as commit:
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        tasks = [asyncio.create_task(commit.append(ENTRY)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(RefusedError) as refused:
            await commit.append(ENTRY)
        other.execute("ROLLBACK")
        other.close()
        await asyncio.gather(*tasks)
        assert await commit.append(ENTRY) == 3

    assert (refused.value.code, refused.value.status) == ("overloaded", 503)


async def test_bytes_bound_the_queue_too(committing: Committing) -> None:
    async with committing(size=100) as commit:
        with pytest.raises(RefusedError, match="queue is full"):
            await commit.append(replace(ENTRY, body=b"x" * 101))


async def test_callers_that_go_away_do_not_make_room_in_the_queue(committing: Committing, tmp_path: Path) -> None:
    async with committing(rows=1) as commit:
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        gone = asyncio.create_task(commit.append(ENTRY))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        with pytest.raises(RefusedError):
            await commit.append(ENTRY)
        other.execute("ROLLBACK")
        other.close()


async def test_a_full_disk_answers_log_unwritable_and_loses_nothing_acknowledged(
    committing: Committing, tmp_path: Path
) -> None:
    async with committing() as commit:
        commit._log._db.execute("PRAGMA max_page_count = 12")  # SQLite's own way to be full
        acknowledged, refused = await until_refused(commit)
        assert commit.failure
        commit._log._db.execute("PRAGMA max_page_count = 10000")
        acknowledged.append(await commit.append(ENTRY))
        assert commit.failure == ""

    assert (refused.code, refused.status) == ("log_unwritable", 503)
    assert "full" in refused.message
    assert [one.seq for one in stored(tmp_path)] == acknowledged == list(range(1, len(acknowledged) + 1))


async def test_one_entry_that_cannot_be_stored_fails_alone(committing: Committing, tmp_path: Path) -> None:
    async with committing() as commit:
        results = await asyncio.gather(
            commit.append(ENTRY),
            commit.append(replace(ENTRY, path="/\udc80")),
            commit.append(replace(ENTRY, received_at=2**70)),
            commit.append(ENTRY),
            return_exceptions=True,
        )

    codes = [one.code if isinstance(one, RefusedError) else one for one in results]
    assert codes == [1, "malformed_body", "malformed_body", 2]
    assert [one.seq for one in stored(tmp_path)] == [1, 2]


async def test_an_engine_that_cannot_be_told_does_not_stop_the_writer(committing: Committing) -> None:
    def broken() -> None:
        raise BrokenPipeError

    async with committing(committed=broken) as commit:
        assert [await commit.append(ENTRY) for _ in range(3)] == [1, 2, 3]


async def test_a_closed_log_refuses_instead_of_waiting_for_ever(committing: Committing) -> None:
    async with committing() as commit:
        pass
    with pytest.raises(RefusedError) as refused:
        await commit.append(ENTRY)

    assert refused.value.code == "draining"


async def test_refusals_of_one_second_are_one_row_at_once_and_one_count_after(
    committing: Committing, tmp_path: Path
) -> None:
    async with committing() as commit:
        for _ in range(100):
            commit.refuse(REFUSAL)

    rows = stored(tmp_path)
    assert [(one.kind, one.code, one.count) for one in rows] == [
        ("refused", "bad_proof", 1),
        ("refused", "bad_proof", 99),
    ]


async def test_refusals_while_the_disk_is_full_are_written_when_there_is_room(
    committing: Committing, tmp_path: Path
) -> None:
    async with committing() as commit:
        commit._log._db.execute("PRAGMA max_page_count = 1")
        commit.refuse(REFUSAL)
        await until_refused(commit)
        commit._log._db.execute("PRAGMA max_page_count = 10000")
        await commit.append(ENTRY)

    assert sum(one.count for one in stored(tmp_path) if one.kind == "refused") == 1


async def test_quarantine_keeps_the_oldest_bodies_and_counts_the_rest(committing: Committing, tmp_path: Path) -> None:
    async with committing(quarantine_rows=2) as commit:
        for place in range(5):
            commit.refuse(replace(REFUSAL, body=b"%d" % place))

    log = Log(tmp_path)
    assert [one.body for one in log.quarantined()] == [b"0", b"1"]
    assert log.quarantine_sizes() == {"web": (2, 2)}
    assert log.totals().refused == 5
    log.close()


async def test_a_quarantine_that_is_full_stays_full_after_a_restart(committing: Committing, tmp_path: Path) -> None:
    for _ in range(2):
        async with committing(quarantine_bytes=10) as commit:
            commit.refuse(replace(REFUSAL, body=b"8 bytes!"))

    log = Log(tmp_path)
    assert len(list(log.quarantined("web"))) == 1
    log.close()


@given(
    bodies=st.lists(st.one_of(st.binary(max_size=200), st.binary(min_size=4_000, max_size=9_000)), max_size=5),
    headers=st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), st.text(st.characters(codec="utf-8"))),
)
def test_what_is_read_is_exactly_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], headers: dict[str, str]
) -> None:
    log = Log(tmp_path_factory.mktemp("log"))
    entries = [replace(ENTRY, body=body, headers=headers, verified=bool(body)) for body in bodies]

    seqs = log.append(entries)

    assert log.read(0) == [replace(entry, seq=seq) for entry, seq in zip(entries, seqs, strict=True)]
    log.close()


def test_large_bodies_are_compressed_and_small_ones_are_not(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append([replace(ENTRY, body=b"a" * 4_095), replace(ENTRY, body=b"a" * 100_000)])

    sizes = [row[0] for row in log._db.execute("SELECT length(body) FROM log ORDER BY seq")]
    assert sizes[0] == 4_095
    assert sizes[1] < 1_000
    log.close()


def test_reading_goes_on_from_a_position_and_stops_at_rows_or_bytes(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append([replace(ENTRY, body=b"x" * 1_000) for _ in range(10)])

    assert [one.seq for one in log.read(3, rows=4)] == [4, 5, 6, 7]
    assert [one.seq for one in log.read(3, size=1_500)] == [4, 5]
    assert [one.seq for one in log.read(3, size=1)] == [4]
    assert log.read(10) == []
    log.close()


def test_numbers_have_no_gap_after_a_transaction_that_failed(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append([ENTRY])
    with pytest.raises(TagwayError, match="cannot be stored"):
        log.append([ENTRY, replace(ENTRY, path="\udc80")])

    assert log.append([ENTRY]) == [2]
    log.close()


def test_totals_count_requests_refusals_and_commands(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append([ENTRY, ENTRY, replace(REFUSAL, count=7), REFUSAL, replace(ENTRY, kind="command", source="")])

    totals = log.totals()

    assert (totals.taken, totals.refused, totals.commands, totals.first, totals.last) == (2, 8, 1, 1, 5)
    assert log.pending(1) == (1, 8)
    log.close()


def test_an_empty_log_counts_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path)

    totals = log.totals()

    assert (totals.taken, totals.refused, totals.commands, totals.first, totals.last) == (0, 0, 0, 0, 0)
    log.close()


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "100% #data?mode=rw"
    log = Log(folder)
    log.append([ENTRY])

    assert len(stored(folder)) == 1
    log.close()


def test_the_data_folder_is_private_and_never_committed(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "data")

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / ".gitignore").read_text() == "*\n"


def test_a_log_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TagwayError, match="the log cannot be opened"):
        Log(tmp_path, read_only=True)


def test_what_is_bound_comes_back_as_what_it_is(tmp_path: Path) -> None:
    Log(tmp_path).close()  # says how values are bound

    with closing(sqlite3.connect(":memory:")) as db:
        row = db.execute("SELECT ?1, typeof(?1), ?2, typeof(?2), ?3, typeof(?3)", (None, b"\0\xff", True)).fetchone()

    assert row == (None, "null", b"\0\xff", "blob", 1, "integer")
