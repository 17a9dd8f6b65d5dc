"""Large and strange events: the work grows with the event and no faster, and no fault is hidden."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from tagway.core.taxonomy import Judged

from tests.core.taxonomy.conftest import Judge

LINE = {"product_id": "1", "sku": "ROSE-50", "name": "Rose Serum", "price": Decimal("24.90"), "quantity": 2}
ORDER = {"order_id": "4509", "total": Decimal("54.70"), "currency": "EUR", "products": [LINE]}


def lines(count: int) -> dict[str, Any]:
    return {**ORDER, "products": [{**LINE, "product_id": str(place)} for place in range(count)]}


def wrong_lines(count: int) -> dict[str, Any]:
    return {**ORDER, "products": [{**LINE, "price": "24.90", "productSku": "x"} for _ in range(count)]}


def unplanned(count: int) -> dict[str, Any]:
    return {**ORDER, **{f"utm_parameter_{place}": place for place in range(count)}}


def cost(judged: Callable[[], Judged]) -> float:
    """The least CPU seconds of several runs: what else the machine does only ever adds."""
    took = []
    for _ in range(5):
        began = time.process_time()
        judged()
        took.append(time.process_time() - began)
    return min(took)


@pytest.mark.parametrize("made", [lines, wrong_lines, unplanned])
def test_four_times_the_event_costs_about_four_times_as_much(
    judge: Judge, made: Callable[[int], Mapping[str, Any]]
) -> None:
    small, large = made(500), made(2_000)
    judge("Order Completed", large)
    assert cost(lambda: judge("Order Completed", large)) < 10 * cost(lambda: judge("Order Completed", small))


def test_an_order_of_200_lines_is_clean(judge: Judge) -> None:
    assert judge("Order Completed", lines(200)).violations == ()


def test_a_fault_in_the_last_of_200_lines_comes_before_100_unplanned_properties(judge: Judge) -> None:
    order = {**lines(200), **unplanned(100)}
    order["products"] = [*lines(199)["products"], {**LINE, "quantity": 0}]
    first, *rest = judge("Order Completed", order).violations
    assert (first.code, first.pointer) == ("out_of_range", "/properties/products/199/quantity")
    assert {one.code for one in rest} == {"property_unplanned", "more_violations"}


@pytest.mark.parametrize(
    "text", ["Sérum à la rose", "玫瑰精华", "سيروم الورد", "🌹" * 50, "e\u0301", "\u202eesor", "a\nb"]
)
def test_any_script_is_a_name(judge: Judge, text: str) -> None:
    judged = judge("Order Completed", {**ORDER, "products": [{**LINE, "name": text}]})
    assert (judged.violations, judged.event.properties["products"][0]["name"]) == ((), text)


@pytest.mark.parametrize("name", ["", " ", "\u202e", "注文完了", "x" * 100_000, "' OR 1=1 --", "/", "~1"])
def test_any_text_is_the_name_of_an_unplanned_property(judge: Judge, name: str) -> None:
    (violation,) = judge("Order Completed", {**ORDER, name: 1}).violations
    assert violation.code == "property_unplanned"
    assert len(violation.resolution) < 400


@pytest.mark.parametrize("name", ["", "\u202e", "注文完了", "x" * 100_000, "\x1b[2J"])
def test_any_text_is_the_name_of_an_unplanned_event(judge: Judge, name: str) -> None:
    (violation,) = judge(name).violations
    assert violation.code == "event_unplanned"
    assert "\x1b" not in violation.resolution
    assert len(violation.resolution) < 400
