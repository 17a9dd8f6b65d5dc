"""The topics of Shopify's webhooks as data: which event each becomes, and from where each value is read.

Field names are those of the REST Admin API's resources (a webhook's body is the resource itself); what each
topic carries and lacks is told in Shopify's webhook reference. Amounts are in the shop's currency throughout:
`presentment_money` is the customer's and is never mixed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tagway import mapping

from tagway_plugins.shopify.derived import Properties, cart_totals, edited, furthest_step, line_total, refund_totals
from tagway_plugins.shopify.values import variant_title


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


def _accepts(*pointers: str) -> mapping.Field:
    """Consent: the state of a consent object ("subscribed"), or the older boolean."""
    return mapping.Field(pointers, lambda value, _: value == "subscribed" if isinstance(value, str) else value)


PERSON: Final = mapping.Table({"first_name": mapping.text("/first_name"), "last_name": mapping.text("/last_name")})


def _id() -> mapping.Field:
    """A resource's id; a subscription with `include_fields` may have the GraphQL one alone."""
    return mapping.identifier("/id", "/admin_graphql_api_id")


_LINE: Final = mapping.Table(
    {
        "product_id": mapping.identifier("/product_id"),
        "variant_id": mapping.identifier("/variant_id"),
        "sku": mapping.text("/sku"),
        "name": mapping.text("/title"),
        "variant": variant_title("/variant_title"),
        "brand": mapping.text("/vendor"),
        "price": mapping.amount("/price"),
        "quantity": mapping.count("/quantity"),
        "line_total": mapping.Field(("",), line_total),
    }
)
_CART_LINE: Final = _LINE.with_fields(
    {
        # What one costs after the line's discounts, which checkouts do not tell.
        "price": mapping.amount("/discounted_price", "/price"),
        "line_total": mapping.amount("/line_price"),
        "url": mapping.url("/url"),
    }
)
_REFUND_LINE: Final = mapping.Table(
    {
        "product_id": mapping.identifier("/line_item/product_id"),
        "variant_id": mapping.identifier("/line_item/variant_id"),
        "sku": mapping.text("/line_item/sku"),
        "name": mapping.text("/line_item/title"),
        "variant": variant_title("/line_item/variant_title"),
        "brand": mapping.text("/line_item/vendor"),
        "price": mapping.amount("/line_item/price"),
        "quantity": mapping.count("/quantity"),
        # A JSON number here, where every other amount of Shopify's is a string.
        "line_total": mapping.amount("/subtotal"),
        # The shop's currency, where the money went back in the customer's.
        "currency": mapping.currency("/subtotal_set/shop_money/currency_code"),
    }
)

_CART: Final = mapping.Table(
    {"cart_id": mapping.token("/token", "/id"), "products": mapping.each("/line_items", _CART_LINE)}
)

_TOTALS: Final = {
    "currency": mapping.currency("/currency"),
    "subtotal": mapping.amount("/subtotal_price"),
    "value": mapping.amount("/subtotal_price"),
    "total": mapping.amount("/total_price"),
    "tax": mapping.amount("/total_tax"),
    "discount": mapping.amount("/total_discounts"),
    "coupon": mapping.text("/discount_codes/0/code"),
}
_PEOPLE: Final = {
    "email": mapping.text("/email", "/contact_email", "/customer/email"),
    "phone": mapping.text("/phone", "/sms_marketing_phone", "/customer/phone"),
    "customer_id": mapping.identifier("/customer/id", "/customer/admin_graphql_api_id"),
}

