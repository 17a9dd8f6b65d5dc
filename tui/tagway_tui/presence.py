"""Whether a gateway runs on a data folder, and its engine: what the gateway last told, and whether it is there.

No lock is taken to find out, so that looking ten times a second never keeps a gateway from starting.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagway.process import folder as processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What runs on the folder; `url` is where the gateway last listened."""

    gateway: bool
    engine: bool
    url: str = ""

    @property
    def well(self) -> bool:
        """Whether everything runs that should."""
        return self.gateway and self.engine


def presence(folder: Path) -> Presence:
    """Look who runs here."""
    told = processes.running(folder)
    engine = told.get("engine")
    gateway = _alive(told.get("pid"))
    return Presence(
        gateway=gateway,
        engine=gateway and _alive(engine.get("pid") if isinstance(engine, dict) else None),
        url=str(told.get("url", "")),
    )


def _alive(pid: Any) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    if sys.platform == "win32":
        # Signal 0 would end the process there; what was told has to do.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Ended, but not yet waited for: there is nobody behind the number any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "Z"
    except (OSError, UnicodeDecodeError, IndexError):
        return False
