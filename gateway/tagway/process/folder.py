"""What processes leave for each other in the data folder: locks, the inspect token, and who runs here.

A lock is held by an open file, so that the end of its process, however it comes, gives it back. Who holds it
stands in `gateway.json` beside it, written for people and for `tagway up`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from pathlib import Path
from typing import IO, Any, Final

from tagway.core import body
from tagway.errors import TagwayError
from tagway.log import prepare_folder, unwritable

GATEWAY: Final = "gateway"
ENGINE: Final = "engine"
_TOKEN: Final = "inspect-token"  # noqa: S105 - a file name
_RUNNING: Final = "gateway.json"


class Lock:
    """An exclusive lock of a data folder, held until `release` or the end of the process."""

    def __init__(self, folder: Path, name: str) -> None:
        """Name the lock; nothing is taken yet."""
        self._path = _lock_file(folder, name)
        self._file: IO[bytes] | None = None

    def take(self, *, seconds: float = 0.0) -> bool:
        """Take the lock, waiting at most so long; whether it is ours now. Raises `TagwayError` where none can be."""
        prepare_folder(self._path.parent)
        deadline = time.monotonic() + seconds
        try:
            file = self._path.open("ab")
        except OSError as error:
            raise unwritable(self._path.parent, error) from None
        while not _locked(file):
            if time.monotonic() >= deadline:
                file.close()
                return False
            time.sleep(0.05)
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.lock"


if sys.platform == "win32":
    import msvcrt

    def _locked(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _locked(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def private() -> None:
    """Make every file that this process makes from here on readable by its owner only."""
    os.umask(0o077)


def admit(folder: Path) -> Lock:
    """Take the folder for one gateway. Raises `TagwayError` that says who holds it."""
    lock = Lock(folder, GATEWAY)
    if lock.take():
        return lock
    holder = running(folder)
    who = f"process {holder.get('pid')} at {holder.get('url')}" if holder else "another process"
    raise TagwayError(
        f"{folder}: a gateway runs on this data folder already ({who}); `tagway tui` shows it, or name another --data"
    )


def is_running(folder: Path) -> bool:
    """Whether a gateway holds the folder now; this only looks, so the folder may be a read-only one."""
    try:
        file = _lock_file(folder, GATEWAY).open("rb")
    except OSError:
        return False
    with file:
        return not _locked(file)


def running(folder: Path) -> dict[str, Any]:
    """What the gateway of this folder last said of itself: `pid`, `url`, `engine`; empty when nothing."""
    try:
        told = body.decode((folder / _RUNNING).read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def tell(folder: Path, told: dict[str, Any]) -> None:
    """Write what runs here, so that readers see the old or the new text, never half of one."""
    new = folder / f"{_RUNNING}.new"
    new.write_bytes(body.encode(told))
    with contextlib.suppress(PermissionError):  # Windows: a reader holds the old one; the next telling wins
        new.replace(folder / _RUNNING)


def inspect_token(folder: Path, configured: str) -> str:
    """The token of the read side: as configured, else the one in the folder, made at first start (mode 0600)."""
    if configured:
        return configured
    prepare_folder(folder)
    path = folder / _TOKEN
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
    token = path.read_text(encoding="ascii").strip()
    if not token:
        raise TagwayError(f"{path} is empty; delete it and a new token is made at the next start")
    return token
