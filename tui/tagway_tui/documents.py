"""What the detail shows, as lines on demand: foldable JSON, and plain rows.

A body may be large, so JSON is never turned into text as a whole: only the visible nodes exist, and what is folded
at first is decided by a budget of lines. Pure: no widget, no file.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tagway.core import body

from tagway_tui.marks import Row
from tagway_tui.masks import Mask

_BUDGET: Final = 400
_LONGEST: Final = 2_000


class Document(Protocol):
    """Lines on demand; some can be folded, some have a value to copy."""

    def __len__(self) -> int: ...

    def cells(self, place: int, width: int) -> Row:
        """One line as cells."""
        ...

    def fold(self, place: int) -> None:
        """Fold or unfold what begins at a line."""
        ...

    def fold_all(self, closed: bool) -> None:
        """Fold everything, or unfold it as far as there is room."""
        ...

    def item(self, place: int) -> tuple[str, Any] | None:
        """JSON pointer and value of a line; None where it has none."""
        ...


@dataclass(slots=True)
class _Node:
    depth: int
    name: str
    pointer: str
    value: Any
    open: bool = False

    @property
    def foldable(self) -> bool:
        return isinstance(self.value, (dict, list)) and bool(self.value)


class Json:
    """A JSON value as a tree that folds."""

    def __init__(self, value: Any, mask: Mask) -> None:
        self._mask = mask
        self._root = _Node(-1, "", "", value, True)
        self._nodes: list[_Node] = []
        self.fold_all(False)

    def __len__(self) -> int:
        return len(self._nodes)

    def cells(self, place: int, width: int) -> Row:
        """See `Document.cells`."""
        del width
        node = self._nodes[place]
        sign = ("▾ " if node.open else "▸ ") if node.foldable else "  "
        row: Row = [("  " * node.depth + sign, "dim")]
        if node.name:
            row.append((self._mask.shown(node.name), "key"))
            row.append((": " if not node.foldable else " ", "dim"))
        return [*row, self._value(node)]

    def fold(self, place: int) -> None:
        """See `Document.fold`."""
        node = self._nodes[place]
        if not node.foldable:
            return
        if node.open:
            end = place + 1
            while end < len(self._nodes) and self._nodes[end].depth > node.depth:
                end += 1
            del self._nodes[place + 1 : end]
            node.open = False
        else:
            node.open = True
            self._nodes[place + 1 : place + 1] = list(_children(node))

    def fold_all(self, closed: bool) -> None:
        """See `Document.fold_all`."""
        self._nodes = list(_children(self._root)) if self._root.foldable else [_Node(0, "", "", self._root.value)]
        if closed:
            return
        # Level by level, so that the budget goes to what is near the top.
        depth = 0
        while len(self._nodes) < _BUDGET:
            places = [at for at, node in enumerate(self._nodes) if node.depth == depth and node.foldable]
            if not places:
                return
            for at in reversed(places):
                if len(self._nodes) + len(self._nodes[at].value) <= _BUDGET:
                    self.fold(at)
            depth += 1

    def item(self, place: int) -> tuple[str, Any] | None:
        """See `Document.item`."""
        if not 0 <= place < len(self._nodes):
            return None
        return self._nodes[place].pointer, self._nodes[place].value

    def _value(self, node: _Node) -> tuple[str, str]:
        value = node.value
        if isinstance(value, dict):
            return ("{}" if not value else "" if node.open else f"{{{len(value)}}}", "dim")
        if isinstance(value, list):
            return ("[]" if not value else "" if node.open else f"[{len(value)}]", "dim")
        if isinstance(value, str):
            text = (
                body.encode(value[:_LONGEST]).decode("utf-8", "replace")
                if value.isprintable()
                else f'"{value[:_LONGEST]}"'
            )
            return self._mask.shown(text, key=node.name), "text"
        return self._mask.shown(body.encode(value).decode(), key=node.name), "number"


def _children(node: _Node) -> Iterator[_Node]:
    pairs = node.value.items() if isinstance(node.value, dict) else enumerate(node.value)
    for name, value in pairs:
        yield _Node(node.depth + 1, str(name), node.pointer + body.pointer(name), value)


class Text:
    """Plain rows; `items` are the pointer and value of a row, where it has them."""

    def __init__(self, rows: Sequence[Row], items: dict[int, tuple[str, Any]] | None = None) -> None:
        self._rows, self._items = rows, items or {}

    def __len__(self) -> int:
        return len(self._rows)

    def cells(self, place: int, width: int) -> Row:
        """See `Document.cells`."""
        del width
        return self._rows[place]

    def fold(self, place: int) -> None:
        """Rows do not fold."""

    def fold_all(self, closed: bool) -> None:
        """Rows do not fold."""

    def item(self, place: int) -> tuple[str, Any] | None:
        """See `Document.item`."""
        return self._items.get(place)


def paragraph(text: str, width: int, style: str = "", indent: str = "") -> list[Row]:
    """Text over as many rows as it needs."""
    lines = textwrap.wrap(text, max(10, width - len(indent)), break_on_hyphens=False) or [""]
    return [[(indent + line, style)] for line in lines]


def labeled(label: str, text: str, width: int, style: str = "", size: int = 10) -> list[Row]:
    """A label in `size` cells, and beside it text over as many rows as it needs."""
    first, *more = paragraph(text, width - size, style)
    return [[(f"{label:<{size}}", "dim"), *first], *([(" " * size, ""), *row] for row in more)]
