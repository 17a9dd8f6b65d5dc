"""Each rule that an event can break, by its code: when it is broken, and what the person is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tagway.core import moments
from tagway.core.events import Violation
from tagway.core.mapping import Origins
from tagway.core.taxonomy import RULES, Catalogue, Settings, Severities, Taxonomy
from tagway.core.taxonomy.describe import markdown
from tagway.core.taxonomy.faults import shown
from tagway.errors import ConfigError

from tests.core.taxonomy.conftest import Judge

LINE = {"product_id": "1", "sku": "ROSE-50", "name": "Rose Serum", "price": Decimal("24.90"), "quantity": 2}
ORDER = {"order_id": "4509", "total": Decimal("54.70"), "currency": "EUR", "products": [LINE]}
VIEW = {"product_id": "1", "sku": "ROSE-50", "name": "Rose Serum", "price": Decimal("24.90"), "currency": "EUR"}


@pytest.fixture
def only(judge: Judge) -> Any:
    """The one violation of an event that has exactly one."""

    def one(name: str, properties: Mapping[str, Any], **given: Any) -> Violation:
        (violation,) = judge(name, properties, **given).violations
        return violation

    return one


def without(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in names}


def test_event_unplanned_keeps_the_event_and_warns(only: Any) -> None:
    violation = only("Cart Abandoned", {})
    assert (violation.code, violation.severity, violation.pointer) == ("event_unplanned", "warn", "/event")


def test_event_unplanned_suggests_nothing_for_a_name_that_is_another_event_s(only: Any) -> None:
    assert "did you mean" not in only("Order Returned", {}).resolution


def test_event_spelling_names_the_line_that_declares_it(only: Any) -> None:
    violation = only("view_item", VIEW)
    assert violation.code == "event_spelling"
    assert "`tagway taxonomy alias web view_item 'Product Viewed'`" in violation.resolution


def test_version_unknown_names_the_version_that_was_used(only: Any) -> None:
    violation = only("Product Viewed", VIEW, schema="product_viewed/1-7-0")
    assert (violation.code, violation.pointer, violation.expected) == (
        "version_unknown", "/schema", "product_viewed/1-0-0",
    )  # fmt: skip


def test_property_missing_says_what_to_send(only: Any) -> None:
    violation = only("Product Viewed", without(VIEW, "sku"))
    assert (violation.code, violation.pointer, violation.got) == ("property_missing", "/properties/sku", "nothing")
    assert violation.resolution == (
        "send `sku` with every Product Viewed: stock keeping unit. This key and no other, in every event"
    )


def test_property_missing_is_also_said_of_a_null(judge: Judge) -> None:
    found = [one.code for one in judge("Product Viewed", {**VIEW, "sku": None}).violations]
    assert found == ["property_missing", "null_dropped"]


def test_property_unplanned_suggests_the_planned_one_that_is_meant(only: Any) -> None:
    violation = only("Product Viewed", {**VIEW, "compare_at_prise": Decimal(1)})
    assert (violation.code, violation.severity) == ("property_unplanned", "info")
    assert "tagway taxonomy alias web compare_at_prise compare_at_price" in violation.resolution


def test_property_unplanned_never_suggests_the_name_that_was_sent(only: Any) -> None:
    """`discount` is planned in a product line only."""
    violation = only("Product Viewed", {**VIEW, "discount": Decimal(1)})
    assert violation.resolution == "plan `discount` in a schema of your own, or stop sending it"


def test_property_unplanned_suggests_what_is_planned_where_it_stands(judge: Judge) -> None:
    line = without(LINE, "product_id") | {"id": "1"}
    of_line, of_order = (
        next(one for one in judged.violations if one.code == "property_unplanned").resolution
        for judged in (
            judge("Order Completed", {**ORDER, "products": [line]}),
            judge("Order Completed", without(ORDER, "order_id") | {"id": "4509"}),
        )
    )
    assert "`tagway taxonomy alias web id product_id`" in of_line
    assert "`tagway taxonomy alias web id order_id`" in of_order


def test_a_vendor_s_missing_property_is_as_bad_as_its_plugin_says_and_then_as_the_store_says() -> None:
    pointer = "property_missing:/properties/products/*/sku"
    of_plugin = Severities.read({}, {}, "x", {pointer: "info"})
    assert of_plugin.of("property_missing", "/properties/products/3/sku", 0) == "info"
    assert of_plugin.of("property_missing", "/properties/sku", 0) == "error"
    of_store = Severities.read({"property_missing": "warn"}, {}, "x", {pointer: "info"})
    assert of_store.of("property_missing", "/properties/products/3/sku", 0) == "warn"


def test_a_plugin_s_severity_of_no_rule_stops_start_up() -> None:
    with pytest.raises(ConfigError, match="the plugin's own: `property_mising` is no violation code"):
        Severities.read({}, {}, "tagway.toml: [sources.x.severity]", {"property_mising": "info"})


def test_property_spelling_gives_the_command_that_declares_it(only: Any) -> None:
    violation = only("Product Viewed", {**without(VIEW, "sku"), "product_sku": "ROSE-50"})
    assert (violation.code, violation.severity, violation.got) == ("property_spelling", "warn", "`product_sku`")
    assert "`tagway taxonomy alias web product_sku sku`" in violation.resolution


def test_property_twice_lets_the_canonical_one_count(judge: Judge) -> None:
    judged = judge("Product Viewed", {**VIEW, "SKU": "OTHER"})
    assert [one.code for one in judged.violations] == ["property_twice"]
    assert judged.event.properties["sku"] == "ROSE-50"


def test_null_dropped_is_information(only: Any) -> None:
    assert (only("Product Viewed", {**VIEW, "brand": None}).severity) == "info"


def test_wrong_type_shows_an_amount_that_came_as_a_text(only: Any) -> None:
    violation = only("Order Completed", {**ORDER, "total": "600.00"})
    assert (violation.code, violation.expected, violation.got) == ("wrong_type", "a number", '"600.00"')


def test_wrong_type_is_told_of_a_line_by_its_place(only: Any) -> None:
    violation = only("Order Completed", {**ORDER, "products": [LINE, {**LINE, "quantity": "2"}]})
    assert (violation.code, violation.pointer) == ("wrong_type", "/properties/products/1/quantity")


def test_not_in_list_names_the_list(only: Any) -> None:
    violation = only("Email Captured", {"email": "ana@example.com", "capture_source": "fax"})
    assert violation.code == "not_in_list"
    assert violation.expected.startswith('one of "popup", "footer"')


def test_out_of_range_names_the_limit(only: Any) -> None:
    violation = only("Order Completed", {**ORDER, "total": Decimal("-1.00")})
    assert (violation.code, violation.expected, violation.got) == ("out_of_range", "at least 0", "-1.00")


def test_wrong_length_is_told_of_an_order_without_lines(only: Any) -> None:
    violation = only("Order Completed", {**ORDER, "products": []})
    assert (violation.code, violation.expected, violation.got) == (
        "wrong_length",
        "a list of at least 1",
        "a list of 0",
    )


def test_email_format_is_told_of_a_text_that_is_no_address(only: Any) -> None:
    for text in ("ana", "ana@example", "a b@example.com", "ana@example.com, bo@example.com", "ana@-example.com"):
        assert only("Customer Created", {"customer_id": "1", "email": text}).code == "email_format", text


def test_phone_format_is_a_warning(only: Any) -> None:
    violation = only("Customer Created", {"customer_id": "1", "phone": "(555) 123-4567"})
    assert (violation.code, violation.severity) == ("phone_format", "warn")


def test_time_format_wants_an_offset(only: Any) -> None:
    violation = only("Order Cancelled", {"order_id": "1", "cancelled_at": "2026-11-01 10:00"})
    assert (violation.code, violation.expected) == ("time_format", "RFC 3339 with an offset")


def test_url_format_wants_a_whole_address(only: Any) -> None:
    assert only("Product Viewed", {**VIEW, "url": "/products/rose"}).code == "url_format"


def test_currency_format_wants_three_letters(only: Any) -> None:
    assert only("Product Viewed", {**VIEW, "currency": "Euro"}).code == "currency_format"


def test_currency_unknown_is_told_of_three_letters_that_are_no_currency(only: Any) -> None:
    assert only("Product Viewed", {**VIEW, "currency": "XXQ"}).code == "currency_unknown"


def test_currency_case_is_corrected(judge: Judge) -> None:
    judged = judge("Product Viewed", {**VIEW, "currency": "eur"})
    assert (judged.event.properties["currency"], judged.violations[0].code) == ("EUR", "currency_case")


@pytest.mark.parametrize(
    ("amount", "currency", "fine"),
    [
        ("19.99", "EUR", True),
        ("600.00", "USD", True),
        ("175.0000", "USD", True),
        ("10.649999999999999", "USD", False),
        ("1999", "JPY", True),
        ("1999.5", "JPY", False),
        ("1.999", "KWD", True),
        ("1.9999", "KWD", False),
    ],
)
def test_money_decimals_go_by_the_currency(judge: Judge, amount: str, currency: str, fine: bool) -> None:
    judged = judge("Product Viewed", {**VIEW, "price": Decimal(amount), "currency": currency})
    assert [one.code for one in judged.violations] == ([] if fine else ["money_decimals"])
    assert str(judged.event.properties["price"]) == amount


@pytest.mark.parametrize(
    ("value", "expected", "fix"),
    [
        ("2026-11-01T10:00:00", "a time with its offset from UTC", "add the offset, as in 2026-11-01T10:00:00Z"),
        ("yesterday", "a time from 1970 on", "send it as in 2026-11-01T10:00:00Z"),
        ("1969-12-31T23:59:59Z", "a time from 1970 on", "send it as in 2026-11-01T10:00:00Z"),
        ({"at": 1}, "a time from 1970 on", "send it as in 2026-11-01T10:00:00Z"),
    ],
)
def test_timestamp_unread_warns_of_what_was_sent(only: Any, value: Any, expected: str, fix: str) -> None:
    violation = only("Product Viewed", VIEW, timestamp=moments.of({"at": value}, "/at"))
    assert (violation.code, violation.severity, violation.pointer) == ("timestamp_unread", "warn", "/timestamp")
    assert (violation.expected, violation.got, violation.origin) == (expected, shown(value), "/at")
    assert violation.resolution == f"{fix}; the event counts as of its receipt"


def test_timestamp_unread_tells_of_an_event_that_no_schema_knows(judge: Judge) -> None:
    told = judge("Cart Abandoned", {}, timestamp=moments.told("10:00")).violations
    assert [one.code for one in told] == ["event_unplanned", "timestamp_unread"]


def test_timestamp_unread_can_be_ignored(judge: Judge) -> None:
    ignored = {"timestamp_unread": "ignore until 2027-01-01"}
    assert not judge("Product Viewed", VIEW, timestamp=moments.told("10:00"), severity=ignored).violations


def test_money_float_is_read_by_its_digits(judge: Judge) -> None:
    judged = judge("Product Viewed", {**VIEW, "price": 19.99})
    assert (judged.event.properties["price"], judged.violations[0].code) == (Decimal("19.99"), "money_float")


def test_no_alternative_says_what_identify_wants(only: Any) -> None:
    violation = only("identify", {}, type="identify", traits={"plan": "gold"})
    assert (violation.code, violation.resolution) == (
        "no_alternative", "send `user_id`, or an `email` or `phone` among the traits",
    )  # fmt: skip


def test_more_violations_closes_a_long_list(judge: Judge) -> None:
    judged = judge("Product Viewed", {**VIEW, **{f"x{place}": 1 for place in range(150)}})
    assert (judged.violations[-1].code, judged.violations[-1].got) == ("more_violations", "51 more")


def own(bundled: Catalogue, body: Mapping[str, Any]) -> Taxonomy:
    """The bundled taxonomy with a store's own event beside it."""
    document = {"x-event": "Gift Wrapped", "x-version": "1-0-0", "properties": {"properties": body}}
    return Taxonomy(Catalogue.of([*bundled.documents.values(), document], bundled.spellings), Settings())


