"""Foldable JSON: only what is visible exists."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tagway_tui.documents import Json
from tagway_tui.masks import Mask

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def lines(document: Json) -> list[str]:
    return ["".join(text for text, _ in document.cells(place, 80)) for place in range(len(document))]


def test_a_fold_hides_what_is_inside_and_an_unfold_brings_it_back() -> None:
    document = Json({"a": {"b": [1, 2]}, "c": "x"}, Mask())
    before = lines(document)
    document.fold(0)
    assert lines(document) == ["▸ a {1}", '  c: "x"']
    document.fold(0)
    document.fold(1)
    assert lines(document) == before


def test_a_line_knows_its_pointer_and_value() -> None:
    document = Json({"a/b": [{"c": 1}]}, Mask())
    assert document.item(2) == ("/a~1b/0/c", 1)


def test_a_large_body_is_folded_until_it_is_opened() -> None:
    document = Json({"products": [{"id": place, "name": "x"} for place in range(5_000)]}, Mask())
    assert len(document) == 1
    document.fold(0)
    assert len(document) == 5_001


def test_person_data_in_json_is_masked() -> None:
    assert lines(Json({"email": "ana@example.com", "phone": "415-555-0101"}, Mask())) == [
        '  email: "ana@ex…"',
        '  phone: "4…1"',
    ]


@given(VALUES)
def test_folding_all_then_unfolding_all_shows_the_same_lines(value: Any) -> None:
    document = Json(value, Mask())
    before = lines(document)
    document.fold_all(True)
    document.fold_all(False)
    assert lines(document) == before


@given(st.dictionaries(st.text(st.characters(codec=None)), st.text(st.characters(codec=None))))
def test_no_key_or_value_brings_a_control_character(value: dict[str, str]) -> None:
    assert all(one.isprintable() or ord(one) > 0x9F for line in lines(Json(value, Mask())) for one in line)