_CHECKOUT: Final = mapping.Table(
    {
        "checkout_id": mapping.token("/token"),
        "cart_id": mapping.token("/cart_token"),
        **_TOTALS,
        **_PEOPLE,
        "shipping": mapping.amount("/shipping_line/price", "/shipping_lines/0/price"),
        "checkout_url": mapping.url("/abandoned_checkout_url"),
        "products": mapping.each("/line_items", _CART_LINE),
    }
)
_ORDER: Final = mapping.Table(
    {
        "order_id": _id(),
        "order_number": mapping.text("/name"),
        "checkout_id": mapping.token("/checkout_token"),
        "cart_id": mapping.token("/cart_token"),
        **_TOTALS,
        "shipping": mapping.amount("/total_shipping_price_set/shop_money/amount"),
        **_PEOPLE,
        "payment_method": mapping.text("/payment_gateway_names/0"),
        "source_name": mapping.text("/source_name"),
        "products": mapping.each("/line_items", _LINE),
    }
)
# An edit leaves a line that it removed in its place, of which nothing is left; older API versions do not say so.
_LINE_NOW: Final = _LINE.with_fields({"quantity": mapping.count("/current_quantity", "/quantity")})


def _lines_left() -> mapping.Field:
    """The lines that an edited order still has."""
    lines = mapping.each("/line_items", _LINE_NOW)

    def convert(value: Any, given: mapping.Given) -> Any:
        read = lines.convert(value, given)
        return [line for line in read if _is_left(line)] if isinstance(read, list) else read

    return mapping.Field(lines.pointers, convert, lines.table)


def _is_left(line: Any) -> bool:
    return not isinstance(line, dict) or line.get("quantity") != 0


_EDITED: Final = _ORDER.with_fields({"products": _lines_left()})
_FULFILLMENT: Final = {
    "tracking_number": "tracking_number",
    "tracking_url": "tracking_url",
    "carrier": "tracking_company",
}
_CUSTOMER: Final = mapping.Table(
    {
        "customer_id": _id(),
        "email": mapping.text("/email"),
        "phone": mapping.text("/phone"),
        "accepts_email": _accepts("/email_marketing_consent/state", "/accepts_marketing"),
        "accepts_sms": _accepts("/sms_marketing_consent/state"),
    }
)
_PRODUCT: Final = mapping.Table(
    {
        "product_id": mapping.identifier("/id"),
        "name": mapping.text("/title"),
        "brand": mapping.text("/vendor"),
        "category": mapping.text("/product_type"),
        "image_url": mapping.url("/image/src"),
    }
)

CONTEXT: Final = mapping.Table(
    {
        "financial_status": mapping.text("/financial_status"),
        "fulfillment_status": mapping.text("/fulfillment_status"),
        "presentment_currency": mapping.text("/presentment_currency"),
        "locale": mapping.text("/customer_locale"),
        "landing_site": mapping.text("/landing_site"),
        "referring_site": mapping.text("/referring_site"),
    }
)
"""What is kept beside an event of any topic."""

UNPLANNED: Final = mapping.Table(
    {
        "resource_id": _id(),
        "order_id": mapping.identifier("/order_id"),
        **_PEOPLE,
        "customer_id": mapping.identifier("/customer/id", "/customer_id", "/customerId"),
        "status": mapping.text("/status"),
    }
)
"""What an unknown topic's event carries: enough to find the resource and its person."""

IMPERSONAL: Final = frozenset(("app", "company_locations", "locations", "shop"))
"""Resources whose email and phone are the shop's own."""

NOBODY: Final = mapping.Table({"resource_id": _id(), "status": mapping.text("/status")})
"""What an unknown topic's event carries of those."""


def _order(name: str, *times: str, table: mapping.Table = _ORDER, planned: bool = True) -> Topic:
    times = (*times, "/updated_at", "/created_at")
    return Topic(name=name, table=table, times=times, person="/customer", planned=planned)


