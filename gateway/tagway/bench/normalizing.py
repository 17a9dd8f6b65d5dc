"""What normalizing costs: an order, a pixel event and an SDK's call, each as a ratio to parsing its JSON alone.

Parsing and normalizing take turns, many short ones, so that both meet the same machine; parsing is part of both.
The bodies are the plugins' own examples; the order is filled up to the size that a real one has, with what a
real one is full of: both currencies of every amount, tax lines and addresses that no event needs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from tagway import registry
from tagway.config import Config
from tagway.core import body
from tagway.core.events import Request
from tagway.hookspecs import Example, Source

ORDER_BYTES: Final = 15_000
# Figure -> plugin and the name of its example.
CASES: Final[dict[str, tuple[str, str]]] = {
    "normalize_order": ("shopify", "orders_create"),
    "normalize_pixel": ("shopify_pixel", "product_viewed"),
    "normalize_segment": ("segment", "batch"),
}
_TURNS: Final = 200


def measure(rounds: int) -> dict[str, float]:
    """For each case `NAME_us`, microseconds parsing included, and `NAME_ratio`, the same over parsing alone."""
    available = registry.load(Config()).available
    found: dict[str, float] = {}
    for figure, (plugin, example) in CASES.items():
        request = case(available[plugin], example)
        taken = [_turn(available[plugin], request) for _ in range(rounds + 1)][1:]  # the first round warms up
        found[f"{figure}_us"] = statistics.median(ours for ours, _ in taken) * 1e6
        found[f"{figure}_ratio"] = statistics.median(ours / parsing for ours, parsing in taken)
    return found


def case(source: Source, example: str) -> Request:
    """The request that a case normalizes. Raises `StopIteration` where the plugin has no such example."""
    one = next(one for one in source.examples() if one.name == example)
    sent = body.decode(one.body)
    if example == "orders_create":
        sent = _filled(sent)
    if isinstance(sent, dict) and "batch" in sent:
        sent = {**sent, "batch": sent["batch"][:1]}
    headers = {name.lower(): value for name, value in one.headers.items()}
    return _request(source, one, headers, body.encode(sent))


def _request(source: Source, one: Example, headers: dict[str, str], sent: bytes) -> Request:
    return Request(source=source.name, path=one.path, headers=headers, body=sent, received_at=1_760_000_000_000_000)


def _turn(source: Source, request: Request) -> tuple[float, float]:
    """CPU seconds of one normalization and of one parsing."""
    ours = _each(lambda: list(source.normalize(request)))
    parsing = _each(lambda: body.decode(request.body))
    return ours, parsing


def _each(work: Callable[[], Any]) -> float:
    began = time.process_time()
    for _ in range(_TURNS):
        work()
    return (time.process_time() - began) / _TURNS


def _filled(order: dict[str, Any]) -> dict[str, Any]:
    """The order with more lines, and in them what real lines carry, until it has `ORDER_BYTES`."""
    currency = order["currency"]
    address = {
        name: f"{name} of a street or a person"
        for name in ("first_name", "address1", "address2", "city", "zip", "country")
    }
    order = {**order, "billing_address": address, "shipping_address": address, "client_details": address}
    line: dict[str, Any] = order["line_items"][0]
    lines: list[dict[str, Any]] = []
    while len(body.encode({**order, "line_items": lines})) < ORDER_BYTES:
        number = len(lines)
        lines.append({**line, "id": 900_000_000 + number, **_noise(line["price"], currency)})
    return {**order, "line_items": lines}


def _noise(amount: Any, currency: str) -> dict[str, Any]:
    money = {"amount": amount, "currency_code": currency}
    both = {"shop_money": money, "presentment_money": money}
    tax = {"title": "VAT", "price": "1.00", "rate": 0.19, "price_set": both, "channel_liable": False}
    return {
        "price_set": both,
        "total_discount_set": both,
        "tax_lines": [tax, {**tax, "title": "State"}],
        "discount_allocations": [{"amount": "1.00", "amount_set": both, "discount_application_index": 0}],
        "duties": [],
        "properties": [],
        "fulfillable_quantity": 1,
        "fulfillment_service": "manual",
        "gift_card": False,
        "requires_shipping": True,
        "variant_inventory_management": "shopify",
    }
