"""The engine's process: `python -m tagway.process.engine --data FOLDER [--config FILE]`.

A byte on standard input means new rows; end of file means drain and exit. It looks once a second, too, for
rows that another process wrote. A watchdog that needs no interpreter lock ends a process that hangs in one
step; `note` finds the request that did it.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tagway import clock, registry
from tagway import config as configuration
from tagway.config import Config
from tagway.engine import Fold
from tagway.errors import TagwayError
from tagway.process.child import DRAIN
from tagway.process.collector import settle
from tagway.process.folder import ENGINE, Lock, private
from tagway.process.logs import to_stderr
from tagway.process.note import TIMES, Note, Noted
from tagway.process.pipe import Wakeup
from tagway.store.files import UNWRITABLE

_logger = logging.getLogger("tagway.engine")
_LOOK: Final = 1.0
_ROWS: Final = 1_000


class Loop:
    """Folds what there is, then waits; one request at a time where the last engine crashed."""

    def __init__(self, fold: Fold, note: Note, *, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is how long one step may take before the process is ended."""
        self._fold, self._note, self._seconds, self._now = fold, note, seconds, now
        self._left = note.read()

    def run(self, wakeup: Wakeup) -> None:
        """Fold until the parent is gone, then drain for a bounded time."""
        while not wakeup.ended:
            self._tidied(self._fold.tidy)
            if not self.step() and not self._tidied(self._fold.refold):
                wakeup.wait(_LOOK)
        deadline = self._now() + DRAIN - 0.5
        while self._now() < deadline and self.step():
            self._tidied(self._fold.tidy)

    def step(self) -> int:
        """Fold one batch under the watchdog; the number of rows folded."""
        first, last = self._fold.position + 1, self._fold.last()
        if last < first:
            return 0
        rows = self._prepare(first, min(last, first + _ROWS - 1))
        faulthandler.dump_traceback_later(self._seconds, exit=True)
        try:
            return self._fold.step(rows)
        except UNWRITABLE as error:
            # The disk is full or the file is held: no request is to blame, and nothing is lost by waiting.
            _logger.error("the store cannot be written: %s", error)
            self._note.write(Noted())
            return 0
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _tidied(self, work: Callable[[], bool]) -> bool:
        """Do what may take its time, outside the watchdog; whether there was anything to do."""
        try:
            return work()
        except UNWRITABLE as error:
            _logger.error("a file of the data folder is held, the rest is done later: %s", error)
            return False

    def _prepare(self, first: int, last: int) -> int:
        """Note what is about to be folded; how many rows that is."""
        left = self._left
        if first > left.last:
            self._note.write(Noted(last=last))
            return last - first + 1
        times = left.times + 1 if left.alone == first else 1
        if times > TIMES:
            self._fold.bury(first)
            _logger.error("log row %s was in flight at %s crashes and becomes a dead letter", first, times - 1)
        self._note.write(Noted(last=left.last, alone=first, times=times))
        return 1


def main() -> None:
    """Run the engine until its input ends."""
    arguments = argparse.ArgumentParser(prog="tagway.process.engine")
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--config")
    given = arguments.parse_args()
    to_stderr()
    private()
    faulthandler.enable()
    wakeup = Wakeup()
    wakeup.listen(sys.stdin.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: wakeup.end())
    config = configuration.with_gateway(configuration.load(given.config), data=given.data)
    try:
        _run(config, Path(given.data), wakeup)
    except TagwayError as error:
        _logger.error("%s", error.message)
        sys.exit(1)


def _run(config: Config, folder: Path, wakeup: Wakeup) -> None:
    lock = Lock(folder, ENGINE)
    # An engine whose parent was killed drains first; the folder has one writer at any time.
    if not lock.take(seconds=2 * DRAIN):
        raise TagwayError(f"{folder}: another engine holds the store")
    fold = Fold(folder, config, registry.load(config), clock.now)
    note = Note(folder)
    settle()
    Loop(fold, note, seconds=config.limits.fold_seconds).run(wakeup)
    note.close()
    fold.close()
    lock.release()


if __name__ == "__main__":
    main()
