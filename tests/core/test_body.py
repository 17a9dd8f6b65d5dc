"""JSON bodies: exact numbers, and one error for everything that is not JSON."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.core import body

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.decimals(-(10**9), 10**9, places=4) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_is_encoded_is_decoded_to_the_same_value(value: object) -> None:
    assert body.decode(body.encode(value)) == value


@given(st.binary(max_size=100))
def test_any_bytes_are_json_or_one_kind_of_error(raw: bytes) -> None:
    with contextlib.suppress(body.BodyError):
        body.decode(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"NaN",
        b'{"a":Infinity}',
        b'"\\ud800"',
        b'"\xff"',
        b"\xc3\x28",
        b"[1,]",
        b"{'a':1}",
        b"[" * 100_000,
        b"1e999999999",
        b"-1e-400",
    ],
    ids=repr,
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(body.BodyError):
        body.decode(raw)


def test_numbers_keep_their_digits() -> None:
    assert body.decode(b"[0.10, 1e2, 9007199254740993]") == [Decimal("0.10"), Decimal("1e2"), 9007199254740993]
    assert str(body.decode(b"0.10")) == "0.10"


@given(JSON, st.lists(TEXT | st.integers(0, 5), max_size=3))
def test_a_pointer_finds_what_was_put_there(value: object, path: list[str | int]) -> None:
    document = value
    for part in reversed(path):
        document = {part: document} if isinstance(part, str) else [None] * part + [document]

    assert body.at(document, body.pointer(*path)) == value


@pytest.mark.parametrize("path", ["/none", "/a/0", "/b/9", "/b/-1", "/b/x", "/b/٠", "/a/~1"])
def test_a_pointer_to_nothing_is_none(path: str) -> None:
    assert body.at({"a": 1, "b": [2]}, path) is None
