"""RudderStack's HTTP API: Segment's calls at the same paths, with RudderStack's additions.

The browser SDK sends a call at a time, or beacons at `/beacon/v1/batch?writeKey=`. Identify's traits are only in
`context.traits`; `originalTimestamp` stands alone where the caller gave no `timestamp`. Events keep the names
that were sent: RudderStack's own Shopify source names its server copies differently, and so does the table here.
(github.com/rudderlabs: rudder-server gateway/openapi.yaml, rudder-transformer.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from tagway import DeadLetter, Event, Example, Request, Route, Source, body, hookimpl

from tagway_plugins.calls import dialect

_CALLS: Final = ("track", "identify", "page", "screen", "group", "alias", "batch")


class RudderStack(Source):
    """What RudderStack's SDKs send."""

    name = "rudderstack"
    routes = (
        *(Route(path=f"/v1/{call}", sdk=True, dialect=True) for call in _CALLS),
        Route(path="/beacon/v1/batch", sdk=True),
        Route(path="/sourceConfig/", methods=("GET",), settings=True),
    )
    kind = "collect"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a call, one per element of a batch. Raises `PayloadError`."""
        return dialect.read(request)

    def settings(self, endpoint: str, key: str) -> Mapping[str, Any]:
        """What the browser SDK asks at `/sourceConfig/` before it starts."""
        source = {"id": key, "name": "tagway", "writeKey": key, "enabled": True, "workspaceId": "tagway"}
        return {"source": {**source, "config": {}, "destinations": [], "dataplanes": {}}, "endpoint": endpoint}

    def snippet(self, endpoint: str, key: str) -> str:
        """The load call that points the browser SDK here."""
        return _SNIPPET.replace("WRITE_KEY", key or "YOUR_WRITE_KEY").replace("ENDPOINT", endpoint)

    def examples(self) -> Sequence[Example]:
        """A product added, as the browser SDK sends it."""
        headers = {"Content-Type": "application/json;charset=UTF-8"}
        return (Example(name="track", path="/v1/track", body=body.encode(_TRACK), headers=headers),)


_TRACK: Final = {
    "type": "track",
    "event": "Product Added",
    "channel": "web",
    "messageId": "rudder-demo-1",
    "anonymousId": "5ad9f7c2-91d4-4a2e-b7f0-3f6e6c1d0b11",
    "userId": "",
    "originalTimestamp": "2026-11-01T10:02:00.000Z",
    "sentAt": "2026-11-01T10:02:00.400Z",
    "context": {"page": {"url": "https://ember-and-oak.example/products/oak-moss-candle"}},
    "properties": {
        "cart_id": "Z2NwLWV1cm9wZS13ZXN0MTowMUpGSzM",
        "product_id": "8213868347682",
        "sku": "CNDL-OAK-S",
        "name": "Oak Moss Candle",
        "price": 24.9,
        "quantity": 2,
        "currency": "EUR",
    },
}
_SNIPPET: Final = """\
import { RudderAnalytics } from "@rudderstack/analytics-js";

const analytics = new RudderAnalytics();
analytics.load("WRITE_KEY", "ENDPOINT", { configUrl: "ENDPOINT" });
"""
_EVENTS: Final = {
    "Product Added": "Added to Cart",
    "Product Removed": "Removed from Cart",
    "Product List Viewed": "Collection Viewed",
    "Search Submitted": "Products Searched",
    "Cart Update": "Cart Updated",
    "Order Created": "Order Completed",
    "Checkout Started Webhook": "Checkout Started",
    "Signed Up": "Customer Created",
}
"""Names of RudderStack's ecommerce spec and of its Shopify source that are not ours."""
_PROPERTIES: Final = {"list_id": "collection_id", "category": "collection_name", "revenue": "subtotal"}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(RudderStack())


@hookimpl
def register_aliases(register: Callable[[str, Mapping[str, str], Mapping[str, str]], None]) -> None:
    """Register RudderStack's spellings."""
    register("rudderstack", _EVENTS, _PROPERTIES)
