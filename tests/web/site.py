"""The application in this process, spoken to in ASGI: real log, real fold, no sockets."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import Message
from tagway import config as configuration
from tagway import registry
from tagway.config import Config
from tagway.engine import Fold
from tagway.log import Log
from tagway.store.feed import Feed
from tagway.web.app import Application

TOKEN = "t0ken"
NOW = 1_760_000_000_000_000


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])


class Site:
    """Sends requests to an application and reads what became of them."""

    def __init__(self, folder: Path, config: Config, plugins: Sequence[object] = ()) -> None:
        self.folder = folder
        self.config = configuration.with_gateway(config, data=str(folder))
        self.clock = NOW
        self.registry = registry.load(self.config, plugins)
        self.application = Application(self.config, self.registry, TOKEN, now=lambda: self.clock)

    async def send(
        self,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        *,
        method: str = "POST",
        client: str = "127.0.0.1",
        chunks: int = 1,
    ) -> Answer:
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        if not any(name.lower() == "host" for name, _ in pairs):
            pairs.append(("host", "127.0.0.1:8787"))
        raw, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": raw,
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "http_version": "1.1",
            "scheme": "http",
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs],
            "client": (client, 50_000),
            "server": ("127.0.0.1", 8787),
        }
        size = max(1, -(-len(body) // chunks))
        parts = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
        messages = [
            {"type": "http.request", "body": part, "more_body": place < len(parts) - 1}
            for place, part in enumerate(parts)
        ]
        sent: list[Message] = []

        async def receive() -> Message:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.application(scope, receive, send)
        found = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(one.get("body", b"") for one in sent[1:]))

    async def read(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self.send(path, b"", {"x-tagway-token": TOKEN, **(headers or {})}, method="GET")

    def fold(self) -> list[dict[str, Any]]:
        """Fold the log; all events."""
        fold = Fold(self.folder, self.config, self.registry, lambda: self.clock)
        fold.drain()
        fold.close()
        feed = Feed(self.folder)
        events = feed.events()
        feed.close()
        return events

    def logged(self) -> list[Any]:
        """All rows of the log."""
        log = Log(self.folder, read_only=True)
        try:
            return log.read(0)
        finally:
            log.close()


@contextlib.asynccontextmanager
async def site(folder: Path, config: Config | None = None, plugins: Sequence[object] = ()) -> AsyncIterator[Site]:
    """A running site; what it logged is on disk once the block is left."""
    one = Site(folder, config or Config(), plugins)
    async with one.application.running():
        yield one


def configured(text: str) -> Config:
    """A configuration as in `tagway.toml`."""
    import tomllib

    return configuration.parse(tomllib.loads(text), file="tagway.toml", environ={})
