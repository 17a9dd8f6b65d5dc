"""A sample journey for an empty gateway: four calls as an SDK sends them, to the address where it listens."""

from __future__ import annotations

import base64
import json
import secrets
import shlex
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tagway.config import LOOPBACK, Config
from tagway.core import moments
from tagway.errors import TagwayError

PLUGIN = "segment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the journey goes, and the write key that opens it; empty for an open source."""

    url: str
    key: str = ""


def address(config: Config, url: str) -> Address | None:
    """Where a journey can be sent; None when no Segment-compatible source is configured, or nothing listens here.

    Only ever to this machine: a sample must not reach a gateway that others use.
    """
    if not url or urlsplit(url).hostname not in LOOPBACK:
        return None
    if config.open:
        return Address(url=f"{url}/v1/batch")
    named = next((one for one in config.sources.values() if one.plugin == PLUGIN), None)
    if named is None:
        return None
    return Address(url=f"{url}/v1/batch", key=named.write_keys[0] if named.write_keys else "")


def journey(now: int) -> dict[str, Any]:
    """One shopper: looks, adds to the cart, gives an email, buys. `now` in microseconds; ids are new each time."""
    browser, cart = f"sample-{secrets.token_hex(4)}", f"cart-{secrets.token_hex(4)}"
    item = {"product_id": "p-1", "sku": "CNDL-OAK-S", "name": "Oak candle", "price": 24.9, "quantity": 1}
    money = {"currency": "EUR", "cart_id": cart}
    email = f"{browser}@example.com"
    calls: list[dict[str, Any]] = [
        {"type": "track", "event": "Product Viewed", "properties": {**item, "currency": "EUR"}},
        {"type": "track", "event": "Added to Cart", "properties": {**item, **money}},
        {"type": "identify", "userId": f"customer-{browser}", "traits": {"email": email}},
        {
            "type": "track",
            "event": "Order Completed",
            "userId": f"customer-{browser}",
            "properties": {**money, "order_id": f"order-{browser}", "total": 24.9, "value": 24.9, "products": [item]},
        },
    ]
    for place, call in enumerate(calls):
        call["anonymousId"], call["messageId"] = browser, f"{browser}-{place}"
        call["timestamp"] = moments.write(now - (len(calls) - place) * moments.SECOND)
    return {"batch": calls}


def send(to: Address, now: int) -> None:
    """Send a journey. Raises `TagwayError` when it is not taken."""
    request = urllib.request.Request(  # noqa: S310 - our own http address
        to.url, data=json.dumps(journey(now)).encode(), headers=_headers(to), method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - as above
            answer.read()
    except urllib.error.HTTPError as error:
        raise TagwayError(f"the gateway refused it: {error.code}") from None
    except OSError as error:
        raise TagwayError(f"the gateway cannot be reached: {error}") from None


def curl(to: Address, now: int) -> str:
    """The first call as a cURL command."""
    call = json.dumps(journey(now)["batch"][0])
    key = f" -u {shlex.quote(to.key + ':')}" if to.key else ""
    url = to.url.replace("/v1/batch", "/v1/track")
    return f"curl{key} -H 'content-type: application/json' --data-raw {shlex.quote(call)} {shlex.quote(url)}"


def _headers(to: Address) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if to.key:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{to.key}:".encode()).decode()
    return headers
