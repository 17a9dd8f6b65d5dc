"""Raw beside normalized: where each field came from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tagway_tui.diff import Field, fields

RAW = {"event": "add_to_cart", "ps": "ABC-123", "items": [{"p": "19,90"}], "same": 1, "extra": True}
EVENT: dict[str, Any] = {
    "name": "Added to Cart",
    "raw_event": "add_to_cart",
    "properties": {"sku": "ABC-123", "products": [{"price": Decimal("19.9")}]},
    "violations": [
        {"pointer": "/properties/cart_id", "code": "property_missing", "resolution": "send `cart_id`"},
    ],
}
MAPPING = {"/properties/sku": "/ps", "/properties/products/*/price": "/items/*/p"}


def found(pointer: str) -> Field:
    return next(one for one in fields(RAW, EVENT, MAPPING) if pointer in (one.pointer, one.origin))


def test_a_mapped_field_names_its_raw_pointer() -> None:
    assert (found("/properties/sku").sign, found("/properties/sku").origin) == ("moved", "/ps")


def test_an_index_is_carried_through_a_starred_mapping() -> None:
    price = found("/properties/products/0/price")
    assert (price.sign, price.origin, price.raw) == ("changed", "/items/0/p", "19,90")


def test_a_canonical_name_comes_from_the_vendors_name() -> None:
    assert (found("/name").sign, found("/name").origin) == ("changed", "/event")


def test_a_violation_on_a_missing_field_is_shown_where_it_would_be() -> None:
    missing = found("/properties/cart_id")
    assert (missing.sign, missing.note) == ("fault", "property_missing: send `cart_id`")


def test_raw_fields_that_nothing_used_are_listed() -> None:
    unused = {one.origin for one in fields(RAW, EVENT, MAPPING) if one.sign == "unused"}
    assert unused == {"/same", "/extra"}


def test_a_body_that_is_no_json_still_shows_the_event() -> None:
    assert {one.sign for one in fields(None, EVENT, {})} == {"added", "fault"}
