"""The topics of Shopify's webhooks as data: which event each becomes, and of which values.

What each topic carries and lacks is told in Shopify's webhook reference; `resources` says where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tagway import mapping

from tagway_plugins.shopify import resources
from tagway_plugins.shopify.derived import Properties, cart_totals, edited, furthest_step, refund_totals


def _nothing_more(document: Mapping[str, Any]) -> Properties:
    del document
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What becomes of one topic.

    `times` are the pointers of the event's own time, the first readable one counts. `currency` is the pointer
    of the shop's currency. `derive` computes what no single pointer holds. `person` is the pointer of the
    customer object that traits are read from; None when the body has none. `planned` is false for events that
    are in no schema: the plugin itself must then say which of their properties identify the customer.
    """

    name: str
    table: mapping.Table
    times: tuple[str, ...] = ()
    currency: str = "/currency"
    derive: Callable[[Mapping[str, Any]], Properties] = _nothing_more
    person: str | None = None
    planned: bool = True
    asks: Literal["", "erase_person", "export_person", "erase_source"] = ""


def _order(name: str, *times: str, table: mapping.Table = resources.ORDER, planned: bool = True) -> Topic:
    times = (*times, "/updated_at", "/created_at")
    return Topic(name=name, table=table, times=times, person="/customer", planned=planned)


def _cart(*times: str) -> Topic:
    return Topic(name="Cart Updated", table=resources.CART, times=times, derive=cart_totals)


_CHANGED: Final = ("/updated_at", "/created_at")


def _agreed(document: Mapping[str, Any]) -> Properties:
    """What a consent that was given says beyond the address."""
    del document
    return {"consent": True, "capture_source": "other"}


CONSENTS: Final[Mapping[str, tuple[str, Topic]]] = {
    "customers_email_marketing_consent/update": (
        "/email_marketing_consent/state",
        Topic(
            name="Email Captured",
            table=mapping.Table(
                {
                    "email": mapping.text("/email_address", "/email"),
                    "customer_id": mapping.identifier("/customer_id", "/id"),
                }
            ),
            times=("/email_marketing_consent/consent_updated_at",),
            derive=_agreed,
            planned=False,
        ),
    ),
    "customers_marketing_consent/update": (
        "/sms_marketing_consent/state",
        Topic(
            name="SMS Captured",
            table=mapping.Table(
                {"phone": mapping.text("/phone"), "customer_id": mapping.identifier("/customer_id", "/id")}
            ),
            times=("/sms_marketing_consent/consent_updated_at",),
            derive=_agreed,
            planned=False,
        ),
    ),
}
"""Topics that are a capture only where the state at a pointer is "subscribed"; else they are unplanned."""

TOPICS: Final[Mapping[str, Topic]] = {
    "carts/create": _cart("/created_at", "/updated_at"),
    "carts/update": _cart("/updated_at", "/created_at"),
    "checkouts/create": Topic(
        name="Checkout Started", table=resources.CHECKOUT, times=("/created_at", "/updated_at"), person="/customer"
    ),
    "checkouts/update": Topic(
        name="Checkout Step Completed",
        table=resources.CHECKOUT,
        times=_CHANGED,
        derive=furthest_step,
        person="/customer",
    ),
    "orders/create": _order("Order Completed", "/created_at", "/processed_at"),
    "orders/paid": _order("Order Completed"),
    "orders/updated": _order("Order Updated", table=resources.EDITED),
    "orders/edited": Topic(
        name="Order Updated",
        table=mapping.Table({"order_id": mapping.identifier("/order_edit/order_id")}),
        times=("/order_edit/committed_at", "/order_edit/created_at"),
        derive=edited,
    ),
    "orders/cancelled": _order("Order Cancelled", "/cancelled_at", table=resources.CANCELLED),
    "orders/fulfilled": _order("Order Fulfilled", "/fulfillments/0/created_at", table=resources.FULFILLED),
    "orders/partially_fulfilled": _order("Order Partially Fulfilled", planned=False),
    "orders/delete": Topic(name="Order Deleted", table=mapping.Table({"order_id": mapping.identifier("/id")})),
    "fulfillments/create": Topic(
        name="Order Fulfilled", table=resources.SHIPMENT, times=("/created_at", "/updated_at")
    ),
    "refunds/create": Topic(
        name="Order Refunded",
        table=resources.REFUND,
        times=("/processed_at", "/created_at"),
        currency="/transactions/0/currency",
        derive=refund_totals,
    ),
    "customers/create": Topic(
        name="Customer Created", table=resources.CUSTOMER, times=("/created_at", "/updated_at"), person=""
    ),
    "customers/update": Topic(
        name="Customer Updated", table=resources.CUSTOMER.with_fields(resources.SPENT), times=_CHANGED, person=""
    ),
    "customers/delete": Topic(
        name="Customer Deleted", table=mapping.Table({"customer_id": mapping.identifier("/id")}), planned=False
    ),
    "subscription_contracts/create": Topic(name="Subscription Started", table=resources.CONTRACT_STARTED),
    "subscription_contracts/cancel": Topic(name="Subscription Cancelled", table=mapping.Table(resources.CONTRACT)),
    "products/create": Topic(name="Product Created", table=resources.PRODUCT, times=("/created_at", "/updated_at")),
    "products/update": Topic(name="Product Updated", table=resources.PRODUCT, times=_CHANGED),
    "products/delete": Topic(name="Product Deleted", table=mapping.Table({"product_id": mapping.identifier("/id")})),
    "customers/redact": Topic(name="Customer Redact Requested", table=mapping.Table({}), asks="erase_person"),
    "customers/data_request": Topic(
        name="Customer Data Requested",
        table=mapping.Table({"request_id": mapping.identifier("/data_request/id")}),
        asks="export_person",
    ),
    "shop/redact": Topic(name="Shop Redact Requested", table=mapping.Table({}), asks="erase_source"),
}
"""The topics that Tagway knows. Any other becomes an unplanned event that is named after its topic."""
