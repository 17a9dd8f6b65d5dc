"""GA4's e-commerce events as data: what each becomes, and from which parameter each value is read.

GA4's `value` is the merchandise (price times quantity), without shipping and tax; a purchase has no other
total, so its `total` is the `value` too. Amounts are JSON numbers in major units. `index` counts from 0,
`position` from 1.
(developers.google.com, GA4 e-commerce reference.)
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from tagway import DeadLetter, Event, captures, mapping, moments

_SHOPIFY_ITEM: Final = re.compile(r"shopify_[A-Za-z]{2}_(\d+)_(\d+)", re.ASCII)
# An item id that is neither a number nor a database key is the SKU, as GA4's own examples have it.
_SKU: Final = re.compile(
    r"(?=.*[A-Za-z])(?![0-9a-f]{24}$|[0-9a-f]{32}$|[0-9a-f-]{36}$)[A-Za-z0-9][\w .:/#+-]{0,63}", re.ASCII
)


def _product_id(value: Any, _: mapping.Given) -> Any:
    """The product's own id, also out of `shopify_DE_<product>_<variant>` (the Google & YouTube app's)."""
    value = mapping.as_identifier(value)
    match = _SHOPIFY_ITEM.fullmatch(value) if isinstance(value, str) else None
    return match[1] if match else value


def _variant_id(value: Any, _: mapping.Given) -> Any:
    match = _SHOPIFY_ITEM.fullmatch(value) if isinstance(value, str) else None
    return match[2] if match else None


def _sku(value: Any, _: mapping.Given) -> Any:
    known = isinstance(value, str) and _SKU.fullmatch(value) and not _SHOPIFY_ITEM.fullmatch(value)
    return value if known else None


def _position(value: Any, _: mapping.Given) -> Any:
    place = mapping.as_count(value)
    return place + 1 if isinstance(place, int) and not isinstance(place, bool) else place


ITEM: Final = mapping.Table(
    {
        "product_id": mapping.Field(("/item_id", "/product_id", "/id"), _product_id),
        "variant_id": mapping.first(mapping.identifier("/variant_id"), mapping.Field(("/item_id",), _variant_id)),
        "sku": mapping.first(mapping.text("/sku", "/item_sku"), mapping.Field(("/item_id", "/id"), _sku)),
        "name": mapping.text("/item_name", "/name"),
        "variant": mapping.text("/item_variant", "/variant"),
        "brand": mapping.text("/item_brand", "/brand"),
        "category": mapping.text("/item_category", "/category"),
        "price": mapping.amount("/price"),
        "discount": mapping.amount("/discount"),
        "quantity": mapping.count("/quantity"),
        "currency": mapping.currency("/currency"),
        "coupon": mapping.text("/coupon"),
        "position": mapping.Field(("/index",), _position),
        "url": mapping.url("/url", "/item_url"),
        "image_url": mapping.url("/image_url", "/item_image"),
    }
)

_MONEY: Final = {"currency": mapping.currency("/currency"), "value": mapping.amount("/value")}
_COUPON: Final = {"coupon": mapping.text("/coupon")}
_PRODUCTS: Final = {"products": mapping.each("/items", ITEM)}
_CART: Final = {"cart_id": mapping.token("/cart_id")}
_CHECKOUT: Final = {"checkout_id": mapping.token("/checkout_id"), **_CART, **_MONEY, **_COUPON, **_PRODUCTS}


def contact(*pointers: str) -> mapping.Field:
    """An address of a person; of several, as Google's `user_data` may have, the first."""

    def convert(value: Any, _: mapping.Given) -> Any:
        return mapping.as_text(next(iter(value), None) if isinstance(value, list) else value)

    return mapping.Field(pointers, convert)