def gift(taxonomy: Taxonomy, **properties: Any) -> Violation:
    from tagway.core.events import Event

    (violation,) = taxonomy.judge(Event(name="Gift Wrapped", properties=properties), "web").violations
    return violation


def test_wrong_format_is_told_of_a_pattern_of_the_store_s_own(bundled: Catalogue) -> None:
    violation = gift(own(bundled, {"properties": {"paper": {"type": "string", "pattern": "^[a-z]+$"}}}), paper="A4")
    assert (violation.code, violation.expected) == ("wrong_format", "a text that matches ^[a-z]+$")


def test_schema_rule_is_told_of_any_other_keyword(bundled: Catalogue) -> None:
    violation = gift(own(bundled, {"properties": {"layers": {"multipleOf": 2}}}), layers=3)
    assert (violation.code, violation.expected) == ("schema_rule", "what `multipleOf` asks for")


def test_a_ruling_of_the_source_comes_before_the_usual_severity(judge: Judge) -> None:
    rulings = {"property_unplanned": "error", "property_unplanned:/properties/color": "warn"}
    judged = judge("Product Viewed", {**VIEW, "color": 1, "other": 2}, severity=rulings)
    assert [(one.pointer, one.severity) for one in judged.violations] == [
        ("/properties/other", "error"),
        ("/properties/color", "warn"),
    ]


