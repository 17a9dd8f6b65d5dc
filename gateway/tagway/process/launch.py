"""Starting the gateway and its screen from another command: `tagway up`, `tagway demo`, `tagway bench`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tagway.config import Config
from tagway.errors import TagwayError
from tagway.log import prepare_folder
from tagway.process.child import Child
from tagway.process.folder import running
from tagway.process.screen import show
from tagway.store.feed import Feed

_START: Final = 30.0
_LOG: Final = "gateway.log"


@dataclass(frozen=True, slots=True)
class Started:
    """A gateway that listens: its URL and the web process."""

    url: str
    pid: int


@contextlib.contextmanager
def gateway(config: Config) -> Iterator[Started]:
    """Run `tagway serve` as a child that ends with the block.

    Raises `TagwayError` with its own words when it does not start, and `OSError` where it cannot write them.
    """
    prepare_folder(config.data)
    (config.data / _LOG).open("ab").close()
    where = ["--data", config.gateway.data, "--host", config.gateway.host, "--port", str(config.gateway.port)]
    file = ["--config", config.file] if config.file else []
    child = Child("tagway", ["serve", "--parent", *where, *file], config.data / _LOG)
    try:
        yield _started(config.data, child)
    finally:
        child.stop()


def screen(config: Config) -> int:
    """Run the screen of a gateway in this terminal until the person ends it; its exit code."""
    return show(["--data", config.gateway.data, *(["--config", config.file] if config.file else [])])


def readable(folder: Path) -> Feed:
    """The feed of a folder whose engine has just been started. Raises `TagwayError` when there is none in time."""
    deadline = time.monotonic() + _START
    while True:
        try:
            return Feed(folder)
        except TagwayError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _started(folder: Path, child: Child) -> Started:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        told = running(folder)
        if told.get("url") and told.get("pid") == child.pid:
            return Started(url=str(told["url"]), pid=int(told["pid"]))
        if child.last_exit:
            break
        time.sleep(0.02)
    log = folder / _LOG
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] if log.exists() else []
    raise TagwayError(f"the gateway did not start: {''.join(last).removeprefix('tagway: ') or 'its log is empty'}")
