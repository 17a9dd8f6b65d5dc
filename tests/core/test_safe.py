"""Foreign text is shown, never obeyed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tagway.core.safe import visible

ANY_TEXT = st.text(st.characters(codec=None))


@given(ANY_TEXT)
@example("\ud800")
@example("\u2028\u2029")
def test_no_control_surrogate_format_or_separator_character_is_left(text: str) -> None:
    assert not {unicodedata.category(char) for char in visible(text)} & {"Cc", "Cs", "Zl", "Zp"}


@given(ANY_TEXT)
def test_what_is_visible_stays_visible(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(ANY_TEXT)
def test_shown_text_can_always_be_encoded(text: str) -> None:
    assert visible(text).encode("utf-8").decode("utf-8") == visible(text)


@given(st.text(st.characters(categories=("L", "N"), max_codepoint=0x24F)))
def test_plain_text_is_itself(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b]52;c;UFdORUQ=\x07", "␛]52;c;UFdORUQ=␇"),
        ("a\x9b2Jb", "a\ufffd2Jb"),
        ("a\u202eb", "a<U+202E>b"),
        ("a\u200bb", "a<U+200B>b"),
        ("line\r\nline", "line␍␊line"),
        ("\x7f", "␡"),
        ("\U000e0041", "<U+E0041>"),
        ("\u3164", "<U+3164>"),
        ("[@click=app.quit]", "[@click=app.quit]"),
    ],
)
def test_each_way_to_fool_a_terminal_gets_a_visible_form(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


def test_every_bidi_control_is_named() -> None:
    controls = [chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in _BIDI_CONTROLS]
    assert not [char for char in controls if visible(char) == char]


_BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
