"""Segment-compatible calls: `/v1/track`, `identify`, `page`, `screen`, `group`, `alias`, `batch` and short forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tagway import (
    DeadLetter,
    Event,
    Identifier,
    PayloadError,
    Request,
    Route,
    Source,
    body,
    hookimpl,
    moments,
)


class Segment(Source):
    """What Segment's SDKs send."""

    name = "segment"
    routes = tuple(
        Route(path=f"/v1/{call}", sdk=True)
        for call in (
            "track",
            "identify",
            "page",
            "screen",
            "group",
            "alias",
            "batch",
            "t",
            "i",
            "p",
            "s",
            "g",
            "a",
            "b",
        )
    )
    kind = "collect"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a call, one per element of a batch."""
        try:
            document = body.decode(request.body)
        except ValueError as error:
            raise PayloadError(str(error)) from None
        if not isinstance(document, dict):
            raise PayloadError("expected a JSON object")
        if "batch" in document:
            return [
                self._event(one, body.pointer("batch", place), request, document)
                for place, one in enumerate(document["batch"])
            ]
        call = request.path.rsplit("/", 1)[-1]
        return [self._event({"type": _CALLS.get(call, call), **document}, "", request, document)]

    def _event(self, one: Any, item: str, request: Request, envelope: Mapping[str, Any]) -> Event | DeadLetter:
        if not isinstance(one, dict) or one.get("type") not in _CALLS.values():
            return DeadLetter(code="payload", message="expected a call with a `type`", pointer=item)
        ids = [
            Identifier(kind, str(one[key]))
            for kind, key in (("user_id", "userId"), ("anonymous_id", "anonymousId"))
            if one.get(key)
        ]
        return Event(
            type=one["type"],
            name=one.get("event") or one["type"],
            raw_name=one.get("event") or one["type"],
            message_id=one.get("messageId") or "",
            timestamp=moments.read(one.get("timestamp")),
            identifiers=tuple(ids),
            properties=one.get("properties") or {},
            traits=one.get("traits") or {},
            context=one.get("context") or {},
            item=item,
        )


_CALLS = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Segment())
