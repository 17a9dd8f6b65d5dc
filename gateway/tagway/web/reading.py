"""The feed for the web process: one thread that holds it, so that no read blocks the loop or shares a cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tagway.errors import RefusedError, TagwayError
from tagway.store.feed import Feed
from tagway.store.files import UNWRITABLE

T = TypeVar("T")


class Reading:
    """Reads of one data folder, one at a time."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is opened at the first read, when the engine has made the store."""
        self._folder = folder
        self._feed: Feed | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tagway-read")

    async def read(self, question: Callable[[Feed], T]) -> T:
        """The answer of the feed. Raises `RefusedError` (503) while there is no store yet."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._ask, question)

    def close(self) -> None:
        """End the thread and close the feed."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    def _ask(self, question: Callable[[Feed], T]) -> T:
        try:
            if self._feed is None:
                self._feed = Feed(self._folder)
            return question(self._feed)
        except TagwayError as error:
            raise RefusedError("unavailable", f"nothing can be read yet: {error.message}") from None
        except UNWRITABLE as error:  # the engine is making the tables, or the disk fails
            raise RefusedError("unavailable", f"the store cannot be read: {error}") from None

    def _close(self) -> None:
        if self._feed is not None:
            self._feed.close()
