"""The last gate before the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from tagway_tui.gate import TerminalGate
from textual.color import Color

_ANY = st.text(st.characters(codec=None))
_NEVER = {*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x61C}


@given(_ANY)
def test_no_control_character_passes(text: str) -> None:
    (passed,) = TerminalGate().apply([Segment(text)], Color(0, 0, 0))
    assert not {ord(one) for one in passed.text} & _NEVER


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_text_without_control_characters_keeps_its_width(text: str) -> None:
    (passed,) = TerminalGate().apply([Segment(text)], Color(0, 0, 0))
    assert cell_len(passed.text) == cell_len(text)