_FULFILLED: Final = _ORDER.with_fields(
    {
        "fulfillment_id": mapping.identifier("/fulfillments/0/id"),
        **{name: mapping.text(f"/fulfillments/0/{key}") for name, key in _FULFILLMENT.items()},
    }
)
_SHIPMENT: Final = mapping.Table(
    {
        "order_id": mapping.identifier("/order_id"),
        "fulfillment_id": _id(),
        **{name: mapping.text(f"/{key}") for name, key in _FULFILLMENT.items()},
        "email": mapping.text("/email"),
        "products": mapping.each("/line_items", _LINE),
    }
)
_REFUND: Final = mapping.Table(
    {
        "order_id": mapping.identifier("/order_id"),
        "refund_id": _id(),
        "reason": mapping.text("/note"),
        "products": mapping.each("/refund_line_items", _REFUND_LINE),
    }
)


# A contract says neither its products nor a time: they are in the order that it began with.
_CONTRACT: Final = {
    "subscription_id": _id(),
    "customer_id": mapping.identifier("/customer_id", "/admin_graphql_api_customer_id"),
}
_CONTRACT_STARTED: Final = mapping.Table(
    {
        **_CONTRACT,
        "order_id": mapping.identifier("/origin_order_id", "/admin_graphql_api_origin_order_id"),
        "interval_unit": mapping.text("/billing_policy/interval"),
        "interval_count": mapping.count("/billing_policy/interval_count"),
        "currency": mapping.currency("/currency_code"),
    }
)


def _cart(*times: str) -> Topic:
    return Topic(name="Cart Updated", table=_CART, times=times, derive=cart_totals)


_CANCELLED: Final = _ORDER.with_fields(
    {"reason": mapping.text("/cancel_reason"), "cancelled_at": mapping.moment("/cancelled_at")}
)
_SPENT: Final = {"total_spent": mapping.amount("/total_spent"), "orders_count": mapping.count("/orders_count")}
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
        name="Checkout Started", table=_CHECKOUT, times=("/created_at", "/updated_at"), person="/customer"
    ),
    "checkouts/update": Topic(
        name="Checkout Step Completed", table=_CHECKOUT, times=_CHANGED, derive=furthest_step, person="/customer"
    ),
    "orders/create": _order("Order Completed", "/created_at", "/processed_at"),
    "orders/paid": _order("Order Completed"),
    "orders/updated": _order("Order Updated", table=_EDITED),
    "orders/edited": Topic(
        name="Order Updated",
        table=mapping.Table({"order_id": mapping.identifier("/order_edit/order_id")}),
        times=("/order_edit/committed_at", "/order_edit/created_at"),
        derive=edited,
    ),
    "orders/cancelled": _order("Order Cancelled", "/cancelled_at", table=_CANCELLED),
    "orders/fulfilled": _order("Order Fulfilled", "/fulfillments/0/created_at", table=_FULFILLED),
    "orders/partially_fulfilled": _order("Order Partially Fulfilled", planned=False),
    "orders/delete": Topic(name="Order Deleted", table=mapping.Table({"order_id": mapping.identifier("/id")})),
    "fulfillments/create": Topic(name="Order Fulfilled", table=_SHIPMENT, times=("/created_at", "/updated_at")),
    "refunds/create": Topic(
        name="Order Refunded",
        table=_REFUND,
        times=("/processed_at", "/created_at"),
        currency="/transactions/0/currency",
        derive=refund_totals,
    ),
    "customers/create": Topic(
        name="Customer Created", table=_CUSTOMER, times=("/created_at", "/updated_at"), person=""
    ),
    "customers/update": Topic(name="Customer Updated", table=_CUSTOMER.with_fields(_SPENT), times=_CHANGED, person=""),
    "customers/delete": Topic(
        name="Customer Deleted", table=mapping.Table({"customer_id": mapping.identifier("/id")}), planned=False
    ),
    "subscription_contracts/create": Topic(name="Subscription Started", table=_CONTRACT_STARTED),
    "subscription_contracts/cancel": Topic(name="Subscription Cancelled", table=mapping.Table(_CONTRACT)),
    "products/create": Topic(name="Product Created", table=_PRODUCT, times=("/created_at", "/updated_at")),
    "products/update": Topic(name="Product Updated", table=_PRODUCT, times=_CHANGED),
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
