"""Copies of one fact: how they find each other, and what they disagree on."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tagway import catalogue
from tagway.core.events import Event, Side
from tagway.core.taxonomy import Catalogue
from tagway.core.taxonomy.twins import Copy, Difference, differences, first_of, is_repeat, keys

CATALOGUE = Catalogue.of(catalogue.bundled(), catalogue.spellings())
ORDER = CATALOGUE.newest["Order Completed"]
ADDED = CATALOGUE.newest["Added to Cart"]
SECOND = 1_000_000
LINE = {
    "product_id": "1",
    "variant_id": "11",
    "sku": "ROSE-50",
    "name": "Rose",
    "price": Decimal("24.90"),
    "quantity": 2,
}


def copy(
    seq: int, at: float = 0, *, source: str = "web", side: Side = "web", first: Copy | None = None, dedupe: int = 1
) -> Copy:
    return Copy(
        seq=seq, event_id=bytes([seq]) * 16, channel=(source, side, "x"), at=int(at * SECOND), received_at=seq,
        dedupe=dedupe, deliverable=True, first=first.event_id if first else None,
    )  # fmt: skip


def compared(web: dict[str, Any], server: dict[str, Any], skew: int = 0) -> list[Difference]:
    one, other = Event(name="", properties=web, timestamp=skew), Event(name="", properties=server, timestamp=0)
    return differences(ORDER, one, other, skew)


def kinds(web: dict[str, Any], server: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.pointer, one.kind) for one in compared(web, server)]


def test_a_copy_of_another_side_within_the_window_is_a_twin() -> None:
    web = copy(1, 0)
    assert first_of(copy(2, 9, source="shop", side="server"), [web], 10) == web


def test_a_copy_outside_the_window_is_not() -> None:
    assert first_of(copy(2, 11, source="shop", side="server"), [copy(1, 0)], 10) is None


def test_two_quick_adds_pair_with_two_on_the_server() -> None:
    first, second = copy(1, 0), copy(2, 3)
    one = copy(3, 3.5, source="shop", side="server", first=second)
    assert first_of(copy(4, 4, source="shop", side="server"), [first, second, one], 10) == first


def test_of_several_the_one_with_the_same_content_counts_before_the_nearest() -> None:
    near, same = copy(1, 5, dedupe=7), copy(2, 0, dedupe=1)
    assert first_of(copy(3, 5, source="shop", side="server"), [near, same], 10) == same


def test_a_third_channel_s_copy_is_a_duplicate_of_the_same_first() -> None:
    first = copy(1)
    second = copy(2, source="shop", side="server", first=first)
    assert first_of(copy(3, source="gtm"), [first, second], 10) == first


def test_the_same_channel_again_is_a_repeat_and_no_twin() -> None:
    first = copy(1)
    again = copy(2, 3)
    assert first_of(again, [first], 10) is None
    assert is_repeat(again, [first], 10)


@given(st.permutations(range(3)))
def test_whichever_copy_arrives_first_all_are_one_fact(order: list[int]) -> None:
    senders: list[tuple[str, Side]] = [("web", "web"), ("shop", "server"), ("gtm", "web")]
    seen: list[Copy] = []
    for seq, place in enumerate(order, 1):
        source, side = senders[place]
        arrived = copy(seq, place, source=source, side=side)
        first = first_of(arrived, seen, 10)
        seen.append(copy(seq, place, source=source, side=side, first=first))
    assert [one.first for one in seen] == [None, seen[0].event_id, seen[0].event_id]


def test_keys_are_the_same_for_an_order_id_in_any_wrapping() -> None:
    made = {
        keys(ORDER, Event(name="", properties={"order_id": one}), {}, "")
        for one in ("4509", 4509, "gid://shopify/Order/4509?key=1", " 4509 ", "4509?key=1")
    }
    assert len({one.twin for one in made if one}) == 1
    assert None not in made


def test_keys_differ_between_shops() -> None:
    event = Event(name="", properties={"order_id": "1"})
    assert keys(ORDER, event, {}, "de") != keys(ORDER, event, {}, "us")


def test_an_add_without_a_variant_is_found_by_its_product() -> None:
    found = keys(ADDED, Event(name="", properties={"cart_id": "c", "product_id": "1"}), {}, "")
    assert found is not None
    assert found.words == "cart_id=c, product_id=1"


def test_an_event_that_lacks_its_key_has_no_twins() -> None:
    assert keys(ADDED, Event(name="", properties={"product_id": "1"}), {}, "") is None


def test_equal_copies_differ_in_nothing() -> None:
    web = {"order_id": "1", "total": Decimal(175), "email": "Ana@Example.com ", "products": [LINE]}
    assert kinds(web, {**web, "total": Decimal("175.0000"), "email": "ana@example.com"}) == []


def test_a_property_of_one_side_is_missing_on_the_other() -> None:
    assert compared({"order_id": "1"}, {"order_id": "1", "tax": Decimal("7.95")}) == [
        Difference("/properties/tax", "missing", None, Decimal("7.95"))
    ]


def test_another_value_and_another_type_are_told_apart() -> None:
    found = kinds({"total": Decimal("54.70"), "coupon": "A"}, {"total": Decimal("54.60"), "coupon": 5})
    assert found == [("/properties/total", "value"), ("/properties/coupon", "type")]


@pytest.mark.parametrize(
    ("web", "server", "currency", "kind"),
    [("54.70", "5470", "EUR", "cents"), ("1999", "1999000", "KWD", "cents"), ("1999", "199900", "JPY", "value")],
)
def test_cents_against_units_are_recognized_by_the_currency(web: str, server: str, currency: str, kind: str) -> None:
    found = compared({"total": Decimal(web), "currency": currency}, {"total": Decimal(server), "currency": currency})
    assert [one.kind for one in found] == [kind]


def test_the_same_id_in_another_format_is_told_so() -> None:
    found = kinds({"order_id": "gid://shopify/Order/1", "customer_id": 5}, {"order_id": "1", "customer_id": "5"})
    assert found == [("/properties/order_id", "id_format"), ("/properties/customer_id", "id_format")]


def test_lines_are_matched_by_variant_not_by_place() -> None:
    other = {**LINE, "variant_id": "12", "price": Decimal("9.90")}
    assert kinds({"products": [LINE, other]}, {"products": [other, {**LINE, "quantity": 1}]}) == [
        ("/properties/products/0/quantity", "value")
    ]


def test_a_line_of_one_side_only_is_missing() -> None:
    other = {**LINE, "variant_id": "12"}
    assert kinds({"products": [LINE]}, {"products": [LINE, other]}) == [("/properties/products/1", "missing")]


def test_times_that_are_far_apart_are_a_difference_of_their_own() -> None:
    (found,) = compared({}, {}, skew=61 * SECOND)
    assert (found.pointer, found.kind) == ("/timestamp", "time_skew")


def test_what_only_one_side_sends_beyond_the_plan_is_no_difference() -> None:
    assert kinds({"order_id": "1", "theme": "dark"}, {"order_id": "1"}) == []


@given(st.lists(st.tuples(st.sampled_from(["web", "shop", "gtm"]), st.integers(0, 10)), min_size=1, max_size=30))
def test_copies_of_one_window_are_as_many_facts_as_the_busiest_channel_has_told(told: list[tuple[str, int]]) -> None:
    """Whatever came first: who pairs with whom depends on that, how much is delivered does not."""
    known: list[Copy] = []
    for seq, (source, at) in enumerate(told):
        one = copy(seq, at, source=source, side="server" if source == "shop" else "web")
        known.append(replace(one, first=first.event_id) if (first := first_of(one, known, 10)) else one)
    facts = [one for one in known if one.first is None]
    assert len(facts) == max(Counter(source for source, _ in told).values())
