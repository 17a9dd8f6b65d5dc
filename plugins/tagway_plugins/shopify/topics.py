"""The topics of Shopify's webhooks as data: which event each becomes, and from where each value is read.

Field names are those of the REST Admin API's resources (a webhook's body is the resource itself); what each
topic carries and lacks is told in Shopify's webhook reference. Amounts are in the shop's currency throughout:
`presentment_money` is the customer's and is never mixed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from tagway import mapping, money

from tagway_plugins.shopify.values import token, variant_title

Properties = dict[str, Any]


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
    }
)
_CART_LINE: Final = _LINE.with_fields({"line_total": mapping.amount("/line_price"), "url": mapping.url("/url")})
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
    }
)

_CART: Final = mapping.Table({"cart_id": token("/token", "/id"), "products": mapping.each("/line_items", _CART_LINE)})

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
    "phone": mapping.text("/phone", "/customer/phone"),
    "customer_id": mapping.identifier("/customer/id"),
}

_CHECKOUT: Final = mapping.Table(
    {
        "checkout_id": token("/token"),
        "cart_id": token("/cart_token"),
        **_TOTALS,
        **_PEOPLE,
        "shipping": mapping.amount("/shipping_line/price", "/shipping_lines/0/price"),
        "checkout_url": mapping.url("/abandoned_checkout_url"),
        "products": mapping.each("/line_items", _CART_LINE),
    }
)
_ORDER: Final = mapping.Table(
    {
        "order_id": mapping.identifier("/id"),
        "order_number": mapping.text("/name"),
        "checkout_id": token("/checkout_token"),
        "cart_id": token("/cart_token"),
        **_TOTALS,
        "shipping": mapping.amount("/total_shipping_price_set/shop_money/amount"),
        **_PEOPLE,
        "payment_method": mapping.text("/payment_gateway_names/0"),
        "source_name": mapping.text("/source_name"),
        "products": mapping.each("/line_items", _LINE),
    }
)
_FULFILLMENT: Final = {
    "tracking_number": "tracking_number",
    "tracking_url": "tracking_url",
    "carrier": "tracking_company",
}
_CUSTOMER: Final = mapping.Table(
    {
        "customer_id": mapping.identifier("/id"),
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
        "resource_id": mapping.identifier("/id"),
        "order_id": mapping.identifier("/order_id"),
        **_PEOPLE,
        "status": mapping.text("/status"),
    }
)
"""What an unknown topic's event carries: enough to find the resource and its person."""


_LINE_CURRENCY: Final = mapping.path("/line_price_set/shop_money/currency_code")


def _cart_totals(cart: Mapping[str, Any]) -> Properties:
    """A cart has neither a total nor a currency of its own: both come from its lines, or not at all."""
    lines = cart.get("line_items")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        return {}
    currencies = {money.currency(_LINE_CURRENCY(line)) for line in lines}
    currency = currencies.pop() if len(currencies) == 1 else None
    prices = [money.amount(line.get("line_price"), currency) for line in lines]
    quantities = [mapping.as_count(line.get("quantity")) for line in lines]
    found: Properties = {"currency": currency} if currency else {}
    if None not in prices:
        found["value"] = money.total([price for price in prices if price is not None])
    if all(isinstance(one, int) and not isinstance(one, bool) for one in quantities):
        found["item_count"] = sum(quantities)
    return found


def _refund_totals(refund: Mapping[str, Any]) -> Properties:
    """What was paid back: the sum of the refund's transactions, those that failed apart."""
    transactions = refund.get("transactions")
    if not isinstance(transactions, list) or not all(isinstance(one, dict) for one in transactions):
        return {}
    done = [one for one in transactions if one.get("status") not in ("failure", "error")]
    currencies = {money.currency(one.get("currency")) for one in done} - {None}
    if len(currencies) > 1:
        return {}
    currency = currencies.pop() if currencies else _refund_currency(refund)
    amounts = [money.amount(one.get("amount"), currency) for one in done]
    found: Properties = {"currency": currency} if currency else {}
    if None not in amounts:
        found["refund_amount"] = money.total([one for one in amounts if one is not None] or [Decimal(0)])
    return found


