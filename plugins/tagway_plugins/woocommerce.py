"""WooCommerce webhooks: orders, customers, products, coupons, subscriptions; a body is the REST v3 resource itself.

Signature: base64 of HMAC-SHA256 over the raw body; no time is signed. Saving a webhook sends an unsigned ping,
`webhook_id=N` as a form, that must be answered with 200.

Pitfalls that are handled: times are site-local, only their `_gmt` twins are UTC; a guest is customer 0; a
deleted resource is `{"id": N}`; `order.updated` fires many times, so each refund in it has the refund's own
message id; an order may be created, and updated, as a draft, before anybody bought.
(woocommerce.github.io REST API v3, webhooks; WC_Webhook.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tagway import (
    Access,
    DeadLetter,
    Event,
    Example,
    Identifier,
    PayloadError,
    Proof,
    Request,
    Source,
    body,
    captures,
    hookimpl,
    mapping,
    moments,
    money,
    signatures,
)

Object = Mapping[str, Any]

_PING: Final = re.compile(rb"webhook_id=\d+", re.ASCII)
_PAST: Final = {"created": "Created", "updated": "Updated", "deleted": "Deleted", "restored": "Restored"}
# States of an order that nobody has placed (yet, or any more).
_DRAFTS: Final = frozenset(("checkout-draft", "auto-draft", "draft"))
_NOT_PLACED: Final = _DRAFTS | {"failed", "cancelled", "trash"}
_KINDS: Final = ("anonymous_id", "client_id", "device_id", "cart_token", "checkout_token")


def _reference(*pointers: str) -> mapping.Field:
    """The id of something else; 0 is none: a guest, a product without variations."""

    def convert(value: Any, _: mapping.Given) -> Any:
        value = mapping.as_identifier(value)
        return None if value == "0" else value

    return mapping.Field(pointers, convert)


def _unit_price(*pointers: str) -> mapping.Field:
    """A line's price for one: WooCommerce divides, and sends all the digits that come of it."""

    def convert(value: Any, given: mapping.Given) -> Any:
        exact = money.amount(value, given.currency)
        return mapping.as_text(value) if exact is None else money.rounded(exact, given.currency)

    return mapping.Field(pointers, convert)


def _variant(line: Any, _: mapping.Given) -> Any:
    """What a variation's name says beyond its product's: "Hoodie - Blue" of a "Hoodie"."""
    name, parent = mapping.string(line.get("name")), mapping.string(line.get("parent_name"))
    return name.removeprefix(f"{parent} - ") if parent and name.startswith(f"{parent} - ") else None


