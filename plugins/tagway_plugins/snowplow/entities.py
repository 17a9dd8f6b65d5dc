"""The entities that stand beside a Snowplow event in its contexts: those of the ecommerce plugin, and who it was.

Contexts are JSON in a string field of the event, or base64url of it, with or without padding.
(docs.snowplow.io, ecommerce tracking; iglu-central, com.snowplowanalytics.snowplow.ecommerce, client_session.)
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tagway import body, mapping

Object = Mapping[str, Any]
Entities = Sequence[tuple[str, Any, str]]
"""Of each entity what it is (the last part of its schema's name), its data, and where that stands."""

_PRODUCT: Final = {
    "product_id": mapping.identifier("/id"),
    "sku": mapping.text("/sku", "/id"),
    "name": mapping.text("/name"),
    "variant": mapping.text("/variant"),
    "brand": mapping.text("/brand"),
    "category": mapping.text("/category"),
    "price": mapping.amount("/price"),
    "quantity": mapping.count("/quantity"),
    "currency": mapping.currency("/currency"),
    "position": mapping.count("/position"),
}
ECOMMERCE: Final = "snowplow_ecommerce_action"
"""The name of the schema that all actions of the ecommerce plugin share."""
# Entities of the ecommerce plugin, by the last part of their schema's name.
_ENTITIES: Final[Mapping[str, mapping.Table]] = {
    "product": mapping.Table(_PRODUCT),
    "cart": mapping.Table(
        {
            "cart_id": mapping.identifier("/cart_id"),
            "value": mapping.amount("/total_value"),
            "currency": mapping.currency("/currency"),
        }
    ),
    "transaction": mapping.Table(
        {
            "order_id": mapping.identifier("/transaction_id"),
            "total": mapping.amount("/revenue"),
            "currency": mapping.currency("/currency"),
            "tax": mapping.amount("/tax"),
            "shipping": mapping.amount("/shipping"),
            "coupon": mapping.text("/discount_code"),
            "discount": mapping.amount("/discount_amount"),
            "payment_method": mapping.text("/payment_method"),
        }
    ),
    "transaction_error": mapping.Table(
        {"error_code": mapping.text("/error_code"), "error": mapping.text("/error_description", "/error_shortcode")}
    ),
    "promotion": mapping.Table({"promotion_id": mapping.identifier("/id"), "promotion_name": mapping.text("/name")}),
    "refund": mapping.Table(
        {
            "order_id": mapping.identifier("/transaction_id"),
            "refund_amount": mapping.amount("/refund_amount"),
            "currency": mapping.currency("/currency"),
            "reason": mapping.text("/refund_reason"),
        }
    ),
    "checkout_step": mapping.Table(
        {
            "step_index": mapping.count("/step"),
            "shipping_method": mapping.text("/delivery_method"),
            "coupon": mapping.text("/coupon_code"),
        }
    ),
}
# Entities that say who it was: the ecommerce plugin's user, who may be a guest, and the session of mobile trackers.
_PEOPLE: Final[Mapping[str, mapping.Table]] = {
    "user": mapping.Table({"user_id": mapping.identifier("/id"), "email": mapping.text("/email")}),
    "client_session": mapping.Table({"anonymous_id": mapping.identifier("/userId")}),
}
ACTIONS: Final = {
    "product_view": "Product Viewed",
    "list_view": "Collection Viewed",
    "add_to_cart": "Added to Cart",
    "remove_from_cart": "Removed from Cart",
    "checkout_step": "Checkout Step Completed",
    "transaction": "Order Completed",
    "refund": "Order Refunded",
}
"""The actions of the ecommerce plugin that have a place in the taxonomy."""
_ONE_PRODUCT: Final = ("product_view", "add_to_cart", "remove_from_cart")
_OWN: Final = "iglu:com.snowplowanalytics."


def beside(one: Object, *, needed: bool) -> Entities:
    """The entities beside an event: what each is, its data, and where that stands. Raises ValueError if `needed`."""
    try:
        contexts = json(one, "co", "cx") if "co" in one or "cx" in one else {}
    except ValueError:
        if needed:
            raise
        return []
    listed = contexts.get("data") if isinstance(contexts, dict) else None
    field = "co" if one.get("co") else "cx"
    return [
        (_name(schema), entity.get("data"), f"/{field}/data/{place}/data")
        for place, entity in enumerate(listed if isinstance(listed, list) else ())
        if isinstance(entity, dict) and isinstance(schema := entity.get("schema"), str)
    ]


def _name(schema: str) -> str:
    """What an entity is; a user or a session of another vendor's is not the one that is known here."""
    name = schema_name(schema)
    return schema if name in _PEOPLE and not schema.startswith(_OWN) else name


def ecommerce(action: str, data: Object, entities: Entities) -> dict[str, Any]:
    """The entities beside an ecommerce action, as one event's properties."""
    found: dict[str, Any] = {"collection_name": data["name"]} if data.get("name") else {}
    products = []
    for entity, values, _ in entities:
        table = _ENTITIES.get(entity)
        if table is None:
            continue
        read = table.read(values)
        if entity == "product":
            products.append(read)
        else:
            found |= read
    if products and action in _ONE_PRODUCT:
        found = {**products[0], **found}
    if products and (action not in _ONE_PRODUCT or len(products) > 1):
        found["products"] = products
    return found


def person(entity: str, data: Any) -> Iterable[tuple[str, Any]]:
    """The identifiers of an entity that says who it was; a guest's id is that of one visit."""
    found = _PEOPLE[entity].read(data) if entity in _PEOPLE else {}
    if found and entity == "user" and mapping.as_flag(data.get("is_guest")) is True:
        found.pop("user_id", None)
    return found.items()


def origins(action: str, data: str, entities: Entities) -> dict[str, str]:
    """Where the values of an ecommerce action come from; `data` is the pointer of the action's own."""
    found = {"/properties/collection_name": f"{data}/name"}
    lines = 0
    for entity, values, at in entities:
        if entity == "product":
            tops = (
                f"/properties/products/{lines}",
                *(("/properties",) if action in _ONE_PRODUCT and not lines else ()),
            )
            lines += 1
        else:
            tops = ("/properties",)
        if (table := _ENTITIES.get(entity)) is not None:
            for top in tops:
                found |= {to: at + source for to, source in table.origins(top, values).items()}
    return found


def schema_name(schema: str) -> str:
    """`iglu:com.shop/viewed_product/jsonschema/1-0-0` is "viewed_product"."""
    parts = schema.split("/")
    return parts[1] if len(parts) > 1 and parts[1] else schema


def json(one: Object, plain: str, packed: str) -> Any:
    """JSON that is a string in one field, or base64url of it in another. Raises ValueError."""
    text = one.get(plain)
    if isinstance(text, str) and text:
        return body.decode(text)
    text = one.get(packed)
    if not isinstance(text, str) or not text:
        return {}
    try:
        return body.decode(base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)))
    except binascii.Error:
        raise ValueError(f"`{packed}` is not base64url") from None
