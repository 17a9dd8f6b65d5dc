"""`tagway up` in a terminal: however it ends, no process and no bound port stays."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.running import lives, until

if sys.platform == "win32":
    pytest.skip("a pseudo terminal is POSIX", allow_module_level=True)

import pty


class Terminal:
    """`tagway up` on a pseudo terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.seen = b""
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            command = [sys.executable, "-m", "tagway", "up", "--data", str(self.data), "--port", "0"]
            os.execve(sys.executable, command, {**os.environ, "TERM": "xterm-256color"})
        threading.Thread(target=self._read, daemon=True).start()

    def told(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads((self.data / "gateway.json").read_text()))
        return {}

    def hang_up(self) -> None:
        if self.screen >= 0:
            os.close(self.screen)
            self.screen = -1

    def reap(self) -> bool:
        """Whether `up` itself has ended."""
        with contextlib.suppress(ChildProcessError):
            return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        return True

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while piece := os.read(self.screen, 65_536):
                self.seen += piece


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    one = Terminal(tmp_path)
    yield one
    with contextlib.suppress(ProcessLookupError):
        os.kill(one.pid, signal.SIGKILL)
    one.hang_up()
    until(one.reap)


@pytest.mark.parametrize("how", ["the screen is quit", "the terminal is closed", "it is killed"])
def test_nothing_stays_behind(terminal: Terminal, how: str) -> None:
    told = until(lambda: terminal.told() if (terminal.told().get("engine") or {}).get("pid") else {})
    until(lambda: b"\x1b[?1049h" in terminal.seen)  # the screen has taken the terminal
    assert b"TAGWAY_PUBLIC_URL" in terminal.seen
    time.sleep(0.5)
    if how == "the screen is quit":
        os.write(terminal.screen, b"q")
    elif how == "the terminal is closed":
        terminal.hang_up()
    else:
        os.kill(terminal.pid, signal.SIGKILL)
    until(lambda: not lives(told["pid"]) and not lives(told["engine"]["pid"]))
    until(terminal.reap)