def test_a_ruling_may_speak_of_every_line(judge: Judge) -> None:
    order = {**ORDER, "products": [{**LINE, "sku": ""}, {**LINE, "sku": ""}]}
    judged = judge("Order Completed", order, severity={"wrong_length:/properties/products/*/sku": "info"})
    assert {one.severity for one in judged.violations} == {"info"}


def test_a_violation_is_ignored_until_its_date(judge: Judge) -> None:
    rulings = {"property_missing": "ignore until 2026-12-31"}
    new_year = 1_798_675_200_000_000
    view = without(VIEW, "sku")
    assert not judge("Product Viewed", view, severity=rulings, at=new_year - 1).violations
    assert judge("Product Viewed", view, severity=rulings, at=new_year).violations


@pytest.mark.parametrize(
    "said", [{"no_such_code": "error"}, {"wrong_type": "fatal"}, {"wrong_type": "ignore until May"}]
)
def test_a_severity_that_cannot_be_meant_names_its_key(said: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"\[sources.web.severity\]: `" + next(iter(said))):
        Severities.read(said, {}, "[sources.web.severity]")


def test_what_a_payload_says_is_shown_shortened_and_visible(only: Any) -> None:
    violation = only("Product Viewed", {**VIEW, "currency": "\x1b[2J\u202e" + "x" * 500})
    assert len(violation.got) < 120
    assert "\x1b" not in violation.got
    assert "\u202e" not in violation.got


