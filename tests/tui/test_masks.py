"""Person data is masked until it is revealed, and always visible."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway_tui.masks import Mask, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ana@example.com", "ana@ex…"),
        ("https://shop.test/?e=jonathan%40example.com&x=1", "https://shop.test/?e=jon…%40ex…&x=1"),
        ("+14155550101", "+1…01"),
        ("+49 30 1234-5678", "+4…78"),
        ("order 450789469", "order 450789469"),
        ("a+b 1234567890", "a+b 1234567890"),
    ],
)
def test_emails_and_phones_are_shortened_beyond_use(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_phone_field_is_masked_whatever_its_form() -> None:
    assert masked("(415) 555-0101", key="billing_phone") == "(4…01"


@given(st.from_regex(r"[a-z0-9.]{1,20}@[a-z]{3,10}\.[a-z]{2,5}", fullmatch=True))
def test_no_masked_email_can_be_read_back(address: str) -> None:
    assert address not in masked(f"mail {address} now")


@given(st.text(st.characters(codec=None)))
def test_whatever_is_shown_has_no_control_character(text: str) -> None:
    assert not {unicodedata.category(one) for one in Mask().shown(text)} & {"Cc", "Cs", "Zl", "Zp"}


def test_revealed_data_is_shown_as_it_is_but_still_visible() -> None:
    assert Mask(revealed=True).shown("ana@example.com\x1b[2J") == "ana@example.com␛[2J"
