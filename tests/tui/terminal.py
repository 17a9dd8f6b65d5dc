"""The screen in a real pseudo terminal: what a terminal would be sent, byte by byte."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_CSI = re.compile(r"\x1b\[([<=>?]?)[0-9;:]*([ -/]*[@-~])")
_COLOR = re.compile(r"\x1b\[[0-9;:]*(?:(?<![0-9])(?:3[0-8]|4[0-8]|9[0-7]|10[0-7]))[0-9;:]*m")


class Terminal:
    """`python -m tagway_tui` on a folder; `sent` is everything that it wrote."""

    def __init__(
        self,
        folder: Path,
        size: tuple[int, int] = (80, 24),
        *,
        options: Sequence[str] = (),
        env: Mapping[str, str] = {},
    ) -> None:
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TEXTUAL_THEME")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tagway_tui", "--data", str(folder), *options],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none", **env},
        )  # fmt: skip
        os.close(theirs)
        self.sent = ""
        self._raw = b""

    def read(self, seconds: float = 0.3) -> None:
        """Take what is written, until nothing comes for some time."""
        while select.select([self._ours], [], [], seconds)[0]:
            try:
                self._raw += os.read(self._ours, 65_536)
            except OSError:  # the other end is closed
                break
        self.sent = self._raw.decode("utf-8", "replace")

    def wait_for(self, text: str, seconds: float = 30.0) -> None:
        """Read until a text was written. Raises `AssertionError`."""
        end = time.monotonic() + seconds
        while text not in self.sent:
            assert time.monotonic() < end, f"{text!r} was never written:\n{self.sent[-2_000:]}"
            self.read(0.1)

    def press(self, keys: str) -> None:
        """Send what a key sends, and take what follows."""
        os.write(self._ours, keys.encode())
        self.read()

    def click(self, x: int, y: int) -> None:
        """Press and release the left button on a cell, counted from 1."""
        os.write(self._ours, f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m".encode())

    def quit(self) -> int:
        """Leave by Ctrl-Q; the exit code."""
        os.write(self._ours, b"\x11")
        end = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        return self.process.wait(5)

    def close(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    @property
    def sequences(self) -> set[str]:
        """The kinds of control sequences that were sent: private mark and final of CSI, the introducer of others."""
        kinds = {f"CSI {match[1]}{match[2]}" for match in _CSI.finditer(self.sent)}
        rest = _CSI.sub("", self.sent)
        return kinds | {f"ESC {rest[place + 1 : place + 2]}" for place, one in enumerate(rest) if one == "\x1b"}

    @property
    def characters(self) -> set[str]:
        """Every character that was sent outside control sequences."""
        return set(_CSI.sub("", self.sent))

    @property
    def colors(self) -> list[str]:
        """The sequences that set a color."""
        return _COLOR.findall(self.sent)
