"""The screen in this terminal, as a process of its own: nothing of the gateway imports its toolkit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence


def show(arguments: Sequence[str]) -> int:
    """Run the screen until the person ends it; its exit code."""
    process = subprocess.Popen([sys.executable, "-m", "tagway_tui", *arguments])  # noqa: S603 - our own module
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the screen owns the terminal: it has seen the same ctrl-C
            continue
