"""What no single pointer of a Shopify body holds: totals of carts and refunds, a step, what an edit touched."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from tagway import mapping, money

Properties = dict[str, Any]

_LINE_CURRENCY: Final = mapping.path("/line_price_set/shop_money/currency_code")


def cart_totals(cart: Mapping[str, Any]) -> Properties:
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


def line_total(line: Mapping[str, Any], given: mapping.Given) -> Decimal | None:
    """What a line of an order costs, which Shopify does not say: its price is that before the discounts.

    Of a line that an edit changed it is not known: the discounts are those of the line as it was.
    """
    price, quantity = money.amount(line.get("price"), given.currency), line.get("quantity")
    if price is None or type(quantity) is not int or line.get("current_quantity", quantity) != quantity:
        return None
    discounts = []
    for one in _listed(line.get("discount_allocations")):
        if not isinstance(one, dict) or (amount := money.amount(one.get("amount"), given.currency)) is None:
            return None
        discounts.append(amount)
    found = money.of_line(price, quantity, discounts)
    return found if found >= 0 else None


def refund_totals(refund: Mapping[str, Any]) -> Properties:
    """What was paid back: the sum of the refund's transactions, without those that failed or moved no money."""
    transactions = refund.get("transactions")
    if not isinstance(transactions, list) or not all(isinstance(one, dict) for one in transactions):
        return {}
    done = [one for one in transactions if one.get("status") not in ("failure", "error") and one.get("kind") != "void"]
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


def furthest_step(checkout: Mapping[str, Any]) -> Properties:
    """Shopify says only that a checkout changed: its step is the furthest one whose data it holds."""
    for step, places in _STEP_PATHS:
        if any(place(checkout) for place in places):
            return {"step": step}
    return {}


def edited(document: Mapping[str, Any]) -> Properties:
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


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