def test_a_violation_names_the_raw_field_that_the_value_came_from(only: Any) -> None:
    mapping = {"/properties/products/*/price": "/line_items/*/price", "/properties/total": "/total_price"}
    order = {**ORDER, "products": [LINE, {**LINE, "price": "24.90"}]}
    assert only("Order Completed", order, mapping=mapping).origin == "/line_items/1/price"


def test_a_violation_of_a_respelled_property_names_the_spelling_as_sent(only: Any) -> None:
    view = {**without(VIEW, "sku"), "product_sku": "ROSE-50"}
    assert only("Product Viewed", view, mapping={"/properties": "/props"}).origin == "/props/product_sku"


def test_every_rule_has_a_test_named_after_it() -> None:
    tests = Path(__file__).parents[2]
    files = (tests / "test_pairing.py", *(tests / "core" / "taxonomy").glob("test_*.py"))
    names = re.findall(r"def (test_\w+)", "".join(file.read_text(encoding="utf-8") for file in files))
    assert [code for code in RULES if not any(name.startswith(f"test_{code}") for name in names)] == []


def test_the_readme_of_the_schemas_ends_with_the_tables_as_they_are(bundled: Catalogue) -> None:
    readme = Path(__file__).parents[3] / "schemas" / "README.md"
    assert readme.read_text(encoding="utf-8").endswith(markdown(bundled))


def test_a_plugin_that_cannot_say_where_a_value_came_from_loses_no_event(only: Any) -> None:
    def failing() -> dict[str, str]:
        raise AttributeError("no object")

    violation = only("Product Viewed", without(VIEW, "sku"), mapping=Origins(failing))
    assert (violation.code, violation.origin) == ("property_missing", "")
