"""Requests as a vendor sends them, for tests: `request_to` builds one, `signed` signs it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from tagway.core import body as json
from tagway.core.events import Request
from tagway.hookspecs import Source

RECEIVED_AT: Final = 1_760_000_000_000_000
"""When test requests arrive unless they say otherwise: 2025-10-09T08:53:20Z, in microseconds."""


def request_to(
    source: Source,
    body: Any,
    *,
    method: str = "POST",
    path: str = "",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    received_at: int = RECEIVED_AT,
    verified: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Request:
    """A request to a source under its plugin's name; a `body` that is not bytes is sent as JSON.

    `path` is the source's first route unless given. Header names are lower-cased, and those that the source
    does not declare are dropped, as they are when a real request is logged.
    """
    kept = {name.lower(): value for name, value in (headers or {}).items()}
    wanted = {*source.headers, source.signature_header, source.topic_header}
    return Request(
        source=source.name,
        method=method,
        path=path or source.routes[0].path.replace("{source}", source.name),
        query=query,
        headers={name: value for name, value in kept.items() if name in wanted},
        body=body if isinstance(body, bytes) else json.encode(body),
        received_at=received_at,
        verified=verified,
        options=options or {},
    )


def signed(source: Source, request: Request, secret: str, now: int) -> Request:
    """The request with the headers that the vendor adds to prove it under `secret` at `now` (microseconds)."""
    added = {name.lower(): value for name, value in source.sign(request, secret, now).items()}
    return dataclasses.replace(request, headers={**request.headers, **added})
