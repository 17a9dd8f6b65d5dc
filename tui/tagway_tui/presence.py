"""Whether a gateway runs on a data folder: what `gateway.json` says, and whether that process is there.

Nothing is locked to find out, so that looking ten times a second never keeps a gateway from starting.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tagway.core import body


def is_running(folder: Path) -> bool:
    """Whether the gateway that last started on this folder is still there."""
    try:
        pid = body.decode((folder / "gateway.json").read_bytes())["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return isinstance(pid, int) and pid > 0 and _alive(pid)


def _alive(pid: int) -> bool:
    if sys.platform == "win32":
        # Signal 0 would end the process there; the file alone has to do.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
