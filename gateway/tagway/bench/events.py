"""What the bench sends: one Product Viewed of about 1 KB, alone or a hundred in a batch, ids fresh every time."""

from __future__ import annotations

import json
from typing import Any, Final

BATCH: Final = 100
# Stand-ins of fixed width: replacing them changes neither the length nor the JSON.
_ID: Final = b"@@@@@@@@"
_PERSON: Final = b"########"
# Each person is seen so often: a shopper sends more than one event.
_VISITS: Final = 4


class Template:
    """A request whose stand-in is replaced by a running number, so that every event has an id of its own.

    `events` is how many events a request holds. Path and bodies are Segment's, as its SDKs write them.
    """

    def __init__(self, events: int, *, port: int, path: str, key: str, moment: str) -> None:
        """Make the request for one server."""
        self.events = events
        views = [view(place, moment) for place in range(events)]
        body = _json({"batch": views, "sentAt": moment} if events > 1 else views[0])
        lines = (
            f"POST {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "User-Agent: tagway-bench",
            "Content-Type: application/json",
            *((f"Authorization: Basic {key}",) if key else ()),
            f"Content-Length: {len(body)}",
        )
        self._request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def request(self, number: int) -> bytes:
        """The request with its number in every id."""
        return self._request.replace(_ID, b"%08x" % number).replace(_PERSON, b"%08x" % (number // _VISITS))


def view(place: int, moment: str) -> dict[str, Any]:
    """One event as a browser SDK sends it; the person is one of many, by the number of the request."""
    return {
        "type": "track",
        "event": "Product Viewed",
        "messageId": f"bench-{_ID.decode()}-{place:02d}",
        "anonymousId": f"browser-{_PERSON.decode()}-{place:02d}",
        "userId": None,
        "timestamp": moment,
        "originalTimestamp": moment,
        "sentAt": moment,
        "properties": {
            "product_id": "7234590834801",
            "variant_id": "41327143321713",
            "sku": "ROSE-50",
            "name": "Rose Serum",
            "brand": "Lumen",
            "category": "Serums",
            "variant": "50 ml",
            "price": 24.9,
            "currency": "EUR",
            "quantity": 1,
            "url": "https://store.example/products/rose-serum",
            "image_url": "https://store.example/media/rose-serum.jpg",
        },
        "context": {
            "library": {"name": "analytics.js", "version": "next-1.84.3"},
            "locale": "en-US",
            "campaign": {"name": "autumn", "source": "newsletter", "medium": "email"},
            "screen": {"width": 1512, "height": 982, "density": 2},
            "timezone": "Europe/Berlin",
            "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)",
            "page": {
                "path": "/products/rose-serum",
                "referrer": "https://store.example/collections/serums",
                "title": "Rose Serum",
                "url": "https://store.example/products/rose-serum",
            },
        },
        "integrations": {},
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
