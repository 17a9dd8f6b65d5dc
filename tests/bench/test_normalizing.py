"""The bodies that normalizing is measured with are what they are said to be."""

from __future__ import annotations

import pytest
from tagway import Event, registry
from tagway.bench import normalizing
from tagway.config import Config


@pytest.mark.parametrize(("plugin", "example"), normalizing.CASES.values())
def test_a_case_becomes_events(plugin: str, example: str) -> None:
    source = registry.load(Config()).available[plugin]
    made = list(source.normalize(normalizing.case(source, example)))
    assert made
    assert all(isinstance(one, Event) for one in made)


def test_the_order_has_the_size_of_a_real_one() -> None:
    source = registry.load(Config()).available["shopify"]
    size = len(normalizing.case(source, "orders_create").body)
    assert abs(size - normalizing.ORDER_BYTES) < 2_000
