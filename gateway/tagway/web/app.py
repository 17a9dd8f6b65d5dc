"""The application: ingest in front of a dict, everything else by Starlette's router.

Paths without parameters are found by one dict look-up over the bytes of the path; a router would try their
patterns one after the other. All routing is over the path as sent, so that an encoded slash in an identifier
stays one segment.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tagway import clock
from tagway.config import LOOPBACK, Config
from tagway.errors import RefusedError
from tagway.log import GroupCommit
from tagway.registry import Registry
from tagway.web import bodies, wire
from tagway.web.health import Health
from tagway.web.ingest import Ingest
from tagway.web.inspect import Inspect
from tagway.web.intake import Intake
from tagway.web.paths import places
from tagway.web.reading import Reading
from tagway.web.settings import Settings
from tagway.web.waiting import Outcomes

_logger = logging.getLogger("tagway.web")

_PARAMETERS: Final = "{"


@dataclass(slots=True, kw_only=True)
class Engine:
    """What the application needs of the engine's process: to tell it of new rows, and how it is."""

    poke: Callable[[], None] = lambda: None
    state: Callable[[], dict[str, Any]] = field(default_factory=lambda: dict)


class Application:
    """The ASGI application of one gateway."""

    def __init__(
        self,
        config: Config,
        registry: Registry,
        token: str,
        engine: Engine | None = None,
        now: Callable[[], int] = clock.now,
    ) -> None:
        """Compile the routes. Raises `ConfigError` when two sources cannot be told apart."""
        self._config, self._engine = config, engine or Engine()
        self.intake = Intake(config, now)
        self._reading = Reading(config.data)
        outcomes = Outcomes(self._reading, token)
        endpoints: dict[str, ASGIApp] = {
            path: Settings(place, self.intake) if place.is_settings else Ingest(place, self.intake, outcomes)
            for path, place in places(registry.sources.values()).items()
        }
        self._exact: dict[bytes, ASGIApp] = {
            path.encode(): one for path, one in endpoints.items() if _PARAMETERS not in path
        }
        hosts = frozenset((*LOOPBACK, *config.gateway.hosts))
        inspect = Inspect(self._reading, self.intake, token, hosts)
        health = Health(self.intake, self._reading, self._engine.state, token, hosts)
        routes: list[BaseRoute] = [
            *inspect.routes(),
            *health.routes(),
            *(Route(path, one) for path, one in endpoints.items() if _PARAMETERS in path),
        ]
        self._rest = Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={RefusedError: _refused, HTTPException: self._http, Exception: _failed},
        )
        # A redirect loses events: SDKs take it for success.
        self._rest.router.redirect_slashes = False
        self._inspect = inspect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's start and end."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        if self._has_too_large_a_head(scope):
            await bodies.drain(receive, scope["headers"])
            message = "the head has too many headers (`limits.headers`) or bytes (`limits.header_bytes`)"
            await self._refuse(send, RefusedError("headers_too_large", message))
            return
        endpoint = self._exact.get(scope["raw_path"])
        if endpoint is None:
            scope["path"] = scope["raw_path"].decode("latin-1")
            endpoint = self._rest
        try:
            await endpoint(scope, receive, send)
        except RefusedError as refused:
            await self._refuse(send, refused)
        except Exception:
            _logger.exception("a request failed in a way that is our fault")
            await self._refuse(send, _our_fault())

    def _has_too_large_a_head(self, scope: Scope) -> bool:
        limits, headers = self._config.limits, scope["headers"]
        return (
            len(headers) > limits.headers
            or sum([len(name) + len(value) for name, value in headers]) > limits.header_bytes
            or len(scope["raw_path"]) + len(scope["query_string"]) > limits.header_bytes
        )

    def drain(self) -> None:
        """The server stops: end what waits for ever."""
        self._inspect.end()

    async def _refuse(self, send: Send, refused: RefusedError) -> None:
        self.intake.refuse(refused)
        await wire.refusal(send, refused)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take requests: the log's writer runs inside of this, and has written everything at its end."""
        limits = self._config.limits
        commit = self.intake.commit = GroupCommit(
            self._config.data,
            rows=limits.queue,
            size=limits.queue_bytes,
            quarantine_rows=limits.quarantine_rows,
            quarantine_bytes=limits.quarantine_bytes,
            committed=self._engine.poke,
        )
        try:
            yield
        finally:
            await commit.close()
            self._reading.close()

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with self.running():
            yield

    async def _http(self, request: Request, error: Exception) -> Response:
        """Starlette's own refusals (no such path, no such method), in our words and counted."""
        await bodies.drain(request.receive, request.scope["headers"])
        refused = _unrouted(request, error)
        self.intake.refuse(refused)
        return _response(refused)


def _unrouted(request: Request, error: Exception) -> RefusedError:
    allow = error.headers.get("Allow", "") if isinstance(error, HTTPException) and error.headers else ""
    if allow:
        methods = tuple(sorted(allow.split(", ")))
        return RefusedError("method_not_allowed", f"this path takes {', '.join(methods)}", allow=methods)
    if "/webhooks/" in request.url.path:
        return RefusedError("unknown_source", "no source of this name is configured; `tagway sources` lists them")
    return RefusedError("unknown_path", "nothing listens at this path; `tagway sources` lists the paths")


async def _refused(_: Request, error: Exception) -> Response:
    return _response(error if isinstance(error, RefusedError) else _our_fault())


async def _failed(_: Request, error: Exception) -> Response:
    del error
    return _response(_our_fault())


def _our_fault() -> RefusedError:
    return RefusedError("unavailable", "the gateway failed; send it again")


def _response(refused: RefusedError) -> Response:
    headers = {name.decode(): value.decode() for name, value in wire.refusal_headers(refused)}
    return Response(wire.refusal_body(refused), refused.status, headers, "application/json")