_LINE: Final = mapping.Table(
    {
        "product_id": mapping.identifier("/product_id"),
        "variant_id": _reference("/variation_id"),
        "sku": mapping.text("/sku"),
        "name": mapping.text("/parent_name", "/name"),
        "variant": mapping.Field(("",), _variant),
        "price": _unit_price("/price"),
        "quantity": mapping.count("/quantity"),
        "line_total": mapping.amount("/total"),
        "image_url": mapping.url("/image/src"),
    }
)
_ORDER: Final = mapping.Table(
    {
        "order_id": mapping.identifier("/id"),
        "order_number": mapping.text("/number"),
        "currency": mapping.currency("/currency"),
        "total": mapping.amount("/total"),
        "tax": mapping.amount("/total_tax"),
        "shipping": mapping.amount("/shipping_total"),
        "discount": mapping.amount("/discount_total"),
        "coupon": mapping.text("/coupon_lines/0/code"),
        "email": mapping.text("/billing/email"),
        "phone": mapping.text("/billing/phone"),
        "customer_id": _reference("/customer_id"),
        "payment_method": mapping.text("/payment_method"),
        "source_name": mapping.text("/created_via"),
        "products": mapping.each("/line_items", _LINE),
    }
)
_REFUND: Final = mapping.Table({"refund_id": mapping.identifier("/id"), "reason": mapping.text("/reason")})
_CUSTOMER: Final = mapping.Table(
    {
        "customer_id": mapping.identifier("/id"),
        "email": mapping.text("/email", "/billing/email"),
        "phone": mapping.text("/billing/phone"),
    }
)
_PRODUCT: Final = mapping.Table(
    {
        "product_id": mapping.identifier("/id"),
        "sku": mapping.text("/sku"),
        "name": mapping.text("/name"),
        "price": mapping.amount("/price"),
        "category": mapping.text("/categories/0/name"),
        "url": mapping.url("/permalink"),
        "image_url": mapping.url("/images/0/src"),
    }
)
_SUBSCRIPTION: Final = mapping.Table(
    {
        "subscription_id": mapping.identifier("/id"),
        "product_id": mapping.identifier("/line_items/0/product_id"),
        "sku": mapping.text("/line_items/0/sku"),
        "customer_id": _reference("/customer_id"),
        "email": mapping.text("/billing/email"),
        "phone": mapping.text("/billing/phone"),
        "cancelled_at": mapping.moment("/cancelled_date_gmt", naive_utc=True),
    }
)
_STARTED: Final = _SUBSCRIPTION.with_fields(
    {
        "interval_unit": mapping.text("/billing_period"),
        "interval_count": mapping.count("/billing_interval"),
        "next_charge_at": mapping.moment("/next_payment_date_gmt", naive_utc=True),
        "price": _unit_price("/line_items/0/price"),
        "quantity": mapping.count("/line_items/0/quantity"),
        "currency": mapping.currency("/currency"),
        "order_id": _reference("/parent_id"),
    }
)
_RESOURCE: Final = mapping.Table({"resource_id": mapping.identifier("/id"), "action": mapping.text("/action")})
_PERSON: Final = {"first_name": "/first_name", "last_name": "/last_name"}
_BILLED: Final = mapping.Table({name: mapping.text(f"/billing{at}") for name, at in _PERSON.items()})
_NAMED: Final = mapping.Table({name: mapping.text(at) for name, at in _PERSON.items()})
_NOBODY: Final = mapping.Table({})
_CONTEXT: Final = mapping.Table({"status": mapping.text("/status"), "order_key": mapping.text("/order_key")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What becomes of a resource's topics: the object's name in an event's, its values, its person."""

    name: str
    table: mapping.Table
    person: mapping.Table = _NOBODY


RESOURCES: Final[Mapping[str, Resource]] = {
    "order": Resource(name="Order", table=_ORDER, person=_BILLED),
    "customer": Resource(name="Customer", table=_CUSTOMER, person=_NAMED),
    "product": Resource(name="Product", table=_PRODUCT),
    # Of the extension WooCommerce Subscriptions.
    "subscription": Resource(name="Subscription", table=_SUBSCRIPTION, person=_BILLED),
}
"""The resources that Tagway knows; of any other (coupons, actions) the id is kept."""


class WooCommerce(Source):
    """WooCommerce's webhooks, one topic a request."""

    name = "woocommerce"
    headers = frozenset(
        f"x-wc-webhook-{name}" for name in ("topic", "resource", "event", "source", "id", "delivery-id", "signature")
    )
    signature_header = "x-wc-webhook-signature"
    scheme = signatures.Hmac(header="x-wc-webhook-signature")
    topic_header = "x-wc-webhook-topic"
    kind = "webhook"
    side = "server"
    forms = True

    def verify(self, request: Request, access: Access) -> Proof:
        """Check the signature; the ping of a webhook that is being saved has none, and says nothing."""
        if _PING.fullmatch(request.body.strip()) and self.signature_header not in request.headers:
            return Proof(verified=False)
        return super().verify(request, access)

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a delivery, and one for each refund that an order lists. Raises `PayloadError`."""
        if _PING.fullmatch(request.body.strip()):
            return []
        document = request.document()
        topic = _topic(request)
        event = _event(topic, document, request)
        return [event, *_refunds(event, document)] if topic == "order.updated" else [event]

    def examples(self) -> Sequence[Example]:
        """A guest's order."""
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": "order.created",
            "X-WC-Webhook-Source": "https://ember-and-oak.example/",
            "X-WC-Webhook-Delivery-ID": "demo-order-created",
        }
        return (
            Example(name="order_created", path="/webhooks/woocommerce", body=body.encode(_EXAMPLE), headers=headers),
        )


def _topic(request: Request) -> str:
    headers = request.headers
    topic = headers.get("x-wc-webhook-topic") or ".".join(
        filter(None, (headers.get("x-wc-webhook-resource"), headers.get("x-wc-webhook-event")))
    )
    if not topic:
        raise PayloadError("the topic is missing: WooCommerce sends it in the header X-WC-Webhook-Topic")
    return topic.strip().lower()


def _event(topic: str, document: Object, request: Request) -> Event:
    name, _, action = topic.partition(".")
    resource = RESOURCES.get(name)
    table = resource.table if resource else _RESOURCE
    table = _STARTED if topic == "subscription.created" else table
    properties = table.read(document, _given(document))
    if name == "order":
        properties |= _merchandise(document)
    person = resource.person if resource else _NOBODY
    return Event(
        name=_name_of(name, action, document),
        raw_name=topic,
        message_id=_message_id(topic, document, request),
        timestamp=_time(action, document),
        identifiers=_identifiers(name, document),
        properties=properties,
        traits=person.read(document),
        context=_context(document, request),
        side="server",
        mapping=mapping.Origins(lambda: table.origins(document=document) | person.origins("/traits")),
    )


def _name_of(resource: str, action: str, document: Object) -> str:
    """An order is completed when it was placed, and cancelled when its state says so."""
    status = mapping.string(document.get("status"))
    if resource == "order" and action == "created":
        return "Order Drafted" if status in _NOT_PLACED else "Order Completed"
    if resource == "order" and action == "updated" and status in _DRAFTS:
        return "Order Drafted"  # The checkout block saves its draft again and again.
    if resource == "subscription" and action == "created":
        return "Subscription Started"
    known = RESOURCES.get(resource)
    if resource in ("order", "subscription") and action == "updated" and status == "cancelled" and known:
        return f"{known.name} Cancelled"
    words = f"{known.name if known else resource} {_PAST.get(action, action)}"
    return " ".join(word[:1].upper() + word[1:] for word in re.split(r"[\s._-]+", words) if word)


def _identifiers(resource: str, document: Object) -> tuple[Identifier, ...]:
    """A browser's ids that plugins keep at the resource, and the customer of an event that no schema knows."""
    found = captures.identifiers_in(_meta(document), _KINDS)
    customer = mapping.as_identifier(document.get("id")) if resource == "customer" else None
    return (*found, Identifier("user_id", customer)) if isinstance(customer, str) else found


def _refunds(order: Event, document: Object) -> Iterable[Event]:
    """The refunds of an order, each known by its own id however often the order is told again."""
    refunds = document.get("refunds")
    for place, refund in enumerate(refunds if isinstance(refunds, list) else ()):
        found = _REFUND.read(refund)
        if not isinstance(refund_id := found.get("refund_id"), str):
            continue
        kept = {key: order.properties[key] for key in ("order_id", "currency", "email") if key in order.properties}
        paid = money.amount(refund.get("total"), _given(document).currency)
        # Refunds stand as negative totals.
        back = {"refund_amount": mapping.as_text(refund.get("total")) if paid is None else abs(paid)}
        yield Event(
            name="Order Refunded",
            raw_name="order.updated",
            message_id=f"refund:{refund_id}",
            timestamp=order.timestamp,
            identifiers=order.identifiers,
            properties={**kept, **found, **back},
            context=order.context,
            side="server",
            mapping={"/properties/refund_amount": f"/refunds/{place}/total"},
        )


def _merchandise(document: Object) -> dict[str, Any]:
    """The goods: after discounts, before tax and shipping. WooCommerce has no field for it, its lines do."""
    lines = document.get("line_items")
    if not isinstance(lines, list) or not lines or not all(isinstance(line, dict) for line in lines):
        return {}
    amounts = [money.amount(line.get("total"), _given(document).currency) for line in lines]
    known = [one for one in amounts if one is not None]
    return {"subtotal": money.total(known), "value": money.total(known)} if len(known) == len(lines) else {}


def _message_id(topic: str, document: Object, request: Request) -> str:
    """The delivery's id; without one, the state of the resource that the topic tells."""
    delivery = request.headers.get("x-wc-webhook-delivery-id", "")
    if delivery:
        return delivery
    resource, changed = mapping.string(document.get("id")), mapping.string(document.get("date_modified_gmt"))
    return f"{topic}:{resource}:{changed}" if resource and changed else ""


def _time(action: str, document: Object) -> moments.Told:
    pointers = ("/date_created_gmt", "/date_modified_gmt")
    return moments.of(document, *(pointers if action == "created" else reversed(pointers)), form="iso_utc")


def _given(document: Object) -> mapping.Given:
    return mapping.Given(currency=money.currency(document.get("currency")))


def _meta(document: Object) -> dict[str, Any]:
    """What plugins of the shop keep at an order: `meta_data` of key and value."""
    entries = document.get("meta_data")
    pairs = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    return {mapping.string(one.get("key")).lstrip("_"): one.get("value") for one in pairs}


def _context(document: Object, request: Request) -> dict[str, Any]:
    shop = request.headers.get("x-wc-webhook-source", "")
    return {**_CONTEXT.read(document), "shop": shop} if shop else _CONTEXT.read(document)


_EXAMPLE: Final = {
    "id": 5127,
    "number": "5127",
    "status": "processing",
    "currency": "EUR",
    "date_created": "2026-11-01T11:05:00",
    "date_created_gmt": "2026-11-01T10:05:00",
    "date_modified_gmt": "2026-11-01T10:05:04",
    "total": "54.70",
    "total_tax": "7.95",
    "shipping_total": "4.90",
    "discount_total": "0.00",
    "customer_id": 0,
    "payment_method": "cod",
    "created_via": "checkout",
    "billing": {"first_name": "Mara", "last_name": "Lind", "email": "mara@example.com", "phone": "+4915112345678"},
    "line_items": [
        {
            "id": 31,
            "name": "Oak Moss Candle",
            "product_id": 812,
            "variation_id": 0,
            "sku": "CNDL-OAK-S",
            "quantity": 2,
            "price": Decimal("20.92"),
            "total": "41.85",
        }
    ],
}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(WooCommerce())
