"""The child's side of the pipe to its parent: a byte means new rows, end of file means drain and exit."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable


class Wakeup:
    """Standard input as two facts: there may be new rows, and the parent is gone."""

    def __init__(self, ended: Callable[[], None] = lambda: None) -> None:
        """Nothing is known yet; `listen` begins. `ended` is called, in its thread, at the end."""
        self._rows = threading.Event()
        self._ended = threading.Event()
        self._tell = ended

    @property
    def ended(self) -> bool:
        """Whether the parent is gone, or asked to end."""
        return self._ended.is_set()

    def listen(self, descriptor: int) -> None:
        """Read the pipe in a thread, which works on every platform."""
        threading.Thread(target=self._read, args=(descriptor,), name="tagway-parent", daemon=True).start()

    def end(self) -> None:
        """The parent is gone, or asks to end."""
        self._ended.set()
        self._rows.set()
        self._tell()

    def wait(self, seconds: float) -> None:
        """Wait for new rows, the end, or the time."""
        self._rows.wait(seconds)
        self._rows.clear()

    def _read(self, descriptor: int) -> None:
        with contextlib.suppress(OSError):
            while os.read(descriptor, 4_096):
                self._rows.set()
        self.end()
