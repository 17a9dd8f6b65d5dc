"""The filter language: what a person types, as terms."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.core.query import QueryError, Term, completions, parse


def test_an_empty_filter_has_no_terms() -> None:
    assert parse("  ") == ()


def test_a_quoted_value_keeps_its_blanks() -> None:
    assert parse('event:"Added to Cart"') == (Term(field="name", key="event", value="Added to Cart"),)


@pytest.mark.parametrize("sign", ["-", "!"])
def test_both_signs_negate_a_term(sign: str) -> None:
    assert parse(f"{sign}src:web")[0].negated


def test_statuses_may_be_typed_as_the_screen_shows_them() -> None:
    assert [term.value for term in parse("status:invalid status:ok")] == ["violating", "accepted"]


def test_an_unknown_key_is_a_property() -> None:
    assert parse("sku~ABC") == (Term(field="property", operator="~", key="sku", value="ABC"),)


def test_numbers_compare_exactly() -> None:
    assert parse("price>=19.90")[0].value == Decimal("19.90")


def test_an_age_is_in_seconds() -> None:
    assert parse("age<5m")[0].value == Decimal(300)


def test_a_regular_expression_may_hold_blanks_and_slashes() -> None:
    assert parse(r"/a b\/c/")[0] == Term(field="regex", value="a b/c")


def test_a_bare_flag_is_no_text() -> None:
    assert [term.field for term in parse("!reachable reach")] == ["reachable", "text"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("status:green", "is one of"),
        ("side:left", "is one of"),
        ("price>abc", "with a number"),
        ("age<5", "age<5m"),
        ("src>5", "is text"),
        ("src:", "wants a value"),
        ('event:"Added', "quote"),
        ("src:web -", "nothing follows the `-`"),
        ("src:web !", "nothing follows the `!`"),
        ("src:web /(/", "not a regular expression"),
    ],
)
def test_a_fault_says_what_and_where(text: str, says: str) -> None:
    with pytest.raises(QueryError, match=says) as caught:
        parse(text)
    assert 0 <= caught.value.position < len(text)


@given(st.text(max_size=60))
def test_any_text_is_terms_or_a_fault(text: str) -> None:
    with contextlib.suppress(QueryError):
        assert all(isinstance(term, Term) for term in parse(text))


def test_completion_offers_event_names_in_quotes() -> None:
    assert completions("src:web event:add", {"name": ["Added to Cart"]}) == ['src:web event:"Added to Cart"']


def test_completion_goes_on_inside_quotes() -> None:
    assert completions('event:"Added t', {"name": ["Added to Cart"]}) == ['event:"Added to Cart"']


def test_completion_keeps_the_sign() -> None:
    assert "-status:" in completions("-sta", {})
