"""The HTTP server: uvicorn with httptools, hardened where it has no limit of its own, and its orderly end.

httptools refuses the shapes that request smuggling needs; h11 takes some of them. What httptools does not do
is bound the size of a head or the time a request may take, so the protocol here does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from tagway.config import Limits
from tagway.errors import RefusedError, TagwayError
from tagway.web import wire
from tagway.web.app import Application
from tagway.web.intake import Intake

_SWEEP: Final = 0.5
_KEEP_ALIVE: Final = 65
_BACKLOG: Final = 2_048


class Bounded(HttpToolsProtocol):
    """The protocol of uvicorn with a cap on the head, a clock on every request, and refusals in JSON."""

    _began: float | None = None
    # Bytes of the head so far; -1 once it is complete.
    _head = 0
    # What to say before the connection is closed, once the requests before are answered.
    _last_words = b""

    @property
    def _intake(self) -> Intake:
        application: Application = self.app
        return application.intake

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn is given no other kind
        """A connection is a request that has not begun."""
        super().connection_made(transport)
        self._began = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and refuse a head that grows beyond bounds."""
        if self._began is None:
            self._began = self.loop.time()
        super().data_received(data)
        if self._head >= 0 and self.parser is not None:
            self._head += len(data)
            if self._head > 2 * self._intake.config.limits.header_bytes:
                self._refuse(RefusedError("headers_too_large", "the headers are too large (`limits.header_bytes`)"))

    def on_message_begin(self) -> None:
        """A new head."""
        self._head = 0
        if self._began is None:  # a pipelined request
            self._began = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._head = -1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has arrived: its clock stops."""
        self._began = None
        super().on_message_complete()

    def overdue(self, now: float) -> bool:
        """Whether a request, or a connection without one, takes longer than it may to arrive."""
        return self._began is not None and now - self._began > self._intake.config.limits.body_seconds

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn never keeps its half open
        """The sender has said everything, and may still listen: what has arrived whole is answered before the end."""
        if not self._answering():
            return False
        self.cycle.keep_alive = False
        return True

    def on_response_complete(self) -> None:
        """The next request's turn, or the end of a connection that says nothing else that can be read."""
        super().on_response_complete()
        if self._last_words and not self._answering():
            self._end()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser refuses."""
        self._refuse(RefusedError("malformed_http", "this is not an HTTP request that is taken here"))

    def _unsupported_upgrade_warning(self) -> None:
        """Refuse an upgrade with a body: httptools passes over it, and would read it as a request of its own."""
        if any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers):
            self.cycle.disconnected = True
            self._refuse(RefusedError("malformed_http", "nothing is upgraded here; send it without Upgrade"))

    def _answering(self) -> bool:
        """Whether a request has arrived whole and is not answered yet."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not (cycle.more_body or cycle.response_complete or cycle.disconnected)

    def _refuse(self, refused: RefusedError) -> None:
        if self._last_words or self.transport.is_closing():
            return
        self._intake.refuse(refused)
        content = wire.refusal_body(refused)
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(content)
        self._last_words = STATUS_LINE[refused.status] + head + content
        if not self._answering():
            self._end()

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self._last_words)
            self.transport.close()


def settings(application: Any, **more: Any) -> uvicorn.Config:
    """How uvicorn is set up here, for the gateway and for the floor that the bench holds it against."""
    return uvicorn.Config(
        application,
        loop="asyncio" if sys.platform == "win32" else "uvloop",
        ws="none",
        interface="asgi3",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        **more,
    )


class Server(uvicorn.Server):
    """uvicorn's server, ended by any signal that means so, and never by an exception of it."""

    def __init__(self, application: Application, limits: Limits, started: Callable[[], None] = lambda: None) -> None:
        """Serve an application; `started` is called once requests are taken."""
        self._application, self._started = application, started
        graceful = int(limits.body_seconds) + 5
        super().__init__(settings(application, http=Bounded, lifespan="on", timeout_graceful_shutdown=graceful))

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Start, and begin to watch for slow senders."""
        await super().startup(sockets)
        self._sweeper = asyncio.create_task(self._sweep())
        self._started()

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """Answer what is in flight, then end."""
        self._application.drain()
        await super().shutdown(sockets)
        self._sweeper.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C, a request to end and a closed terminal all mean: drain and end."""
        names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        try:
            before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        except ValueError:  # not in the main thread: whoever runs it there ends it by `should_exit`
            yield
            return
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def _sweep(self) -> None:
        """Close connections whose request does not arrive in time: without an answer, as no answer is right."""
        while True:
            await asyncio.sleep(_SWEEP)
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if connection.overdue(now):  # type: ignore[union-attr]  # all are ours
                    connection.transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `TagwayError` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = (
            os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror).partition(" (while")[0]
        )
        raise TagwayError(f"cannot listen at {host}:{port}: {reason}; name another with --host or --port") from None
