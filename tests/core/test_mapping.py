"""Mapping tables: what they read, what they leave alone, and what they tell about origins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway import mapping
from tagway.core.mapping import Field, Given, Table

LINE = Table({"sku": mapping.text("/sku"), "price": mapping.amount("/price")})
ORDER = Table(
    {
        "order_id": mapping.identifier("/id"),
        "email": mapping.text("/email", "/customer/email"),
        "shipping": mapping.amount("/shipping_set/money"),
        "products": mapping.each("/lines", LINE),
    }
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "lines", "sku"]), inner),
    max_leaves=8,
)


def read(field: Field, value: Any, given: Given | None = None) -> Any:
    return Table({"it": field}).read({"v": value}, given or Given()).get("it")


def test_a_table_reads_nested_values_and_lists() -> None:
    body = {"id": 7, "shipping_set": {"money": "4.90"}, "lines": [{"sku": "A", "price": "1.10"}]}
    assert ORDER.read(body) == {
        "order_id": "7",
        "shipping": Decimal("4.90"),
        "products": [{"sku": "A", "price": Decimal("1.10")}],
    }


def test_the_first_pointer_that_holds_a_value_wins() -> None:
    assert ORDER.read({"email": " ", "customer": {"email": "ana@example.com"}}) == {"email": "ana@example.com"}
    assert ORDER.read({"email": "first@example.com", "customer": {"email": "b@c.de"}})["email"] == "first@example.com"


def test_fields_that_are_read_in_different_ways_can_stand_in_for_each_other() -> None:
    table = Table({"n": mapping.first(mapping.count("/n"), mapping.minor("/cents"), mapping.text("/word"))})
    assert [table.read(one)["n"] for one in ({"n": "3"}, {"cents": 250}, {"word": "two"})] == [3, Decimal("2.5"), "two"]
    assert table.origins() == {"/properties/n": "/n"}


def test_a_table_tells_where_each_value_comes_from() -> None:
    assert ORDER.origins() == {
        "/properties/order_id": "/id",
        "/properties/email": "/email",
        "/properties/shipping": "/shipping_set/money",
        "/properties/products": "/lines",
        "/properties/products/*/sku": "/lines/*/sku",
        "/properties/products/*/price": "/lines/*/price",
    }


def test_ids_keep_all_their_digits_and_lose_shopifys_prefix() -> None:
    field = mapping.identifier("/v")
    assert read(field, 704912205188288575) == "704912205188288575"
    assert read(field, Decimal("820982911946154508.0")) == "820982911946154508"
    assert read(field, "gid://shopify/Customer/42") == "42"
    assert read(field, "gid://shopify/Cart/c1-ab?key=secret") == "c1-ab"
    assert read(field, " a/b ") == "a/b"


@pytest.mark.parametrize("wrong", [True, {"a": 1}, [1], "12,50", "1e3"])
def test_an_amount_that_cannot_be_read_stays_as_it_was_sent(wrong: Any) -> None:
    assert read(mapping.amount("/v"), wrong) == wrong


def test_minor_units_follow_the_given_currency() -> None:
    assert read(mapping.minor("/v"), 1999, Given("USD")) == Decimal("19.99")
    assert read(mapping.minor("/v"), 1999, Given("JPY")) == Decimal(1999)


def test_counts_flags_and_moments_are_read_from_their_spellings() -> None:
    assert [read(mapping.count("/v"), value) for value in ("3", 3, Decimal("3.0"))] == [3, 3, 3]
    assert read(mapping.count("/v"), Decimal("1.5")) == Decimal("1.5")
    assert [read(mapping.flag("/v"), value) for value in (True, "true", "False", "maybe")] == [
        True,
        True,
        False,
        "maybe",
    ]
    assert read(mapping.moment("/v"), "2026-11-01T10:00:00-05:00") == "2026-11-01T15:00:00.000Z"
    assert read(mapping.moment("/v"), "2026-11-01T10:00:00") == "2026-11-01T10:00:00"
    assert read(mapping.moment("/v", naive_utc=True), "2026-11-01T10:00:00") == "2026-11-01T10:00:00.000Z"


def test_relative_addresses_become_absolute_where_the_origin_is_known() -> None:
    field = mapping.url("/v")
    assert read(field, "/products/x", Given(origin="https://shop.example")) == "https://shop.example/products/x"
    assert read(field, "/products/x") == "/products/x"
    assert read(field, "//cdn.example/x.png") == "https://cdn.example/x.png"


def test_a_list_keeps_its_odd_elements_in_place() -> None:
    assert ORDER.read({"lines": [{"sku": "A"}, 5, None]}) == {"products": [{"sku": "A"}, 5, None]}
    assert ORDER.read({"lines": "none"}) == {"products": "none"}


def test_pointers_reach_into_lists_and_escaped_keys() -> None:
    assert mapping.path("/a~1b/0/c~0d")({"a/b": [{"c~d": 1}]}) == 1
    assert mapping.path("/a/5")({"a": [1]}) is None
    assert mapping.path("")({"a": 1}) == {"a": 1}
    with pytest.raises(ValueError, match="not a JSON pointer"):
        mapping.path("a/b")


@given(json_values)
def test_no_body_makes_a_table_fail(document: Any) -> None:
    assert None not in ORDER.read(document).values()


@pytest.mark.parametrize(
    ("sent", "token"),
    [
        ("Z2Nw?key=2bf1", "Z2Nw"),
        ("gid://shopify/Cart/Z2Nw?key=2bf1", "Z2Nw"),
        (" c1 ", "c1"),
        (7, "7"),
        ("?key=1", None),
    ],
)
def test_a_token_is_the_same_from_every_side(sent: Any, token: str | None) -> None:
    assert mapping.Table({"cart_id": mapping.token("/t")}).read({"t": sent}).get("cart_id") == token


CONTACT = mapping.Table(
    {
        "email": mapping.text("/email", "/customer/email"),
        "products": mapping.each(
            "/lines", mapping.Table({"sku": mapping.first(mapping.text("/sku"), mapping.text("/code"))})
        ),
    }
)


def test_origins_of_a_body_are_where_its_values_stand() -> None:
    body = {"email": " ", "customer": {"email": "ana@example.com"}, "lines": [{"sku": "A"}, {"code": "B"}]}
    assert CONTACT.origins(document=body) == {
        "/properties/email": "/customer/email",
        "/properties/products": "/lines",
        "/properties/products/*/sku": "/lines/*/sku",
        "/properties/products/1/sku": "/lines/1/code",
    }


def test_origins_of_a_body_without_a_value_are_where_it_is_looked_for_first() -> None:
    assert CONTACT.origins(document={})["/properties/email"] == "/email"
    assert CONTACT.origins(document=["no", "object"]) == CONTACT.origins()
    whole = mapping.Table({"total": mapping.Field(("",), lambda line, _: line["price"])})
    listed = mapping.Table({"products": mapping.each("/lines", whole)})
    assert listed.origins(document={"lines": [5, None]}) == listed.origins()


def test_origins_are_worked_out_once_and_only_when_asked_for() -> None:
    made = []

    def make() -> dict[str, str]:
        made.append(1)
        return {"/properties/a": "/b"}

    origins = mapping.Origins(make)
    assert made == []
    assert (origins["/properties/a"], origins.get("/properties/c"), len(origins)) == ("/b", None, 1)
    assert made == [1]
