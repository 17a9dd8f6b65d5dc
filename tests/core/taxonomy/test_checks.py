"""Our own checks: decimals by currency, and addresses."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.core import money
from tagway.core.taxonomy.checks import all_have_their_decimals, has_its_decimals, is_email


@pytest.mark.parametrize(
    "text",
    [
        "ana@example.com",
        "a.b+c@mail.example.co",
        "müller@bücher.example",
        " ana@example.com ",
        "o'neil@example.ie",
        "1@a.co",
    ],
)
def test_an_address_as_shops_take_them_is_one(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ana", "@", "ana@", "@example.com", "ana@example", "ana@@example.com", "a@b@example.com",
        ".ana@example.com", "ana.@example.com", "a..b@example.com", "ana@example..com", "ana@-example.com",
        "ana@example-.com", "ana@127.0.0.1", '"ana b"@example.com', "ana@example.com\nbcc@example.com",
        "ana\x00@example.com", "a" * 65 + "@example.com",
        "ana@" + "a" * 64 + ".com", "ana@example.com, bo@example.com", "Ana <ana@example.com>",
    ],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    assert not is_email(text)


def test_a_hostile_address_is_judged_in_a_moment() -> None:
    began = time.process_time()
    for text in ("a." * 120 + "@", "a@" + "a." * 120, "a@" + "-".join("a" * 120), "@" * 250, "a" * 100_000):
        is_email(text)
    assert time.process_time() - began < 0.5


@given(st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from([None, 5, "XXX", *sorted(money.CURRENCIES)]))
def test_the_quick_check_never_passes_what_the_exact_one_refuses(amount: Decimal, currency: object) -> None:
    if all_have_their_decimals([amount, "text", 3, None], currency):
        assert has_its_decimals(amount, currency)


@given(st.integers(-(10**12), 10**12), st.sampled_from(sorted(money.CURRENCIES)))
def test_minor_units_always_have_their_decimals(minor: int, currency: str) -> None:
    amount = money.from_minor(minor, currency)
    assert amount is not None
    assert has_its_decimals(amount, currency)
    assert not has_its_decimals(amount + Decimal("0.00001"), currency)


def test_an_amount_of_no_known_currency_may_have_four_decimals() -> None:
    assert has_its_decimals(Decimal("1.2345"), None)
    assert not has_its_decimals(Decimal("1.23456"), ["EUR"])
