"""The hot path's validator and the reference implementation must agree, but for a short list with reasons."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tagway import catalogue
from tagway.core import body
from tagway.core.taxonomy import Catalogue
from tagway.core.taxonomy.explain import Explainer, faulty

from tests.core.taxonomy.conftest import example

SHARED = Path(os.environ.get("TAGWAY_SHARED", Path(__file__).parents[4] / "shared"))

Fault = tuple[str, str]

# Where the two differ, and why ours is what the hot path says.
EXCEPTIONS = {
    "a text that ends in a line break": "Python's `$` matches before it, the `$` of JSON Schema (ECMA 262) does not",
    "a leap second": "RFC 3339 has them; Python's datetime, and so the reference's check, does not",
    "the year 0": "RFC 3339 has it; Python's datetime does not",
}

BUNDLED = Catalogue.of(catalogue.bundled(), catalogue.spellings())
EXPLAINERS = {name: Explainer(one.document, BUNDLED.documents) for name, one in BUNDLED.newest.items()}


def fast(name: str, instance: Any) -> set[Fault]:
    return {(body.pointer(*one.instance_path), one.kind.name) for one in BUNDLED.newest[name].faults(instance)}


def slow(name: str, instance: Any) -> set[Fault]:
    return {(one.pointer, one.keyword) for one in EXPLAINERS[name].faults(instance)}


def excepted(value: Any) -> bool:
    if isinstance(value, dict):
        return any(excepted(one) for one in (*value, *value.values()))
    if isinstance(value, list):
        return any(excepted(one) for one in value)
    return isinstance(value, str) and (value.endswith("\n") or ":60" in value or value.startswith("0000"))


def of(name: str, properties: Any) -> dict[str, Any]:
    event = BUNDLED.newest[name]
    return {"type": event.type, "event": name, "properties": properties}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(below)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.text(max_size=3), max_size=2),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.sampled_from(["EUR", "usd", "2026-11-01T10:00:00Z", "2026-11-01", "https://a.b/c", "+14155550123", "popup"]),
    st.sampled_from(["ana@example.com", "a b@example.com", "@", "a@b", "a..b@c.de", "ä@ö.de", " a@b.co"]),
    st.sampled_from(["2026-11-01T10:00:00+0500", "2026-02-30T10:00:00Z", "2026-11-01T24:00:00Z", "20261101T100000Z"]),
    st.sampled_from(["2026-11-01T10:00:00+24:00", "2026-11-01T10:00:00,5Z", "2026-11-01t10:00:00z"]),
    st.sampled_from(["https://ü.example/ä", "https://[::g]/", "//a.b/c", "http:a", "https://a b/", "urn:x:y", ""]),
    st.sampled_from(["\u0661\u0662\u0663", "ＵＳＤ", "+1415555012\u0663", "x" * 300]),
    st.sampled_from([Decimal("1.0"), Decimal("1E+2"), Decimal("-0"), 10**40]),
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An event's example with some of its properties, or those of its lines, dropped or replaced."""
    name = draw(st.sampled_from(sorted(BUNDLED.newest)))
    properties = dict(example(BUNDLED, name).get("properties", {}))
    for place in draw(st.lists(st.sampled_from([*properties, "other"]), max_size=4)):
        properties[place] = draw(JUNK)
        if draw(st.booleans()):
            del properties[place]
    original = example(BUNDLED, name).get("properties", {}).get("products")
    if original and properties.get("products") == original and draw(st.booleans()):
        line = dict(original[0])
        line[draw(st.sampled_from(sorted(line)))] = draw(JUNK)
        properties["products"] = [*original, line]
    return name, properties


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_both_find_the_same_faults_in_generated_events(one: tuple[str, dict[str, Any]]) -> None:
    name, properties = one
    if not excepted(properties):
        assert fast(name, of(name, properties)) == slow(name, of(name, properties))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpus is not beside the repository")
def test_both_find_the_same_faults_in_the_corpus() -> None:
    seen = 0
    for file in sorted(SHARED.glob("corpus/*/*.json")):
        for one in objects(body.decode(file.read_bytes())):
            for name in ("Order Completed", "Cart Updated", "Product Viewed", "Customer Created", "page"):
                if not excepted(one):
                    assert fast(name, of(name, one)) == slow(name, of(name, one)), file.name
                    seen += 1
    assert seen > 10_000


@pytest.mark.parametrize(
    "properties",
    [
        {"url": "https://a.b/\n"},
        {"next_charge_at": "2016-12-31T23:59:60Z"},
        {"next_charge_at": "0000-01-01T00:00:00Z"},
    ],
    ids=EXCEPTIONS,
)
def test_each_exception_is_still_needed(properties: dict[str, Any]) -> None:
    name = "page" if "url" in properties else "Subscription Started"
    instance = of(name, {**example(BUNDLED, name)["properties"], **properties})
    assert fast(name, instance) != slow(name, instance)


def test_exact_and_huge_numbers_mean_the_same_to_both() -> None:
    for amount in (Decimal("19.99"), Decimal("1E+400"), Decimal("0.00"), 10**40, Decimal("-0.01"), True, "1"):
        instance = of("Order Refunded", {"order_id": "1", "refund_amount": amount, "currency": "EUR"})
        assert fast("Order Refunded", instance) == slow("Order Refunded", instance), amount


def test_the_best_match_is_followed_through_the_references() -> None:
    order = example(BUNDLED, "Order Completed")
    order["properties"]["products"][0]["price"] = "24.90"
    best = EXPLAINERS["Order Completed"].best(order)
    assert best is not None
    assert (best.pointer, best.keyword) == ("/properties/products/0/price", "type")


def test_a_valid_event_has_no_best_match() -> None:
    assert EXPLAINERS["page"].best(example(BUNDLED, "page")) is None


def test_every_bundled_schema_is_a_schema() -> None:
    assert [fault for document in BUNDLED.documents.values() for fault in faulty(document)] == []


def test_a_schema_with_a_wrong_keyword_is_told_where() -> None:
    assert next(iter(faulty({"properties": {"a": {"type": "amount"}}}))).startswith("/properties/a/type: ")
