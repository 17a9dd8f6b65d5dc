"""The terminal goes away, or the screen does: no process stays, no port stays bound, nothing is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tagway.process.folder import running

from tests.process.running import until

if not Path("/proc/self/cmdline").exists():
    pytest.skip("processes are found in /proc", allow_module_level=True)

import pty

# Takes the terminal on standard input as its own, as a shell does, and becomes the command. Signals that whoever runs
# the tests ignores (`nohup`, a job in the background) would be ignored here, too; the first argument is for hang-up.
_IN_TERMINAL = """
import fcntl, os, signal, sys, termios
for number in (signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.Handlers[sys.argv[1]])
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[2], sys.argv[2:])
"""


class Terminal:
    """`tagway` in a terminal of its own; `close` is what closing the window does, `seen` what it was sent."""

    def __init__(self, folder: Path, *arguments: str, hang_up: signal.Handlers = signal.SIG_DFL) -> None:
        self._folder = folder
        self.seen = b""
        self._master, slave = pty.openpty()
        command = [sys.executable, "-c", _IN_TERMINAL, hang_up.name, sys.executable, "-m", "tagway", *arguments]
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment, close_fds=True
        )
        os.close(slave)
        self._open = True
        threading.Thread(target=self._drain, daemon=True).start()

    def close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._master)

    def type(self, text: bytes) -> None:
        os.write(self._master, text)

    def processes(self) -> dict[int, str]:
        """All processes that name the folder, or run in it: pid and command line."""
        found = {}
        for one in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if one.name.isdigit() and (one / "cwd").readlink() == self._folder and (one / "cmdline").read_bytes():
                    found[int(one.name)] = (one / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def pid(self, of: str) -> int:
        return until(lambda: next((pid for pid, line in self.processes().items() if of in line), 0))

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while piece := os.read(self._master, 65_536):
                self.seen += piece


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """`tagway up` with its screen, gateway and engine all running."""
    with up(tmp_path) as one:
        yield one


@contextlib.contextmanager
def up(folder: Path, hang_up: signal.Handlers = signal.SIG_DFL) -> Iterator[Terminal]:
    one = Terminal(folder, "up", "--port", "0", hang_up=hang_up)
    for part in ("tagway_tui", "serve", "process.engine"):
        one.pid(part)
    try:
        yield one
    finally:
        one.close()
        for pid in one.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        one.process.wait(60)


def port(folder: Path) -> int:
    return int(until(lambda: running(folder / "tagway-data").get("url", "")).rsplit(":", 1)[1])


def is_bound(number: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", number)) == 0


def assert_nothing_is_left(terminal: Terminal, number: int) -> None:
    terminal.process.wait(60)
    until(lambda: not terminal.processes())
    assert not is_bound(number)


def quits(terminal: Terminal) -> bool:
    """Press the key to leave; one that comes before the screen listens is lost."""
    terminal.type(b"q")
    return terminal.process.poll() is not None


def test_a_closed_terminal_leaves_no_process_and_no_port(terminal: Terminal, tmp_path: Path) -> None:
    number = port(tmp_path)
    assert is_bound(number)

    terminal.close()

    assert_nothing_is_left(terminal, number)


def test_so_does_one_whose_hang_up_is_ignored(tmp_path: Path) -> None:
    with up(tmp_path, signal.SIG_IGN) as terminal:
        number = port(tmp_path)

        terminal.close()

        assert_nothing_is_left(terminal, number)


def test_quitting_the_screen_leaves_no_process_and_no_port(terminal: Terminal, tmp_path: Path) -> None:
    number = port(tmp_path)
    until(lambda: b"\x1b[?1049h" in terminal.seen)  # the screen has taken the terminal
    assert b"TAGWAY_PUBLIC_URL" in terminal.seen

    until(lambda: quits(terminal))
    assert_nothing_is_left(terminal, number)


def test_a_killed_screen_leaves_no_process_and_no_port(terminal: Terminal, tmp_path: Path) -> None:
    number = port(tmp_path)

    os.kill(terminal.pid("tagway_tui"), signal.SIGKILL)

    assert_nothing_is_left(terminal, number)


def test_ctrl_c_leaves_no_process_and_no_port(tmp_path: Path) -> None:
    with closing(Terminal(tmp_path, "serve", "--port", "0")) as serving:
        serving.pid("process.engine")
        number = port(tmp_path)

        serving.type(b"\x03")

        assert_nothing_is_left(serving, number)


def test_a_killed_command_takes_its_gateway_with_it(terminal: Terminal, tmp_path: Path) -> None:
    number = port(tmp_path)

    terminal.process.kill()
    terminal.close()

    assert_nothing_is_left(terminal, number)
