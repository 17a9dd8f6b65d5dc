"""Ingest: the ASGI endpoint object of one path. Takes a request, and answers 200 once it is in the log.

No `Request` and no `Response` here: this is the hot path, and they cost a third of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.types import Receive, Scope, Send

from tagway.errors import RefusedError
from tagway.web import bodies, cookies, cors, keys, wire
from tagway.web.bodies import ClientGoneError
from tagway.web.intake import Intake
from tagway.web.paths import Place
from tagway.web.taking import Site, Taking
from tagway.web.waiting import Outcomes

_ONCE: Final = frozenset((b"authorization", b"x-write-key", b"content-encoding", b"host", b"origin"))


class Ingest:
    """The endpoint of one path: takes a request for one of the sources that listen there."""

    def __init__(self, place: Place, intake: Intake, outcomes: Outcomes) -> None:
        """Precompute what a request is looked up in."""
        self._intake, self._outcomes = intake, outcomes
        ready = {
            (method, value): target
            for (method, key), target in place.keyed.items()
            for value in keys.authorizations(key)
        }
        self._site = Site(place, intake, intake.config.limits, ready)
        self._cors = cors.policy(place, everything_open=intake.config.open)
        self._signatures = frozenset(
            one.bound.source.signature_header.encode() for one in place.targets if one.bound.source.signature_header
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; only `ClientGoneError` ends without an answer."""
        raw = scope["headers"]
        headers: dict[bytes, bytes] = dict(raw)
        origin = self._cors.headers(headers.get(b"origin"))
        if scope["method"] == "OPTIONS":
            await wire.empty(send, self._cors.preflight(headers, origin))
            return
        intake = self._intake
        if intake.in_flight >= self._site.limits.in_flight:
            await bodies.drain(receive, raw)
            message = "too many requests at once; send it again after the time in Retry-After"
            await self._refused(send, RefusedError("overloaded", message), None, origin)
            return
        intake.in_flight += 1
        taking = Taking(self._site, scope, headers)
        try:
            if len(raw) != len(headers):
                self._check_repeated(raw)
            seq = await taking.take(receive)
        except RefusedError as refused:
            if taking.untouched:
                await bodies.drain(receive, raw)
            await self._refused(send, refused, taking, origin)
            return
        except ClientGoneError:
            return
        finally:
            intake.in_flight -= 1
            taking.release()
        await self._answer(send, seq, taking, headers, origin)

    async def _answer(
        self, send: Send, seq: int, taking: Taking, headers: Mapping[bytes, bytes], origin: wire.Headers
    ) -> None:
        if taking.anonymous_id and taking.target is not None:
            secure = self._intake.config.gateway.public_url.startswith("https:")
            origin = [*origin, cookies.set_cookie(taking.target.bound.config, taking.anonymous_id, secure=secure)]
        if b"prefer" in headers and (seconds := self._outcomes.wanted(headers)):
            outcomes = await self._outcomes.of(seq, seconds)
            await wire.json(send, {"success": True, "outcomes": outcomes}, headers=origin)
        elif taking.pixel:
            await wire.pixel(send, origin)
        else:
            await wire.success(send, origin)

    async def _refused(self, send: Send, refused: RefusedError, taking: Taking | None, origin: wire.Headers) -> None:
        target = taking.target if taking else None
        if refused.code == "too_large" and target is not None and target.is_webhook and not target.route.sdk:
            refused = RefusedError("too_large_webhook", refused.message)
        kept = taking.quarantined(refused) if taking else None
        self._intake.refuse(refused, source=target.name if target else "", path=self._site.place.path, kept=kept)
        await wire.refusal(send, refused, origin)

    def _check_repeated(self, raw: list[tuple[bytes, bytes]]) -> None:
        """Refuse a header that decides something and comes twice: the two readers of it may differ."""
        names = [name for name, _ in raw]
        for name in {*_ONCE, *self._signatures}:
            if names.count(name) > 1:
                code = "bad_proof" if name in self._signatures else "duplicate_header"
                raise RefusedError(code, f"the header {name.decode('latin-1')} came more than once")
