"""Shopify's deliveries: how they prove themselves, and what tells two of them apart."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from tagway import Access, Event, RefusedError, Request, registry
from tagway.config import Config
from tagway.testing import InProcess, request_to, signed

SHOPIFY: Final = registry.load(Config()).available["shopify"]
ORDER: Final = {"id": 5820982911946154508, "total_price": "54.70", "currency": "EUR", "email": "mara@example.com"}
SHARED: Final = Path(os.environ.get("TAGWAY_SHARED") or Path(__file__).parents[3] / "shared") / "corpus" / "shopify"
NOW: Final = 1_793_527_200_000_000


def delivery(topic: str, body: Any = None, **headers: str) -> Request:
    named = {f"X-Shopify-{name.replace('_', '-')}": value for name, value in headers.items()}
    return request_to(SHOPIFY, ORDER if body is None else body, headers={"X-Shopify-Topic": topic, **named})


def event(request: Request) -> Event:
    (one,) = SHOPIFY.normalize(request)
    assert isinstance(one, Event)
    return one


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    with InProcess(tmp_path) as one:
        yield one


@pytest.mark.parametrize("secret", ["new", "old"])
def test_either_live_secret_proves_a_delivery_and_which_one_is_told(secret: str) -> None:
    request = signed(SHOPIFY, delivery("orders/create"), secret, NOW)
    proof = SHOPIFY.verify(request, Access(secrets=("new", "old"), now=NOW))
    assert (proof.verified, proof.which) == (True, ["new", "old"].index(secret))


def test_the_signature_may_come_without_its_prefix() -> None:
    request = signed(SHOPIFY, delivery("orders/create"), "secret", NOW)
    bare = {name.removeprefix("x-"): value for name, value in request.headers.items()}
    renamed = Request(source="shopify", path=request.path, headers=bare, body=request.body, received_at=NOW)
    assert SHOPIFY.verify(renamed, Access(secrets=("secret",), now=NOW)).verified
    assert event(renamed).name == "Order Completed"


@pytest.mark.parametrize("prefix", ["x-", ""])
def test_a_wrong_secret_is_refused(prefix: str) -> None:
    request = signed(SHOPIFY, delivery("orders/create"), "theirs", NOW)
    headers = {prefix + name.removeprefix("x-"): value for name, value in request.headers.items()}
    renamed = Request(source="shopify", path=request.path, headers=headers, body=request.body, received_at=NOW)
    with pytest.raises(RefusedError) as refused:
        SHOPIFY.verify(renamed, Access(secrets=("ours",), now=NOW))
    assert refused.value.code == "bad_proof"


def test_a_repeated_delivery_is_one_message() -> None:
    first, again = (event(delivery("orders/create", Webhook_Id="w-1")) for _ in range(2))
    assert first.message_id == again.message_id == "w-1"


def test_two_subscriptions_to_one_action_are_one_message_and_two_topics_are_two() -> None:
    one = event(delivery("orders/create", Webhook_Id="w-1", Event_Id="e"))
    other = event(delivery("orders/create", Webhook_Id="w-2", Event_Id="e"))
    paid = event(delivery("orders/paid", Webhook_Id="w-3", Event_Id="e"))
    assert one.message_id == other.message_id != paid.message_id


def test_one_action_on_two_orders_is_two_messages() -> None:
    one = event(delivery("orders/fulfilled", Event_Id="e"))
    other = event(delivery("orders/fulfilled", {**ORDER, "id": 2}, Event_Id="e"))
    assert one.message_id != other.message_id


def test_the_pixels_visit_the_cart_and_the_order_are_one_shopper(gateway: InProcess) -> None:
    variant = {"id": "2", "sku": "RS-50", "price": {"amount": 24.9, "currencyCode": "EUR"}, "product": {"id": "1"}}
    line = {"merchandise": variant, "quantity": 1, "cost": {"totalAmount": {"amount": 24.9, "currencyCode": "EUR"}}}
    visit = [
        {"id": "1", "name": "product_viewed", "clientId": "b", "data": {"productVariant": variant}},
        {
            "id": "2",
            "name": "product_added_to_cart",
            "clientId": "b",
            "data": {"cartLine": line},
            "init": {"cart": {"token": "c1-f88?key=2bf1"}},
        },
        {"id": "3", "name": "checkout_started", "clientId": "b", "data": {"checkout": {"token": "f0c1"}}},
    ]
    tag = {"event": "add_to_cart", "event_id": "4", "client_id": "1.2", "anonymous_id": "b", "cart_id": "c1-f88"}
    gateway.send("shopify_pixel", json.dumps(visit).encode())
    gateway.send("gtm", json.dumps(tag).encode())
    cart = {"token": "c1-f88", "line_items": [], "updated_at": "2025-10-09T08:53:00Z"}
    order = {**ORDER, "cart_token": "c1-f88?key=2bf1", "checkout_token": "f0c1", "customer": {"id": 7188389789809}}
    for topic, body in (("carts/update", cart), ("orders/create", order)):
        gateway.send("shopify", json.dumps(body).encode(), headers={"x-shopify-topic": topic})
    events = gateway.feed.events()
    assert len(events) == 6
    assert {one["profile_id"] for one in events} == {events[0]["profile_id"]}
    profile = gateway.feed.profile("email", "mara@example.com")
    assert profile is not None
    assert {(one["kind"], one["value"]) for one in profile["aliases"]} >= {
        ("user_id", "7188389789809"),
        ("anonymous_id", "b"),
        ("client_id", "1.2"),
        ("cart_token", "c1-f88"),
        ("checkout_token", "f0c1"),
    }


@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpus is not beside the repository")
def test_a_real_order_becomes_one_exact_order(gateway: InProcess) -> None:
    body = (SHARED / "orders_create__shopify_test_notification_2024-10.json").read_bytes()
    headers = {"x-shopify-topic": "orders/create", "x-shopify-webhook-id": "w-1"}
    first = gateway.send("shopify", body, headers=headers)
    (again,) = gateway.send("shopify", body, headers=headers)
    (order,) = first
    assert order["name"] == "Order Completed"
    assert order["properties"]["total"] == Decimal("388.00")
    assert order["properties"]["order_id"] == "820982911946154500"
    assert (order["email"], len(order["properties"]["products"])) == ("jon@example.com", 2)
    assert again["status"] == "duplicate"
