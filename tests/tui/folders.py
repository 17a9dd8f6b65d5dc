"""Data folders for tests of the screen, filled by the real log, engine and store in this process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tagway.log import Entry
from tagway.testing import InProcess


def track(name: str, anonymous_id: str = "anon-1", /, **properties: Any) -> dict[str, Any]:
    """A Segment track call."""
    return {"type": "track", "event": name, "anonymousId": anonymous_id, "properties": properties}


def identify(user_id: str, anonymous_id: str = "anon-1", /, **traits: Any) -> dict[str, Any]:
    """A Segment identify call."""
    return {"type": "identify", "userId": user_id, "anonymousId": anonymous_id, "traits": traits}


def send(gateway: InProcess, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    """Send calls as one batch, a second after what was sent before."""
    gateway.clock += 1_000_000
    numbered = [{"messageId": f"m-{gateway.clock}-{place}", **call} for place, call in enumerate(calls)]
    return gateway.send("segment", json.dumps({"batch": numbered}).encode(), path="/v1/batch")


def refuse(gateway: InProcess, code: str = "bad_proof", count: int = 1, source: str = "shopify") -> None:
    """Log requests that were refused."""
    gateway.clock += 1_000_000
    message = "the signature does not match"
    gateway.log.append(
        [Entry(kind="refused", source=source, received_at=gateway.clock, code=code, message=message, count=count)]
    )
    gateway.fold.drain()


def a_journey(gateway: InProcess) -> None:
    """One shopper: looks, adds to a cart, gives an email, orders; a dead letter and a refusal beside it."""
    send(gateway, track("Product Viewed", product_id="p1", sku="ABC-123"))
    send(gateway, track("Added to Cart", product_sku="ABC-123"))
    send(gateway, identify("cust_881", email="ana@example.com"))
    send(gateway, {**track("Order Completed", order_id="1001"), "messageId": "same"})
    send(gateway, {**track("Order Completed", order_id="1001"), "messageId": "same"})
    gateway.send("segment", b"[1]", path="/v1/batch")
    refuse(gateway, count=3)


def folder_with(folder: Path, calls: Sequence[dict[str, Any]]) -> Path:
    """A folder in which some calls were folded, one a request."""
    with InProcess(folder) as gateway:
        for call in calls:
            send(gateway, call)
    return folder
