"""How often a source sends a property under another spelling is told with what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

from tagway.testing import InProcess

VIEW = {"product_id": "1", "name": "Rose", "price": 1, "currency": "EUR"}


def event(number: int, **properties: str) -> bytes:
    said = {"type": "track", "event": "Product Viewed", "messageId": f"m{number}", "anonymousId": "a"}
    return json.dumps({**said, "properties": {**VIEW, **properties}}).encode()


def test_a_respelled_property_says_in_how_many_events_it_came(tmp_path: Path) -> None:
    with InProcess(tmp_path) as one:
        for number in range(9):
            one.send("segment", event(number, sku="A"), path="/v1/track")
        for number in range(9, 50):
            one.send("segment", event(number, product_sku="A"), path="/v1/track")
        (violation,) = one.feed.events()[-1]["violations"]
        assert violation["resolution"] == (
            "send `sku`; this source sends `product_sku` in 41 of 50 events; add it to the source's aliases:"
            " `tagway taxonomy alias segment product_sku sku`"
        )