_REFUND_CURRENCIES: Final = tuple(
    mapping.path(f"{place}/shop_money/currency_code")
    for place in ("/refund_line_items/0/subtotal_set", "/total_duties_set", "/order_adjustments/0/amount_set")
)


def _refund_currency(refund: Mapping[str, Any]) -> str | None:
    """A refund without transactions (goods only) still tells its currency beside its lines."""
    return next((code for one in _REFUND_CURRENCIES if (code := money.currency(one(refund)))), None)


_STEPS: Final = (
    ("shipping", ("/shipping_line", "/shipping_lines/0")),
    ("address", ("/shipping_address/address1", "/billing_address/address1")),
    ("contact", ("/email", "/phone", "/customer/email")),
)
_STEP_PATHS: Final = tuple((step, [mapping.path(one) for one in places]) for step, places in _STEPS)


def _furthest_step(checkout: Mapping[str, Any]) -> Properties:
    """Shopify says only that a checkout changed: its step is the furthest one whose data it holds."""
    for step, places in _STEP_PATHS:
        if any(place(checkout) for place in places):
            return {"step": step}
    return {}


def _edited(document: Mapping[str, Any]) -> Properties:
    """Which parts of an order an edit touched; the body has the differences only."""
    edit = document.get("order_edit")
    lists = {"line_items", "discounts", "shipping_lines"}
    if not isinstance(edit, dict):
        return {}
    touched = sorted(key for key in lists & edit.keys() if _holds_anything(edit[key]))
    return {"changed": touched} if touched else {}


def _holds_anything(value: Any) -> bool:
    """Whether there is anything in lists within objects: an edit lists every part, also the untouched ones."""
    return any(map(_holds_anything, value.values())) if isinstance(value, dict) else bool(value)


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
        "fulfillment_id": mapping.identifier("/id"),
        **{name: mapping.text(f"/{key}") for name, key in _FULFILLMENT.items()},
        "email": mapping.text("/email"),
        "products": mapping.each("/line_items", _LINE),
    }
)
_REFUND: Final = mapping.Table(
    {
        "order_id": mapping.identifier("/order_id"),
        "refund_id": mapping.identifier("/id"),
        "reason": mapping.text("/note"),
        "products": mapping.each("/refund_line_items", _REFUND_LINE),
    }
)


def _cart(*times: str) -> Topic:
    return Topic(name="Cart Updated", table=_CART, times=times, derive=_cart_totals)


_CANCELLED: Final = _ORDER.with_fields(
    {"reason": mapping.text("/cancel_reason"), "cancelled_at": mapping.moment("/cancelled_at")}
)
_SPENT: Final = {"total_spent": mapping.amount("/total_spent"), "orders_count": mapping.count("/orders_count")}
_CHANGED: Final = ("/updated_at", "/created_at")

TOPICS: Final[Mapping[str, Topic]] = {
    "carts/create": _cart("/created_at", "/updated_at"),
    "carts/update": _cart("/updated_at", "/created_at"),
    "checkouts/create": Topic(
        name="Checkout Started", table=_CHECKOUT, times=("/created_at", "/updated_at"), person="/customer"
    ),
    "checkouts/update": Topic(
        name="Checkout Step Completed", table=_CHECKOUT, times=_CHANGED, derive=_furthest_step, person="/customer"
    ),
    "orders/create": _order("Order Completed", "/created_at", "/processed_at"),
    "orders/paid": _order("Order Completed"),
    "orders/updated": _order("Order Updated"),
    "orders/edited": Topic(
        name="Order Updated",
        table=mapping.Table({"order_id": mapping.identifier("/order_edit/order_id")}),
        times=("/order_edit/committed_at", "/order_edit/created_at"),
        derive=_edited,
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
        derive=_refund_totals,
    ),
    "customers/create": Topic(
        name="Customer Created", table=_CUSTOMER, times=("/created_at", "/updated_at"), person=""
    ),
    "customers/update": Topic(name="Customer Updated", table=_CUSTOMER.with_fields(_SPENT), times=_CHANGED, person=""),
    "customers/delete": Topic(
        name="Customer Deleted", table=mapping.Table({"customer_id": mapping.identifier("/id")}), planned=False
    ),
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
