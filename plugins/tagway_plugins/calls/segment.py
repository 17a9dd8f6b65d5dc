"""Segment's HTTP Tracking API: `/v1/track`, `identify`, `page`, `screen`, `group`, `alias`, `batch`, and short forms.

SDKs work unchanged with another host. Keys are checked before a call gets here. Repeats carry the same
`messageId`, whatever the batch they come in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qs

from tagway import DeadLetter, Event, Example, PayloadError, Request, Route, Source, body, hookimpl, signatures

from tagway_plugins.calls import dialect

_LONG: Final = ("track", "identify", "page", "screen", "group", "alias")
_CALLS: Final = (*_LONG, "batch", *dialect.SHORT)


class Segment(Source):
    """What Segment's SDKs send."""

    name = "segment"
    routes = (
        *(Route(path=f"/v1/{call}", sdk=True) for call in _CALLS),
        *(Route(path=f"/v1/pixel/{call}", methods=("GET",), sdk=True, pixel=True) for call in _LONG),
        Route(path="/v1/projects/{write_key}/settings", methods=("GET",), settings=True),
    )
    kind = "collect"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a call, one per element of a batch. Raises `PayloadError`.

        An image request carries the call as base64 in `data` (segment.com/docs, Pixel Tracking API).
        """
        return dialect.read(request if request.method != "GET" else replace(request, body=_pixel(request.query)))

    def settings(self, endpoint: str, key: str) -> Mapping[str, Any]:
        """What analytics.js asks before it starts: this one integration, or it would load others from the CDN."""
        return dialect.settings("Segment.io", endpoint, key)

    def snippet(self, endpoint: str, key: str) -> str:
        """A script for any page: page views, `tagway.track` and `tagway.identify`, without an SDK."""
        page = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
        return page.replace("ENDPOINT", endpoint).replace("WRITE_KEY", key)

    def examples(self) -> Sequence[Example]:
        """A batch: an anonymous view, then who it was."""
        headers = {"Content-Type": "application/json"}
        return (Example(name="batch", path="/v1/batch", body=body.encode(_BATCH), headers=headers),)


def _pixel(query: str) -> bytes:
    data = parse_qs(query, max_num_fields=100).get("data", [""])[0]
    found = signatures.decoded(data.replace(" ", "+"), "base64") or signatures.decoded(data.rstrip("="), "base64url")
    if not found:
        raise PayloadError("expected the call as base64 in the parameter `data`")
    return found


_ANONYMOUS: Final = "5ad9f7c2-91d4-4a2e-b7f0-3f6e6c1d0b11"
_BATCH: Final = {
    "sentAt": "2026-11-01T10:00:05.000Z",
    "context": {"library": {"name": "analytics-node", "version": "3.1.0"}},
    "batch": [
        {
            "type": "track",
            "event": "Product Viewed",
            "messageId": "segment-demo-1",
            "anonymousId": _ANONYMOUS,
            "timestamp": "2026-11-01T10:00:00.000Z",
            "properties": {
                "product_id": "8213868347682",
                "sku": "CNDL-OAK-S",
                "name": "Oak Moss Candle",
                "price": 24.9,
                "currency": "EUR",
            },
        },
        {
            "type": "identify",
            "messageId": "segment-demo-2",
            "anonymousId": _ANONYMOUS,
            "userId": "7188389789809",
            "timestamp": "2026-11-01T10:00:03.000Z",
            "traits": {"email": "mara@example.com", "first_name": "Mara"},
        },
    ],
}
_EVENTS: Final = {
    "Product Added": "Added to Cart",
    "Product Removed": "Removed from Cart",
    "Product List Viewed": "Collection Viewed",
    "Signed Up": "Customer Created",
}
"""Names of Segment's ecommerce spec that are not ours."""
_PROPERTIES: Final = {"list_id": "collection_id", "category": "collection_name", "revenue": "subtotal"}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Segment())


@hookimpl
def register_aliases(register: Callable[[str, Mapping[str, str], Mapping[str, str]], None]) -> None:
    """Register the spellings of the ecommerce spec."""
    register("segment", _EVENTS, _PROPERTIES)
