"""The resources of Shopify's REST Admin API as data: from where each value of an order, cart or customer is read.

A webhook's body is the resource itself, so that several topics share a table. Amounts are in the shop's currency
throughout: `presentment_money` is the customer's and is never mixed in.
"""

from __future__ import annotations

from typing import Any, Final

from tagway import mapping

from tagway_plugins.shopify.derived import line_total
from tagway_plugins.shopify.values import variant_title


def _accepts(*pointers: str) -> mapping.Field:
    """Consent: the state of a consent object ("subscribed"), or the older boolean."""
    return mapping.Field(pointers, lambda value, _: value == "subscribed" if isinstance(value, str) else value)


PERSON: Final = mapping.Table({"first_name": mapping.text("/first_name"), "last_name": mapping.text("/last_name")})


def resource_id() -> mapping.Field:
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

CART: Final = mapping.Table(
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

CHECKOUT: Final = mapping.Table(
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
ORDER: Final = mapping.Table(
    {
        "order_id": resource_id(),
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


EDITED: Final = ORDER.with_fields({"products": _lines_left()})
_FULFILLMENT: Final = {
    "tracking_number": "tracking_number",
    "tracking_url": "tracking_url",
    "carrier": "tracking_company",
}
CUSTOMER: Final = mapping.Table(
    {
        "customer_id": resource_id(),
        "email": mapping.text("/email"),
        "phone": mapping.text("/phone"),
        "accepts_email": _accepts("/email_marketing_consent/state", "/accepts_marketing"),
        "accepts_sms": _accepts("/sms_marketing_consent/state"),
    }
)
PRODUCT: Final = mapping.Table(
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
        "resource_id": resource_id(),
        "order_id": mapping.identifier("/order_id"),
        **_PEOPLE,
        "customer_id": mapping.identifier("/customer/id", "/customer_id", "/customerId"),
        "status": mapping.text("/status"),
    }
)
"""What an unknown topic's event carries: enough to find the resource and its person."""

IMPERSONAL: Final = frozenset(("app", "company_locations", "locations", "shop"))
"""Resources whose email and phone are the shop's own."""

NOBODY: Final = mapping.Table({"resource_id": resource_id(), "status": mapping.text("/status")})
"""What an unknown topic's event carries of those."""


FULFILLED: Final = ORDER.with_fields(
    {
        "fulfillment_id": mapping.identifier("/fulfillments/0/id"),
        **{name: mapping.text(f"/fulfillments/0/{key}") for name, key in _FULFILLMENT.items()},
    }
)
SHIPMENT: Final = mapping.Table(
    {
        "order_id": mapping.identifier("/order_id"),
        "fulfillment_id": resource_id(),
        **{name: mapping.text(f"/{key}") for name, key in _FULFILLMENT.items()},
        "email": mapping.text("/email"),
        "products": mapping.each("/line_items", _LINE),
    }
)
REFUND: Final = mapping.Table(
    {
        "order_id": mapping.identifier("/order_id"),
        "refund_id": resource_id(),
        "reason": mapping.text("/note"),
        "products": mapping.each("/refund_line_items", _REFUND_LINE),
    }
)


# A contract says neither its products nor a time: they are in the order that it began with.
CONTRACT: Final = {
    "subscription_id": resource_id(),
    "customer_id": mapping.identifier("/customer_id", "/admin_graphql_api_customer_id"),
}
CONTRACT_STARTED: Final = mapping.Table(
    {
        **CONTRACT,
        "order_id": mapping.identifier("/origin_order_id", "/admin_graphql_api_origin_order_id"),
        "interval_unit": mapping.text("/billing_policy/interval"),
        "interval_count": mapping.count("/billing_policy/interval_count"),
        "currency": mapping.currency("/currency_code"),
    }
)


CANCELLED: Final = ORDER.with_fields(
    {"reason": mapping.text("/cancel_reason"), "cancelled_at": mapping.moment("/cancelled_at")}
)
SPENT: Final = {"total_spent": mapping.amount("/total_spent"), "orders_count": mapping.count("/orders_count")}
