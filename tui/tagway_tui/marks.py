"""Glyphs, words and style names: color is never the only carrier of a meaning.

A cell is text and the name of a style; `Lines` turns names into the theme's styles. Where a terminal has ASCII only,
the last gate draws everything by `in_ascii`, whatever drew it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size

Cell = tuple[str, str]
"""Text, and the name of its style (a key of `STYLES`, or `hue0` to `hue7`)."""
Row = list[Cell]

# Style name -> how it looks, as a Textual style with the theme's variables.
STYLES: Final[dict[str, str]] = {
    "": "",
    "ok": "color: $text-success;",
    "warn": "color: $text-warning;",
    "bad": "color: $text-error; text-style: bold;",
    "merge": "color: $text-accent; text-style: bold;",
    "dup": "text-style: dim;",
    "dim": "text-style: dim;",
    "strong": "text-style: bold;",
    "title": "color: $text-primary; text-style: bold;",
    "key": "color: $text-primary;",
    "text": "color: $text-success;",
    "number": "color: $text-accent;",
    "match": "text-style: reverse;",
    "revealed": "color: $text-error; text-style: reverse;",
}

_ASCII: Final[dict[str, str]] = {
    "✓": "+", "✗": "x", "⇄": "&", "↻": "=", "†": "!", "⊘": "#", "∅": "0", "○": "o", "●": "@", "◐": "*", "▶": ">",
    "‖": "=", "■": "#", "…": "~", "▸": ">", "▾": "v", "→": ">", "←": "<", "↓": "v", "│": "|", "█": "#", "·": "-",
    "▁": "_", "▂": "_", "▃": "-", "▄": "-", "▅": "=", "▆": "=", "▇": "#", "─": "-", "├": "+", "└": "+", "Δ": "d",
    "▲": "^", "▼": "v", "✎": "*", "≈": "~", "×": "x", "░": ".", "↑": "^", "≠": "!", "┃": "|", "◆": "*", "•": "*",
    "╭": "+", "╮": "+", "╰": "+", "╯": "+", "▏": "|", "▌": "|", "▊": "|", "▎": "|", "▐": "|", "▔": "-", "␛": "^",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Status:
    """How one state of an event is shown: three ways, so that none is needed."""

    glyph: str
    word: str
    style: str


STATUS: Final[dict[str, Status]] = {
    "accepted": Status("✓", "ok", "ok"),
    "warned": Status("!", "warn", "warn"),
    "violating": Status("✗", "bad", "bad"),
    "joined": Status("⇄", "joined", "merge"),
    "conflict": Status("≠", "apart", "warn"),
    "duplicate": Status("↻", "dup", "dup"),
    "dead_letter": Status("†", "dead", "bad"),
    "refused": Status("⊘", "refused", "bad"),
    "erased": Status("∅", "erased", "dim"),
    "pruned": Status("∅", "pruned", "dim"),
}

ANONYMOUS, LATER, KNOWN = "○", "◐", "●"
WHO: Final = {ANONYMOUS: "anonymous", LATER: "known later", KNOWN: "known"}
SPARK: Final = "▁▂▃▄▅▆▇█"


def in_ascii(text: str) -> str:
    """The text with one ASCII character for each cell: our glyphs by look-alikes, anything else by `?`."""
    if text.isascii():
        return text
    return "".join(one if one.isascii() else _ASCII.get(one, "?" * max(0, cell_len(one))) for one in text)


def fit(text: str, width: int) -> str:
    """The text in exactly `width` cells, its end cut or padded."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text + " " * (width - cell_len(text))
    return set_cell_size(text, width - 1) + "…" if width > 1 else set_cell_size(text, width)


def spark(values: list[float], width: int) -> str:
    """A line of bars for the newest `width` values, highest at the highest of them.

    >>> spark([0, 1, 2, 4], 4)
    '▁▃▅█'
    """
    shown = values[-width:]
    top = max(shown, default=0)
    if not top:
        return SPARK[0] * len(shown)
    return "".join(SPARK[min(7, int(value * 7 / top + 0.5))] for value in shown)


def width_of(row: Row) -> int:
    """The cells that a row takes."""
    return sum(cell_len(text) for text, _ in row)
