"""Foreign text made visible: the only way it enters a view model or a plain terminal.

Anybody may put bytes in an event (a UTM, a form answer, a SKU), and a developer then looks at it. Neither
Rich nor Textual stops an escape sequence: one shown event can overwrite a clipboard or a pane title. So what
has no visible form of its own gets one here: control characters their picture (`␛`), C1 controls and lone
surrogates `�`, bidi marks, zero-width and other invisible characters their name (`<U+202E>`). A ZWJ emoji
comes apart on purpose: its cell width differs between terminals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NewType

Safe = NewType("Safe", str)
"""Text that went through `visible`: what view models accept."""

_NAMED: Final = (
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5,
    *range(0x180B, 0x1810),  # Mongolian selectors
    *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070),  # zero width, separators, bidi
    0x3164, 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC),
    *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B),  # shorthand and musical format controls
    *range(0xE0000, 0xE0080),  # tags: invisible ASCII
)  # fmt: skip
_PICTURES: Final[dict[int, str]] = (
    {code: chr(0x2400 + code) for code in range(32)}
    | {0x7F: "\u2421"}
    | dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000)), "\ufffd")
    | {code: f"<U+{code:04X}>" for code in _NAMED}
)


def _ranges(codes: Iterable[int]) -> str:
    """A character class of the codes, written as ranges: a set of two thousand members matches slower."""
    spans: list[list[int]] = []
    for code in sorted(codes):
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans) + "]"


_INVISIBLE: Final = re.compile(_ranges(_PICTURES))


def visible(text: str) -> Safe:
    r"""The text with everything that has no visible form replaced by one; the same text when there is none.

    >>> visible("red\x1b[2J")
    'red␛[2J'
    """
    return Safe(_INVISIBLE.sub(lambda match: _PICTURES[ord(match[0])], text))
