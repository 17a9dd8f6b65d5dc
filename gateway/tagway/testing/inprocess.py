"""Log, engine and store in one process: a request in, its outcomes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tagway import commands, registry
from tagway.config import Config
from tagway.engine import Fold
from tagway.log import Entry, Log
from tagway.store.feed import Feed, Json


class InProcess:
    """A gateway without HTTP or processes, on a folder; `clock` is its time in microseconds.

    `plugins` are plugin objects besides the installed ones. Use it as a context manager.
    """

    def __init__(
        self,
        folder: Path,
        config: Config | None = None,
        *,
        plugins: Sequence[object] = (),
        entry_points: bool = True,
    ) -> None:
        """Open log, store and plugins."""
        self.clock = 1_760_000_000_000_000
        self.config = config or Config()
        self.registry = registry.load(self.config, plugins, entry_points=entry_points)
        self.log = Log(folder)
        self.fold = Fold(folder, self.config, self.registry, lambda: self.clock)
        self.feed = Feed(folder)

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.feed.close()
        self.fold.close()
        self.log.close()

    def append(
        self,
        source: str,
        body: bytes,
        *,
        path: str = "",
        headers: Mapping[str, str] | None = None,
        verified: bool = True,
        received_at: int | None = None,
        query: str = "",
        method: str = "POST",
        which: int | None = None,
    ) -> int:
        """Log a request as the web process does after its checks; its sequence number."""
        entry = Entry(
            kind="request",
            source=source,
            received_at=self.clock if received_at is None else received_at,
            method=method,
            path=path,
            query=query,
            headers=headers or {},
            body=body,
            verified=verified,
            which=which,
        )
        return self.log.append([entry])[0]

    def send(self, source: str, body: bytes, **given: Any) -> list[Json]:
        """Log a request, fold the log, and return what became of the request."""
        seq = self.append(source, body, **given)
        self.fold.drain()
        return self.feed.outcomes(seq) or []

    def command(self, action: str, *target: str) -> Json:
        """Log a command, fold the log, and return what became of it: `outcome` and `report`. Raises `PayloadError`."""
        given = {"action": action, "target": target[0] if len(target) == 1 else list(target)}
        (seq,) = self.log.append([commands.entry(given, now=self.clock)])
        self.fold.drain()
        return self.feed.commands(after=seq - 1, limit=1)[0]
