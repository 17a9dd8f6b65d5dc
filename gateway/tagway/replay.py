"""What would change: the log folded through today's plugins and rules, or one command tried, beside the store.

Both work on a second file of the data folder that is gone afterwards; the store itself is written only by
`apply`, in one step.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tagway.config import Config
from tagway.engine import trial
from tagway.engine.commanding import Commanding
from tagway.errors import TagwayError
from tagway.log import Entry
from tagway.process.folder import ENGINE, GATEWAY, Lock
from tagway.registry import Registry
from tagway.store import files
from tagway.store.compare import compare
from tagway.store.identities import Identities

Json = dict[str, Any]
_PREVIEW = "preview.db"


class Alone:
    """The data folder for ourselves: no gateway runs on it, and none starts meanwhile. A context manager."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is taken yet."""
        self._locks = [Lock(folder, GATEWAY), Lock(folder, ENGINE)]

    def take(self) -> bool:
        """Take the folder; whether it is ours now. The engine of a gateway that was killed may drain first."""
        gateway, engine = self._locks
        if gateway.take() and engine.take(seconds=10):
            return True
        self.release()
        return False

    def release(self) -> None:
        """Give the folder back."""
        for lock in self._locks:
            lock.release()

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def replay(config: Config, registry: Registry, now: Callable[[], int], *, apply: bool = False) -> Json:
    """Fold the log anew as far as the store has folded it, and compare (`store.compare`).

    With `apply` what came out becomes the store. Raises `TagwayError` when a gateway runs and would have to let
    go of it, or when there is no store.
    """
    folder = config.data
    until = _position(folder)
    with Alone(folder) as alone:
        if apply:
            if not alone.take():
                raise TagwayError(f"{folder}: a gateway runs on this folder; stop it, then `tagway replay --apply`")
            until = _position(folder)
        with trial(folder, config, registry, now, until=until) as anew:
            found = compare(folder / files.FILE, anew)
            if apply:
                files.replace(folder, anew)
    return {**found, "applied": apply}


def _position(folder: Path) -> int:
    store = files.open_reader(folder)
    try:
        return files.position(store)
    finally:
        store.close()


def foresee(config: Config, command: Entry, now: int) -> Json:
    """What a command would change, tried on a copy of the store (`store.compare`)."""
    folder = config.data
    files.copy(folder, _PREVIEW)
    try:
        db = files.open_writer(folder, _PREVIEW)
        try:
            db.execute("BEGIN IMMEDIATE")
            identities = Identities(db, config.identity)
            Commanding(db, identities, config.identity, None).obey(command, now)
            identities.settle(now)  # what the engine does when there is time must be seen now
            db.execute("COMMIT")
        finally:
            db.close()
        return compare(folder / files.FILE, folder / _PREVIEW)
    finally:
        files.remove(folder, _PREVIEW)
