"""Group commit: the one writer thread of the web process.

It takes whatever waits, writes it in one transaction, syncs, and only then lets those requests answer 200. A
window is not needed: while one group syncs, the next one gathers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tagway.errors import RefusedError, TagwayError
from tagway.log.file import Entry, Log

_logger = logging.getLogger("tagway.log")

_GROUP_ROWS: Final = 1_000
_GROUP_BYTES: Final = 2_097_152


@dataclass(slots=True)
class _Waiting:
    """An entry and the request that waits for its commit."""

    entry: Entry
    done: asyncio.Future[int] | None


class GroupCommit:
    """The writer thread: groups what waits, commits it durably, wakes each request of the group once.

    Bounded by rows and bytes: beyond them `append` refuses with `overloaded` before memory grows.
    """

    def __init__(
        self,
        folder: Path,
        *,
        rows: int,
        size: int,
        quarantine_rows: int,
        quarantine_bytes: int,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the thread. `committed` is called, in it, after each durable group. Raises `TagwayError`."""
        self._log = Log(folder)
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._rows, self._size = rows, size
        self._quarantine_rows, self._quarantine_bytes = quarantine_rows, quarantine_bytes
        self._quarantined = self._log.quarantine_sizes()
        self._waiting_rows = self._waiting_bytes = 0
        self._refusals: dict[tuple[str, str, int], Entry] = {}
        self._unwritten: list[_Waiting] = []
        self._closed = False
        self._committed = committed
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name="tagway-log", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str:
        """Why the last group could not be written; empty while the log is writable."""
        return self._failure

    @property
    def waiting(self) -> int:
        """Requests that wait for their commit."""
        return self._waiting_rows

    async def append(self, entry: Entry) -> int:
        """Write one entry; its sequence number once it is on disk. Raises `RefusedError`."""
        size = len(entry.body or b"")
        if self._closed:
            raise RefusedError("draining", "the gateway is stopping; send it again after the time in Retry-After")
        if self._waiting_rows >= self._rows or self._waiting_bytes + size > self._size:
            raise RefusedError("overloaded", "the log's queue is full; send it again after the time in Retry-After")
        self._waiting_rows += 1
        self._waiting_bytes += size
        done: asyncio.Future[int] = self._loop.create_future()
        self._queue.put(_Waiting(entry, done))
        # A caller that goes away takes nothing back: its entry counts as waiting until its group is settled.
        return await done

    def refuse(self, entry: Entry) -> None:
        """Record a refusal: a row of its own where it keeps its body and the quarantine has room, else a count.

        The first of a source and code in a second is written at once, so that it is seen; the rest of that
        second follow as one counting row.
        """
        if entry.body is not None and self._has_room(entry):
            self._queue.put(_Waiting(entry, None))
            return
        key = (entry.source, entry.code, entry.received_at // 1_000_000)
        counted = self._refusals.get(key)
        if counted is None:
            self._refusals[key] = _without_body(entry, count=0)
            self._queue.put(_Waiting(_without_body(entry, count=1), None))
            self._loop.call_later(1.0, self._flush_refusals, key)
        else:
            self._refusals[key] = _without_body(counted, count=counted.count + 1)

    async def close(self) -> None:
        """Write what waits, then end the thread."""
        self._closed = True
        for key in list(self._refusals):
            self._flush_refusals(key)
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._log.close()

    def _has_room(self, entry: Entry) -> bool:
        rows, size = self._quarantined.get(entry.source, (0, 0))
        grown = size + len(entry.body or b"")
        if rows >= self._quarantine_rows or grown > self._quarantine_bytes:
            return False
        self._quarantined[entry.source] = (rows + 1, grown)
        return True

    def _flush_refusals(self, key: tuple[str, str, int]) -> None:
        counted = self._refusals.pop(key, None)
        if counted is not None and counted.count:
            self._queue.put(_Waiting(counted, None))

    def _run(self) -> None:
        open_ = True
        while open_:
            group, open_ = self._gather()
            if group:
                self._write(group)

    def _gather(self) -> tuple[list[_Waiting], bool]:
        group, self._unwritten = self._unwritten, []
        size = 0
        item = self._queue.get()
        while item is not None:
            group.append(item)
            size += len(item.entry.body or b"")
            if len(group) >= _GROUP_ROWS or size >= _GROUP_BYTES:
                return group, True
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _write(self, group: Sequence[_Waiting]) -> None:
        outcomes: Sequence[int | TagwayError]
        try:
            outcomes = self._log.append_each([one.entry for one in group])
        except sqlite3.Error as error:
            self._failure = str(error)
            _logger.error("the log cannot be written: %s", error)
            outcomes = [RefusedError("log_unwritable", f"the log cannot be written: {error}")] * len(group)
            # Nobody waits for a refusal's row, so it must not be forgotten: it goes with the next group.
            self._unwritten = [one for one in group if one.done is None][:_GROUP_ROWS]
        else:
            self._failure = ""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._settle, group, outcomes)
        if not self._failure:
            self._tell()

    def _tell(self) -> None:
        try:
            self._committed()
        except Exception:
            _logger.exception("the engine could not be told of new rows")

    def _settle(self, group: Sequence[_Waiting], outcomes: Sequence[int | TagwayError]) -> None:
        """In the loop: wake each request of a group with its own outcome."""
        for one, outcome in zip(group, outcomes, strict=True):
            if one.done is None:
                continue
            self._waiting_rows -= 1
            self._waiting_bytes -= len(one.entry.body or b"")
            if one.done.done():
                continue
            if isinstance(outcome, int):
                one.done.set_result(outcome)
            elif isinstance(outcome, RefusedError):
                one.done.set_exception(RefusedError(outcome.code, outcome.message))
            else:
                one.done.set_exception(RefusedError("malformed_body", outcome.message))


def _without_body(entry: Entry, *, count: int) -> Entry:
    return Entry(
        kind="refused",
        source=entry.source,
        received_at=entry.received_at,
        path=entry.path,
        code=entry.code,
        message=entry.message,
        count=count,
    )
