"""The last gate before the terminal: no control character leaves, whatever drew it.

Views make foreign text visible when it enters them (`tagway.core.safe`). This is the second layer: it also covers
toasts, titles and widgets that are not ours. One cell in, one cell out, so that widths stay right.
"""

from __future__ import annotations

import re
from typing import Final

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tagway_tui.marks import in_ascii

# C0, DEL, C1, bidirectional marks, line separators.
_BAD: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class TerminalGate(LineFilter):
    """Replaces what a terminal could take as a command by a visible mark; with `ascii`, everything beyond ASCII."""

    def __init__(self, *, ascii: bool = False) -> None:  # noqa: A002 - the option's name
        """`ascii` is for terminals that show nothing else."""
        super().__init__()
        self._ascii = ascii

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without control characters; Textual's own control segments pass."""
        del background
        if self._ascii:
            segments = [one if one.control else Segment(in_ascii(one.text), one.style) for one in segments]
        return [
            one if one.control or one.text.isprintable() else Segment(_BAD.sub("\u2424", one.text), one.style)
            for one in segments
        ]
