"""The clock of this machine: the one place that reads it for what is recorded."""

from __future__ import annotations

import time


def now() -> int:
    """The time in microseconds since the Unix epoch."""
    return time.time_ns() // 1_000
