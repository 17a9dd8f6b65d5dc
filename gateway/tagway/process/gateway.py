"""The gateway's processes together: the lock, the token, the engine as a child, and the HTTP server.

`tagway serve` runs this in the foreground. Started by another process (`--parent`), standard input is the
pipe to it, and its end means drain and exit.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tagway import catalogue, registry
from tagway.config import LOOPBACK, Config
from tagway.errors import ConfigError, TagwayError
from tagway.log import Log
from tagway.process.child import Child
from tagway.process.collector import settle
from tagway.process.folder import admit, inspect_token, private, tell
from tagway.process.pipe import Wakeup
from tagway.store.files import folded_up_to
from tagway.web.app import Application, Engine
from tagway.web.server import Server, listen


class Gateway:
    """One gateway on one data folder; `run` returns when it has drained."""

    def __init__(self, config: Config) -> None:
        """Check everything that can be wrong before anything is started. Raises `TagwayError`."""
        if config.open and config.gateway.host not in LOOPBACK:
            raise ConfigError(
                f"without a configuration every source is open, so only loopback can be listened at, not "
                f"{config.gateway.host}; `tagway init` writes a configuration with keys"
            )
        self._config = config
        self._registry = registry.load(config)
        catalogue.load(config, self._registry)  # the engine's, but said here, where somebody hears it
        private()
        self._lock = admit(config.data)
        _check_log(config.data)
        self._child: Child | None = None
        self._url = ""
        self._telling = threading.Lock()

    def run(self, *, parent: bool = False, started: Callable[[str], None] = lambda url: None) -> None:
        """Serve until a signal, or the end of the parent. `started` gets the URL."""
        config = self._config
        engine = Engine(poke=self._poke, state=self._state)
        application = Application(
            config, self._registry, inspect_token(config.data, config.gateway.inspect_token), engine
        )
        listener = listen(config.gateway.host, config.gateway.port)
        host, port = listener.getsockname()[:2]
        self._url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

        def begun() -> None:
            settle()
            self._tell()
            started(self._url)

        server = Server(application, config.limits, begun)
        if parent:
            Wakeup(ended=lambda: setattr(server, "should_exit", True)).listen(sys.stdin.fileno())
        arguments = ["--data", str(config.data), *(["--config", config.file] if config.file else [])]
        self._child = Child("tagway.process.engine", arguments, config.data / "engine.log", changed=self._tell)
        try:
            server.run([listener])
        finally:
            self._child.stop()
            self._lock.release()

    def _poke(self) -> None:
        if self._child is not None:
            self._child.poke()

    def _state(self) -> dict[str, Any]:
        child = self._child
        if child is None:
            return {"pid": None, "restarts": 0, "last_exit": None}
        return {"pid": child.pid, "restarts": child.restarts, "last_exit": child.last_exit}

    def _tell(self) -> None:
        # The server's thread and the engine's may have something to tell at once; the later state is written last.
        with self._telling:
            if self._url:
                tell(self._config.data, {"pid": os.getpid(), "url": self._url, "engine": self._state()})


def _check_log(folder: Path) -> None:
    """Open the log as the processes will. Raises `TagwayError` for one that cannot be gone on with."""
    log = Log(folder)
    last, folded = log.last(), folded_up_to(folder)
    log.close()
    if folded > last:
        raise TagwayError(
            f"{folder}: the store is folded up to row {folded}, but the log ends at row {last}: it is another log, "
            "whose first rows would be passed over; put the old one back, or move store.db away to begin with this one"
        )
