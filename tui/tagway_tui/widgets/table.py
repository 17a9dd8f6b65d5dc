"""A list of things that are held: a few thousand at most, each drawn as one row when it is visible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tagway_tui.marks import Row
from tagway_tui.widgets.lines import Lines


class Table(Lines):
    """Items and how to draw one. The cursor stays on its item when the items are given anew."""

    def __init__(
        self,
        paint: Callable[[Any, int], Row],
        key: Callable[[Any], object],
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        """`paint` draws an item for a width; `key` tells items apart."""
        super().__init__(id=id)
        self._items: Sequence[Any] = ()
        self._paint, self._key = paint, key

    def fill(self, items: Sequence[Any]) -> None:
        """Show these items."""
        chosen = self._key(self.current()) if self.current() is not None else None
        self._items = items
        places = (place for place, item in enumerate(items) if self._key(item) == chosen)
        found = next(places, None) if chosen is not None and self.cursor else None
        if found is not None:
            self.top = max(0, self.top + found - self.cursor)
            self.cursor = found
        self.redraw()
        self.show_cursor()
        self.post_message(self.Moved(self))

    def current(self) -> Any:
        """The item under the cursor; None when there is none."""
        return self._items[self.cursor] if 0 <= self.cursor < len(self._items) else None

    def total(self) -> int:
        """See `Lines.total`."""
        return len(self._items)

    def cells(self, place: int, width: int) -> Row:
        """See `Lines.cells`."""
        return self._paint(self._items[place], width)
