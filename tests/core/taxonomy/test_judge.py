"""What the taxonomy makes of one event: its name, its schema, its spelling, its identifiers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tagway.core.events import Identifier
from tagway.core.taxonomy import Catalogue
from tagway.core.taxonomy.judge import Judged

from tests.core.taxonomy.conftest import Judge, example

LINE = {"product_id": "1", "sku": "ROSE-50", "name": "Rose Serum", "price": Decimal("24.90"), "quantity": 2}
ORDER = {"order_id": "4509", "total": Decimal("54.70"), "currency": "EUR", "products": [LINE]}
VIEW = {"product_id": "1", "sku": "ROSE-50", "name": "Rose Serum", "price": Decimal("24.90"), "currency": "EUR"}


def codes(judged: Judged) -> list[tuple[str, str]]:
    return [(one.code, one.pointer) for one in judged.violations]


def test_there_are_25_events_and_three_calls(bundled: Catalogue) -> None:
    assert len(bundled.events()) == 25
    assert {one.name for one in bundled.newest.values()} - {one.name for one in bundled.events()} == {
        "identify",
        "alias",
        "page",
    }


def test_a_clean_event_comes_out_as_it_went_in_with_its_schema_named(judge: Judge) -> None:
    judged = judge("Order Completed", ORDER)
    assert (judged.event.properties, judged.schema, judged.violations) == (ORDER, "order_completed/1-0-0", ())


def test_every_event_s_own_example_is_clean(bundled: Catalogue, judge: Judge) -> None:
    for name, schema in bundled.newest.items():
        one = example(bundled, name)
        ids = {kind: one[kind] for kind in ("user_id", "anonymous_id") if kind in one}
        judged = judge(name, one.get("properties"), type=schema.type, traits=one.get("traits", {}), ids=ids)
        assert (judged.schema, judged.violations) == (schema.id, ()), name


def test_an_amount_keeps_its_digits(judge: Judge) -> None:
    judged = judge("Product Viewed", {**VIEW, "price": Decimal("600.00")})
    assert str(judged.event.properties["price"]) == "600.00"


@pytest.mark.parametrize("name", ["product viewed", "PRODUCT_VIEWED", "productViewed", "Viewed Product", "view_item"])
def test_a_known_spelling_of_an_event_is_mapped_and_reported(judge: Judge, name: str) -> None:
    judged = judge(name, VIEW)
    assert judged.event.name == "Product Viewed"
    assert codes(judged) == [("event_spelling", "/event")]


def test_an_event_spelling_that_the_source_declares_is_mapped_without_a_word(judge: Judge) -> None:
    judged = judge("PDP seen", VIEW, events={"pdp-seen": "Product Viewed"})
    assert (judged.event.name, judged.violations) == ("Product Viewed", ())


def test_a_near_miss_of_an_event_is_suggested_and_never_applied(judge: Judge) -> None:
    judged = judge("Prodct Viewed", VIEW)
    assert judged.event.name == "Prodct Viewed"
    assert "did you mean `Product Viewed`?" in judged.violations[0].resolution


def test_a_spelling_of_a_property_is_mapped_in_the_lines_too(judge: Judge) -> None:
    line = {"productId": "1", "product_sku": "ROSE-50", "name": "Rose Serum", "price": Decimal(1), "qty": 2}
    judged = judge("Order Completed", {**ORDER, "products": [line]})
    assert judged.event.properties["products"][0]["sku"] == "ROSE-50"
    assert codes(judged) == [
        ("property_spelling", f"/properties/products/0/{name}") for name in ("product_id", "sku", "quantity")
    ]


def test_a_property_spelling_that_the_source_declares_is_mapped_without_a_word(judge: Judge) -> None:
    view = {**VIEW, "artikelnummer": VIEW["sku"]}
    del view["sku"]
    judged = judge("Product Viewed", view, aliases={"Artikelnummer": "sku"})
    assert (judged.event.properties["sku"], judged.violations) == ("ROSE-50", ())


def test_an_unplanned_property_is_kept(judge: Judge) -> None:
    assert judge("Product Viewed", {**VIEW, "color": "rose"}).event.properties["color"] == "rose"


def test_nulls_are_dropped_before_the_schema_looks(judge: Judge) -> None:
    judged = judge("Product Viewed", {**VIEW, "brand": None})
    assert "brand" not in judged.event.properties
    assert codes(judged) == [("null_dropped", "/properties/brand")]


def test_identifiers_come_from_the_properties_that_the_schema_names(judge: Judge) -> None:
    keys = {"cart_id": "c", "checkout_id": "k", "email": "ana@example.com", "phone": "+14155550123", "customer_id": "u"}
    judged = judge("Order Completed", {**ORDER, **keys}, ids={"anonymous_id": "a"})
    assert set(judged.identifiers) == {
        Identifier("anonymous_id", "a"),
        Identifier("order_id", "4509"),
        Identifier("cart_token", "c"),
        Identifier("checkout_token", "k"),
        Identifier("email", "ana@example.com"),
        Identifier("phone", "+14155550123"),
        Identifier("user_id", "u"),
    }


@pytest.mark.parametrize("name", ["Order Updated", "Order Fulfilled", "Order Cancelled"])
def test_what_happens_to_an_order_names_its_person_too(judge: Judge, name: str) -> None:
    judged = judge(name, {"order_id": "4509", "email": "ana@example.com", "customer_id": "u"})
    assert judged.violations == ()
    assert {Identifier("email", "ana@example.com"), Identifier("user_id", "u")} <= set(judged.identifiers)


def test_a_listed_product_has_no_quantity(judge: Judge) -> None:
    listed = {name: value for name, value in LINE.items() if name != "quantity"}
    judged = judge("Collection Viewed", {"collection_id": "1", "collection_name": "Skin", "products": [listed]})
    assert judged.violations == ()


def test_identify_gives_the_email_of_its_traits(judge: Judge) -> None:
    judged = judge("identify", type="identify", traits={"Email": "ana@example.com"})
    assert judged.identifiers == (Identifier("email", "ana@example.com"),)


def test_alias_joins_the_earlier_id_as_a_browser_s(judge: Judge) -> None:
    judged = judge("alias", {"previous_id": "a"}, type="alias", ids={"user_id": "u"})
    assert judged.identifiers == (Identifier("user_id", "u"), Identifier("anonymous_id", "a"))


def test_an_earlier_id_that_the_source_identifies_itself_is_no_browser_s(judge: Judge) -> None:
    judged = judge("alias", {"previous_id": "old"}, type="alias", ids={"user_id": "new", "email": "old"})
    assert judged.identifiers == (Identifier("user_id", "new"), Identifier("email", "old"))


def test_an_event_outside_the_catalogue_gives_its_cart_but_no_address(judge: Judge) -> None:
    judged = judge("Gift Sent", {"cart_id": "c", "email": "friend@example.com"})
    assert judged.identifiers == (Identifier("cart_token", "c"),)


def test_the_worst_violations_come_first_and_a_hundred_unplanned_properties_hide_none(judge: Judge) -> None:
    judged = judge("Product Viewed", {**{f"x{n}": n for n in range(300)}, "sku": ""})
    assert codes(judged)[0][0] == "property_missing" or judged.violations[0].severity == "error"
    assert ("wrong_length", "/properties/sku") in codes(judged)
    assert len(judged.violations) == 100
    assert judged.violations[-1].code == "more_violations"


def test_the_traits_of_an_unplanned_event_are_its_persons_and_its_properties_may_not_be(judge: Judge) -> None:
    found = judge("Friend Invited", {"email": "friend@example.com"}, traits={"email": "ana@example.com"}).identifiers
    assert found == (Identifier("email", "ana@example.com"),)
