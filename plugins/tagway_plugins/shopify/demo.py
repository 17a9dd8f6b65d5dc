"""What Shopify sends, for demos and documentation: written by hand in the documented shapes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from tagway import Example, body

_SHOP: Final = "ember-and-oak.myshopify.com"
_CLIENT: Final = "5ad9f7c2-91d4-4a2e-b7f0-3f6e6c1d0b11"
_CART: Final = "Z2NwLWV1cm9wZS13ZXN0MTowMUpGSzM"
_CHECKOUT: Final = "f0c1d2e3a4b5968778695a4b3c2d1e0f"
_AT: Final = "2026-11-01T10:0{}:00.000Z"


def _money(amount: str, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": Decimal(amount), "currencyCode": currency}


_VARIANT: Final[Mapping[str, Any]] = {
    "id": "44901482856738",
    "sku": "CNDL-OAK-S",
    "title": "Small",
    "price": _money("24.90"),
    "image": {"src": "//cdn.shop.example/candle.jpg"},
    "product": {
        "id": "8213868347682",
        "title": "Oak Moss Candle",
        "vendor": "Ember & Oak",
        "type": "Candles",
        "url": "/products/oak-moss-candle",
    },
}
_CART_LINE: Final = {"merchandise": _VARIANT, "quantity": 2, "cost": {"totalAmount": _money("49.80")}}
_CHECKOUT_BODY: Final[Mapping[str, Any]] = {
    "token": _CHECKOUT,
    "currencyCode": "EUR",
    "email": "mara@example.com",
    "phone": None,
    "buyerAcceptsEmailMarketing": True,
    "subtotalPrice": _money("49.80"),
    "totalTax": _money("7.95"),
    "shippingLine": {"price": _money("4.90")},
    "discountsAmount": _money("0"),
    "totalPrice": _money("54.70"),
    "lineItems": [{"title": "Oak Moss Candle", "quantity": 2, "finalLinePrice": _money("49.80"), "variant": _VARIANT}],
    # Null until the order exists.
    "order": {"id": None, "customer": {"id": None, "isFirstOrder": None}},
}
_ORDER: Final = {"id": "5820982911946154508", "customer": {"id": "7188389789809", "isFirstOrder": True}}
_LINE: Final[Mapping[str, Any]] = {
    "id": 44901482856738,
    "product_id": 8213868347682,
    "variant_id": 44901482856738,
    "sku": "CNDL-OAK-S",
    "title": "Oak Moss Candle",
    "variant_title": "Small",
    "vendor": "Ember & Oak",
    "quantity": 2,
    "price": "24.90",
}


def _pixel(name: str, minute: int, data: Mapping[str, Any]) -> Example:
    event = {
        "id": f"sh-demo-{minute:04}-{name}",
        "type": "standard",
        "name": name,
        "clientId": _CLIENT,
        "timestamp": _AT.format(minute),
        "data": data,
        "context": {
            "document": {
                "title": "Ember & Oak",
                "referrer": "",
                "location": {"href": f"https://{_SHOP}/", "pathname": "/", "origin": f"https://{_SHOP}"},
            }
        },
        "init": {"customer": None, "cart": {"id": None, "token": _CART}},
    }
    return Example(name=name, path="/collect", body=body.encode(event), headers={"Content-Type": "text/plain"})


def _webhook(topic: str, document: Mapping[str, Any]) -> Example:
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": _SHOP,
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": f"demo-{topic.replace('/', '-')}",
    }
    return Example(name=topic.replace("/", "_"), path="/webhooks/shopify", body=body.encode(document), headers=headers)


PIXEL_EVENTS: Final = (
    _pixel("page_viewed", 0, {}),
    _pixel("product_viewed", 1, {"productVariant": _VARIANT}),
    _pixel("product_added_to_cart", 2, {"cartLine": _CART_LINE}),
    _pixel("checkout_started", 3, {"checkout": {**_CHECKOUT_BODY, "email": ""}}),
    _pixel("checkout_contact_info_submitted", 4, {"checkout": _CHECKOUT_BODY}),
    _pixel("checkout_completed", 5, {"checkout": {**_CHECKOUT_BODY, "order": _ORDER}}),
)
WEBHOOKS: Final = (
    _webhook(
        "carts/create",
        {
            "id": _CART,
            "token": _CART,
            "created_at": _AT.format(2),
            "updated_at": _AT.format(2),
            "line_items": [
                {
                    **_LINE,
                    "line_price": "49.80",
                    "line_price_set": {"shop_money": {"amount": "49.80", "currency_code": "EUR"}},
                }
            ],
        },
    ),
    _webhook(
        "orders/create",
        {
            "id": 5820982911946154508,
            "name": "#1042",
            "created_at": _AT.format(5),
            "updated_at": _AT.format(5),
            "currency": "EUR",
            "subtotal_price": "49.80",
            "total_tax": "7.95",
            "total_discounts": "0.00",
            "total_price": "54.70",
            "total_shipping_price_set": {"shop_money": {"amount": "4.90", "currency_code": "EUR"}},
            "checkout_token": _CHECKOUT,
            "cart_token": _CART,
            "email": "mara@example.com",
            "phone": None,
            "financial_status": "paid",
            "source_name": "web",
            "test": False,
            "customer": {"id": 7188389789809, "email": "mara@example.com", "first_name": "Mara", "last_name": "Lind"},
            "line_items": [{**_LINE, "id": 13820982911946154508}],
        },
    ),
)