_PERSON: Final = {
    "email": contact("/email", "/user_data/email_address", "/user_data/email"),
    "phone": contact("/phone", "/user_data/phone_number", "/user_data/phone"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What becomes of one GA4 event.

    `one` means that it is about its first item, whose values stand on top, but for those that `of_lines` names.
    """

    name: str
    table: mapping.Table
    one: bool = False
    of_lines: tuple[str, ...] = ()
    type: Literal["track", "page"] = "track"
    more: Mapping[str, Any] = field(default_factory=dict)


def _kind(name: str, *fields: Mapping[str, mapping.Field], **rest: Any) -> Kind:
    return Kind(name=name, table=mapping.Table({key: one for some in fields for key, one in some.items()}), **rest)


KINDS: Final[Mapping[str, Kind]] = {
    "page_view": _kind(
        "page",
        {
            "url": mapping.url("/page_location", "/url"),
            "title": mapping.text("/page_title", "/title"),
            "referrer": mapping.text("/page_referrer", "/referrer"),
            "path": mapping.text("/page_path", "/path"),
        },
        type="page",
    ),
    "view_item": _kind("Product Viewed", _MONEY, _PRODUCTS, one=True, of_lines=("discount",)),
    "view_item_list": _kind(
        "Collection Viewed",
        {
            "collection_id": mapping.identifier("/item_list_id", "/items/0/item_list_id"),
            "collection_name": mapping.text("/item_list_name", "/items/0/item_list_name"),
        },
        _PRODUCTS,
    ),
    "search": _kind("Products Searched", {"query": mapping.text("/search_term")}, _PRODUCTS),
    "view_search_results": _kind("Products Searched", {"query": mapping.text("/search_term")}, _PRODUCTS),
    "add_to_cart": _kind("Added to Cart", _CART, _MONEY, _PRODUCTS, one=True, of_lines=("discount", "position")),
    "remove_from_cart": _kind(
        "Removed from Cart",
        *(_CART, _MONEY, _PRODUCTS),
        one=True,
        of_lines=("discount", "position", "coupon", "url", "image_url"),
    ),
    "view_cart": _kind("Cart Viewed", _CART, _MONEY, _COUPON, _PRODUCTS),
    "begin_checkout": _kind("Checkout Started", _CHECKOUT),
    "add_shipping_info": _kind(
        "Checkout Step Completed",
        _CHECKOUT,
        {"shipping_method": mapping.text("/shipping_tier")},
        more={"step": "shipping"},
    ),
    "add_payment_info": _kind("Payment Info Entered", _CHECKOUT, {"payment_method": mapping.text("/payment_type")}),
    "purchase": _kind(
        "Order Completed",
        {
            "order_id": mapping.identifier("/transaction_id"),
            "total": mapping.amount("/total", "/value"),
            "tax": mapping.amount("/tax"),
            "shipping": mapping.amount("/shipping"),
            "discount": mapping.amount("/discount"),
            "affiliation": mapping.text("/affiliation"),
        },
        _CHECKOUT,
        _PERSON,
    ),
    "refund": _kind(
        "Order Refunded",
        {
            "order_id": mapping.identifier("/transaction_id"),
            "refund_id": mapping.identifier("/refund_id"),
            "refund_amount": mapping.amount("/value"),
            "currency": mapping.currency("/currency"),
        },
        _PRODUCTS,
    ),
    "generate_lead": _kind(
        "Email Captured",
        _PERSON,
        {"form_id": mapping.text("/form_id"), "form_name": mapping.text("/form_name")},
        more={"capture_source": "other"},
    ),
    "sign_up": _kind(
        "Customer Created", {"customer_id": mapping.identifier("/user_id"), "method": mapping.text("/method")}, _PERSON
    ),
}
"""The events of GA4 that Tagway knows; any other keeps its name and its parameters."""

TECHNICAL: Final = frozenset(
    ("debug_mode", "engagement_time_msec", "ga_session_id", "ga_session_number", "language", "screen_resolution",
     "session_id", "user_agent")
)  # fmt: skip
"""Parameters of Google's own about the browser and its session: told beside the event, not as its properties."""
_NEVER: Final = frozenset(("ip_override", "common_cookie"))


def told(sent: Mapping[str, Any], elsewhere: Container[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a tag sent, as parameters of the event and as its context; `elsewhere` has a place of its own.

    IP addresses and cookies, which server-side tags pass on, are left out.
    """
    params: dict[str, Any] = {}
    context: dict[str, Any] = {}
    for key, value in sent.items():
        if key in TECHNICAL or key.startswith("x-ga-"):
            context[key] = value
        elif key not in elsewhere and key not in _NEVER:
            params[key] = value
    return params, context


def events(event: Event) -> list[Event | DeadLetter]:
    """The events of one: a lead's email and phone are captured each on its own."""
    return [*captures.captured(event)] if event.name == "Email Captured" else [event]


_CONSUMED: Final = {
    name: frozenset(pointer.split("/")[1] for pointer in kind.table.origins().values()) for name, kind in KINDS.items()
}
_OTHER: Final = mapping.Table(_PRODUCTS)


def with_person(name: str, params: dict[str, Any], person: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with the address that a tag sent beside them, for events that have a place for one."""
    kind = KINDS.get(name)
    if kind is None or "email" not in kind.table:
        return params
    return {**{key: person[key] for key in ("email", "phone") if key in person}, **params}


def properties(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical properties of an event's parameters, with the parameters that no mapping knows beside them."""
    currency = params.get("currency")
    given = mapping.Given(currency=currency if isinstance(currency, str) else None)
    kind = KINDS.get(name)
    if kind is None:
        return {**{key: value for key, value in params.items() if key != "items"}, **_OTHER.read(params, given)}
    rest = {key: value for key, value in params.items() if key not in _CONSUMED[name]}
    found = kind.table.read(params, given)
    return {**kind.more, **rest, **(_first_item(found, kind) if kind.one else found)}


def origins(name: str, params: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, str]:
    """Where an event's values come from; `places` are the pointers of its parameters in the vendor's body."""
    kind = KINDS.get(name)
    found = (kind.table if kind else _OTHER).origins(document=params)
    if kind and kind.one:
        found |= {to: f"/items/0{source}" for to, source in ITEM.origins(document=_FIRST(params)).items()} | {
            to: source for to, source in found.items() if source.count("/") == 1 and source[1:] in params
        }
    sent = {f"/properties/{key}": f"/{key}" for key in params}
    return {to: _placed(source, places) for to, source in {**sent, **found}.items()}


_FIRST: Final = mapping.path("/items/0")


def _placed(source: str, places: Mapping[str, str]) -> str:
    """A pointer into the parameters as one into the body."""
    _, key, *rest = source.split("/")
    return "/".join((places.get(key, f"{places.get('', '')}/{key}"), *rest))


def message_id(name: str, given: Any, params: Mapping[str, Any]) -> str:
    """The id that a tag gave; without one a purchase is known by its transaction (a page may be loaded again)."""
    found = mapping.as_identifier(given)
    if isinstance(found, str):
        return found
    order = mapping.as_identifier(params.get("transaction_id"))
    return f"purchase:{order}" if name == "purchase" and isinstance(order, str) else ""


def moment(value: Any) -> int | None:
    """A time as text, or Unix seconds or milliseconds (told apart by their size: 1e11 s is the year 5138)."""
    if isinstance(value, str) and not value.strip().isdigit():
        return moments.read(value)
    number = mapping.as_count(value) if not isinstance(value, Decimal) else value
    if not isinstance(number, int | Decimal) or isinstance(number, bool):
        return None
    return moments.from_unix(number, "ms" if number >= 10**11 else "s")


def _first_item(found: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """An event about one item has its values on top; a list is kept only where there are several."""
    items = found.get("products")
    if not isinstance(items, list) or not items or not isinstance(items[0], dict):
        return found
    if len(items) == 1:
        del found["products"]
    return {**{key: value for key, value in items[0].items() if key not in kind.of_lines}, **found}
