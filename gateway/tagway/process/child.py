"""The parent's side of a child process: start it, tell it of new rows, start it again when it dies, end it.

The child leads its own session, so that ctrl-C or a closed terminal reaches only the parent; the child sees
the end of its standard input instead, drains, and ends. It writes to a log file in the data folder, never to
the terminal.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Final

_logger = logging.getLogger("tagway.process")

BACKOFF: Final = (0.2, 1.0, 5.0, 30.0)
"""Seconds before the first, second, third and each further restart."""
DRAIN: Final = 5.0
"""Seconds that a child may take to drain after its input ended."""
# A child that lived so long was well; its next death is a first one.
_WELL: Final = 60.0
_LOG_BYTES: Final = 8_388_608


class Child:
    """One supervised child: `[sys.executable, "-m", module, *arguments]`.

    `changed` is called, in the supervising thread, whenever the child was started or died.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], log: Path, *, changed: Callable[[], None] = lambda: None
    ) -> None:
        """Start it and the thread that watches it."""
        self._command = [sys.executable, "-m", module, *arguments]
        self._path, self._changed = log, changed
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        self.last_exit: int | None = None
        self._watch = threading.Thread(target=self._run, name=f"watch-{module}", daemon=True)
        self._watch.start()

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def poke(self) -> None:
        """Tell the child of new rows. Never blocks: a full pipe means that it knows."""
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                os.write(process.stdin.fileno(), b"\n")

    def stop(self) -> None:
        """End the child's input and wait for it; kill it when it takes longer than it may."""
        self._stopping.set()
        process = self._process
        if process is not None:
            _end(process)
        self._watch.join()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            self.last_exit = self._live()
            if self._stopping.is_set():
                break
            failures = 0 if time.monotonic() - began > _WELL else failures + 1
            pause = BACKOFF[min(max(failures, 1), len(BACKOFF)) - 1]
            self._changed()
            if self._stopping.wait(pause):
                break
            _logger.error("%s ended with %s; it is started again after %s s", self._command[2], self.last_exit, pause)
            self.restarts += 1

    def _live(self) -> int:
        """Start the process and wait for its end; its exit code, or the system's for one that could not be started."""
        try:
            with self._path_for_output().open("ab") as output:
                process = self._process = _start(self._command, output)
        except OSError as error:
            _logger.error("%s cannot be started: %s", self._command[2], error)
            return error.errno or 1
        self._changed()
        if self._stopping.is_set():  # `stop` may not have seen this one
            _end(process)
        return process.wait()

    def _path_for_output(self) -> Path:
        """The log file; a full one is kept as `.old` and begun anew."""
        with contextlib.suppress(OSError):
            if self._path.stat().st_size > _LOG_BYTES:
                self._path.replace(self._path.with_suffix(".old.log"))
        return self._path


def _start(command: Sequence[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - our own module, in our own interpreter
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        bufsize=0,
        start_new_session=True,  # nothing on Windows, where the flag does it
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    if process.stdin is not None and hasattr(os, "set_blocking"):
        # Windows has it from Python 3.12 on; before, a hung child could hold the writer until its watchdog ends it.
        os.set_blocking(process.stdin.fileno(), False)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(DRAIN + 1.0)
    except subprocess.TimeoutExpired:
        _logger.error("process %s did not drain in %s s and was killed", process.pid, DRAIN)
        process.kill()
        process.wait()
