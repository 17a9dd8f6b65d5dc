"""Money: digits in, the same digits out; no binary float ever."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.core import body, money

CENTS = st.integers(-(10**13), 10**13)
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF", "XXX", None])


@given(st.decimals(-(10**12), 10**12, places=2))
def test_honest_digits_are_kept(amount: Decimal) -> None:
    assert str(money.amount(str(amount))) == str(amount)


@given(CENTS, CURRENCIES)
def test_minor_units_shift_by_the_currencys_exponent_and_back(minor: int, currency: str | None) -> None:
    amount = money.from_minor(minor, currency)

    assert amount is not None
    assert amount * 10 ** money.exponent(currency) == minor


@given(st.lists(CENTS, max_size=50))
def test_a_total_is_exact_in_any_order(cents: list[int]) -> None:
    amounts = [Decimal(one).scaleb(-2) for one in cents]

    assert money.total(amounts) == money.total(amounts[::-1]) == Decimal(sum(cents)).scaleb(-2)


@given(st.integers(0, 10**9))
def test_the_noise_of_a_binary_float_is_rounded_away(cents: int) -> None:
    noisy = format(cents / 100, ".20f")

    assert money.amount(noisy, "USD") == Decimal(cents).scaleb(-2)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(), st.lists(st.none())))
def test_any_value_is_an_amount_or_none_and_never_an_error(value: object) -> None:
    amount = money.amount(value, "USD")

    assert amount is None or amount.is_finite()
    assert money.from_minor(value, "USD") is None or isinstance(money.from_minor(value, "USD"), Decimal)


@given(st.decimals(-(10**9), 10**9, places=3))
def test_an_amount_keeps_its_digits_through_json(amount: Decimal) -> None:
    assert body.decode(body.encode({"value": amount}))["value"] == amount


@pytest.mark.parametrize(
    ("sent", "read"),
    [("19.99", "19.99"), ("600.00", "600.00"), ("10.649999999999999", "10.65"), (19, "19"), (19.99, "19.99")],
)
def test_the_ways_of_the_vendors(sent: object, read: str) -> None:
    assert str(money.amount(sent, "USD")) == read


@pytest.mark.parametrize(
    "value", ["", "1,99", "$5", "1e5", "NaN", "Infinity", "٣", True, None, [], float("nan"), "9" * 40]
)
def test_what_is_no_amount_is_none(value: object) -> None:
    assert money.amount(value) is None


@pytest.mark.parametrize(("currency", "amount"), [("USD", "19.99"), ("JPY", "1999"), ("KWD", "1.999")])
def test_stripe_amounts_are_minor_units(currency: str, amount: str) -> None:
    assert str(money.from_minor(1999, currency)) == amount


@pytest.mark.parametrize(("sent", "read"), [("usd", "USD"), (" eur ", "EUR"), ("US", None), ("€", None), (840, None)])
def test_currencies_are_iso_codes(sent: object, read: str | None) -> None:
    assert money.currency(sent) == read


@given(st.integers(0, 10**17), st.integers(0, 10**6), st.lists(st.integers(0, 10**9), max_size=5))
def test_what_a_line_costs_is_exact(price: int, quantity: int, discounts: list[int]) -> None:
    found = money.of_line(Decimal(price).scaleb(-2), quantity, [Decimal(one).scaleb(-2) for one in discounts])
    assert int(found.scaleb(2)) == price * quantity - sum(discounts)
