"""The read side over HTTP: `/inspect/...`, for holders of the token at an allowed `Host`; no CORS, ever."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tagway import commands
from tagway.core import body
from tagway.errors import PayloadError, RefusedError
from tagway.identifiers import spelled
from tagway.store.feed import Feed
from tagway.web import bodies, trust
from tagway.web.intake import Intake
from tagway.web.reading import Reading

_LIMIT: Final = 1_000
_LOOK: Final = 0.2
_HEARTBEAT: Final = 15.0
# A cache of a tunnel or a proxy must not keep what is about people.
_PRIVATE: Final = {"cache-control": "no-store"}
Handler = Callable[[Request], Awaitable[Response]]


class Inspect:
    """The routes of the read side."""

    def __init__(self, reading: Reading, intake: Intake, token: str, hosts: frozenset[str]) -> None:
        """Answer from `reading`, to readers with the token at one of the hosts."""
        self._reading, self._intake, self._token, self._hosts = reading, intake, token, hosts
        self._ended = False

    def end(self) -> None:
        """End the streams: the server stops."""
        self._ended = True

    def routes(self) -> list[BaseRoute]:
        """All routes, each behind the token."""
        return [
            self._route("/inspect/events", self._events),
            self._route("/inspect/violations", self._violations),
            self._route("/inspect/profiles/{kind}/{value}", self._profile),
            self._route("/inspect/ledger", self._ledger),
            self._route("/inspect/merges", self._merges),
            self._route("/inspect/stream", self._stream),
            self._route("/commands", self._command, "POST"),
        ]

    def _route(self, path: str, handler: Handler, method: str = "GET") -> Route:
        async def guarded(request: Request) -> Response:
            headers = request.scope["headers"]
            try:
                trust.check_reader(dict(headers), self._token, self._hosts)
            except RefusedError as refused:
                self._intake.refuse(refused, path=path)
                await bodies.drain(request.receive, headers)
                raise
            return await handler(request)

        return Route(path, guarded, methods=[method])

    async def _events(self, request: Request) -> Response:
        after, limit = _page(request)
        status, name, profile, source = map(request.query_params.get, ("status", "name", "profile", "source"))
        events = await self._reading.read(
            lambda feed: feed.events(after=after, limit=limit, status=status, name=name, profile=profile, source=source)
        )
        return _json({"events": events, "next": events[-1]["seq"] if events else after})

    async def _violations(self, request: Request) -> Response:
        after, limit = _page(request)
        events = await self._reading.read(lambda feed: feed.events(after=after, limit=limit, status="violating"))
        found = [
            {"seq": one["seq"], "event_id": one["event_id"], "name": one["name"], "source": one["source"], **violation}
            for one in events
            for violation in one["violations"]
        ]
        return _json({"violations": found, "next": events[-1]["seq"] if events else after})

    async def _merges(self, request: Request) -> Response:
        after, limit = _page(request)
        merges = await self._reading.read(lambda feed: feed.merges(after=after, limit=limit))
        return _json({"merges": merges, "next": merges[-1]["id"] if merges else after})

    async def _profile(self, request: Request) -> Response:
        kind, value = unquote(request.path_params["kind"]), unquote(request.path_params["value"])
        try:
            identifiers = spelled(f"{kind}:{value}", self._intake.config)
        except PayloadError as error:
            raise RefusedError("not_found", error.message) from None
        profiles = await self._reading.read(lambda feed: [feed.profile(*one) for one in identifiers])
        profile = next((one for one in profiles if one is not None), None)
        if profile is None:
            raise RefusedError("not_found", "no event has carried this identifier")
        return _json(profile)

    async def _command(self, request: Request) -> Response:
        """Write a command into the log, for the engine to fold; what it did is seen on the read side."""
        content = await bodies.read(request.receive, self._intake.config.limits)
        bodies.check(content, self._intake.config.limits)
        try:
            entry = commands.entry(body.decode(content), now=self._intake.now())
        except PayloadError as error:
            raise RefusedError("malformed_body", f"{error.pointer or '/'}: {error.message}") from None
        except body.BodyError as error:  # a number out of range, in a body that is too large to look for one
            raise RefusedError("malformed_json", f"the body is not JSON that can be read exactly: {error}") from None
        return _json({"success": True, "seq": await self._intake.writer().append(entry)})

    async def _ledger(self, _: Request) -> Response:
        return _json(await self._reading.read(Feed.ledger))

    async def _stream(self, request: Request) -> Response:
        after = _whole(request.headers.get("last-event-id", ""))
        after = _number(request, "after", 0) if after is None else after
        return StreamingResponse(self._events_after(after), media_type="text/event-stream", headers=_PRIVATE)

    async def _events_after(self, after: int) -> AsyncIterator[bytes]:
        quiet = 0.0
        while not self._ended:
            events = await self._reading.read(functools.partial(Feed.events, after=after, limit=_LIMIT))
            for one in events:
                after = one["seq"]
                yield b"id: %d\ndata: %s\n\n" % (after, body.encode(one))
            quiet = 0.0 if events else quiet + _LOOK
            if quiet >= _HEARTBEAT:
                quiet = 0.0
                yield b": nothing new\n\n"
            await asyncio.sleep(_LOOK)


def _page(request: Request) -> tuple[int, int]:
    """After which row, and how many: the part of a list that is asked for."""
    return _number(request, "after", 0), min(_number(request, "limit", 100), _LIMIT)


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if (number := _whole(text)) is None:
        raise RefusedError("malformed_body", f"the parameter `{name}` is a whole number from 0 on")
    return number


def _whole(text: str) -> int | None:
    """A whole number that the store can hold; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _json(value: Any) -> Response:
    return Response(body.encode(value), media_type="application/json", headers=_PRIVATE)
