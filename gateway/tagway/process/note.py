"""The note of what is being folded: how a request that kills or hangs the engine is found and buried.

Before each step the engine notes the range it is about to fold, and how often a request has been in flight
alone, in one fixed-size record. Nothing is synced: a note has to survive the process, not the machine. After
a crash the noted range is folded one request at a time; a request that was in flight alone at two crashes is
poison.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = "engine.note"
TIMES: Final = 2
"""At how many crashes a request must have been in flight alone to be poison."""
_FORMAT: Final = "{:020d} {:020d} {:020d}\n"
_SIZE: Final = 63


@dataclass(frozen=True, slots=True)
class Noted:
    """What was in flight: up to `last`; alone, the request `alone` (0: a whole range), the `times`-th time."""

    last: int = 0
    alone: int = 0
    times: int = 0


class Note:
    """The record, in a file that is kept open. One engine per folder."""

    def __init__(self, folder: Path) -> None:
        """Open the record, made when absent."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(folder / FILE, flags, 0o600), "r+b", buffering=0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self) -> Noted:
        """What the last engine left; nothing when the record is no record."""
        self._file.seek(0)
        parts = self._file.read(_SIZE).split()
        if len(parts) != 3 or not all(one.isdigit() for one in parts):
            return Noted()
        last, alone, times = (int(one) for one in parts)
        return Noted(last, alone, times)

    def write(self, noted: Noted) -> None:
        """Replace the record in one write of fixed size."""
        self._file.seek(0)
        self._file.write(_FORMAT.format(noted.last, noted.alone, noted.times).encode())
