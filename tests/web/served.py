"""The application behind the real server, in a thread of this process: raw bytes in, raw bytes out."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from tagway import config as configuration
from tagway import registry
from tagway.config import Config
from tagway.web.app import Application
from tagway.web.server import Server, listen

from tests.web.site import TOKEN


class Served:
    """A listening server."""

    def __init__(self, port: int, server: Server) -> None:
        self.port, self.server = port, server

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.settimeout(10)
        return connection

    def say(self, raw: bytes) -> bytes:
        """Send bytes on a connection of their own; everything that comes back until it is closed, or quiet."""
        with self.connect() as connection:
            with contextlib.suppress(OSError):  # refused while it was still being sent
                connection.sendall(raw)
            return read(connection)


def read(connection: socket.socket, quiet: float = 1.0) -> bytes:
    """What a connection says until its end, or until a whole answer is followed by silence."""
    heard = b""
    connection.settimeout(quiet)
    with contextlib.suppress(OSError):
        while piece := connection.recv(65_536):
            heard += piece
            if _complete(heard):
                break
    return heard


def _complete(heard: bytes) -> bool:
    head, found, body = heard.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found and lengths) and len(body) >= int(lengths[0].split(b":")[1])


@contextlib.contextmanager
def served(folder: Path, config: Config | None = None) -> Iterator[Served]:
    """A server on a free port for the time of the block."""
    config = configuration.with_gateway(config or Config(), data=str(folder))
    application = Application(config, registry.load(config), TOKEN)
    listener = listen("127.0.0.1", 0)
    started = threading.Event()
    server = Server(application, config.limits, started.set)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        assert started.wait(20)
        yield Served(listener.getsockname()[1], server)
    finally:
        server.should_exit = True
        thread.join(30)
