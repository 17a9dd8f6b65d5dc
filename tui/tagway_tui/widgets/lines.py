"""The one list of the screen: lines drawn when they are visible, a cursor, keys and the mouse.

Textual's own tables keep a widget's worth of state a row and lay everything out again when a row leaves; at a few
hundred events a second they stand still. Here only the rows in view exist, for as long as they are drawn, and
moving never lays anything out: the list keeps its own offset and draws its own scroll bar.

Cells are plain segments, so that no markup in foreign text can mean anything.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tagway_tui import keymap
from tagway_tui.marks import STYLES, Row

_HUES: Final = ("#5aa9e6", "#e69f00", "#2bb58a", "#c9b800", "#7c9cf5", "#e07b39", "#d68fb8", "#8fb8c9")
# The same on a light theme, where those could hardly be read.
_DARKER: Final = ("#1a5f99", "#7d5200", "#0f6249", "#625900", "#3653bd", "#933f0b", "#8d3069", "#3a6170")
_STYLED: Final = {**STYLES, **{f"hue{place}": f"color: {color};" for place, color in enumerate(_HUES)}}


class Lines(Widget, can_focus=True):
    """Rows on demand: a subclass says how many there are and what stands in one."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("list")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{name or 'plain'}" for name in _STYLED} | {
        "lines--cursor",
        "lines--blurred",
        "lines--bar",
    }
    DEFAULT_CSS = """
    Lines { height: 1fr; width: 1fr; }
    Lines > .lines--cursor { background: $primary 35%; text-style: bold; }
    Lines > .lines--blurred { background: $surface; }
    Lines > .lines--bar { color: $primary; }
    """ + "\n".join(f"Lines > .lines--{name or 'plain'} {{ {style} }}" for name, style in _STYLED.items())
    DEFAULT_CSS += "\n".join(
        f"Lines:light > .lines--hue{place} {{ color: {color}; }}" for place, color in enumerate(_DARKER)
    )

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        lines: Lines

        @property
        def control(self) -> Lines:
            """The list, for `@on` selectors."""
            return self.lines

    @dataclass
    class Chosen(Message):
        """Enter or a second click on a row."""

        lines: Lines

        @property
        def control(self) -> Lines:
            """The list, for `@on` selectors."""
            return self.lines

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self.top = 0
        self.left = 0
        self._styles_by_name: dict[str, Style] = {}

    # What a subclass provides.

    @abstractmethod
    def total(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def cells(self, place: int, width: int) -> Row:
        """The row at a place, for a list that is `width` cells wide."""

    def settle(self) -> None:
        """Right before drawing, when the height is known: no row is missing that there is room for."""
        self.top = max(0, min(self.top, self.total() - self.size.height))

    def prepare(self, first: int, last: int) -> None:
        """Rows `first` up to `last` (excluded) are about to be drawn; a subclass may read them at once."""

    # Drawing.

    @property
    def room(self) -> int:
        """The cells that a row has: a marker stands before it and the scroll bar after it."""
        return max(0, self.size.width - 2)

    def redraw(self) -> None:
        """Draw again: rows came, went or changed."""
        self.cursor = max(0, min(self.cursor, self.total() - 1))
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the visible rows; all of them are prepared in one call."""
        self.settle()
        self.prepare(self.top, min(self.total(), self.top + self.size.height))
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw one row: marker, cells, scroll bar."""
        place, width = self.top + y, self.size.width
        base = self.rich_style
        if place >= self.total():
            return Strip([Segment(" " * (width - 1), base), self._bar(y, base)], width)
        on_cursor = place == self.cursor and self.can_focus
        if on_cursor:
            base += self._style("cursor" if self.has_focus else "blurred")
        cells = [Segment(text, base + self._style(name)) for text, name in self.cells(place, self.room) if text]
        row = Strip(cells).crop_extend(self.left, self.left + self.room, base)
        marker = Segment(">" if on_cursor else " ", base)
        return Strip([marker, *row, self._bar(y, self.rich_style)], width)

    def notify_style_update(self) -> None:
        """The theme changed."""
        self._styles_by_name.clear()
        super().notify_style_update()

    def _style(self, name: str) -> Style:
        style = self._styles_by_name.get(name)
        if style is None:
            style = self.get_component_rich_style(f"lines--{name or 'plain'}", partial=True)
            self._styles_by_name[name] = style
        return style

    def _bar(self, y: int, base: Style) -> Segment:
        height, total = self.size.height, self.total()
        if total <= height:
            return Segment(" ", base)
        size = max(1, height * height // total)
        start = round(self.top * (height - size) / max(1, total - height))
        return Segment("┃" if start <= y < start + size else " ", base + self._style("bar"))

    # Moving.

    def move(self, place: int) -> None:
        """Put the cursor on a row and bring it into view."""
        self.cursor = max(0, min(place, self.total() - 1))
        self.show_cursor()
        self.refresh()
        self.post_message(self.Moved(self))

    def show_cursor(self) -> None:
        """Scroll as little as needed for the cursor to be in view."""
        height = max(1, self.size.height)
        self.top = max(0, min(max(self.top, self.cursor - height + 1), self.cursor))

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.show_cursor()

    def action_cursor(self, rows: int) -> None:
        """Move the cursor by some rows."""
        self.move(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by some screenfuls."""
        self.move(self.cursor + pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self.move(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self.move(self.total() - 1)

    def action_sideways(self, cells: int) -> None:
        """Scroll to the side."""
        self.left = max(0, self.left + cells)
        self.refresh()

    def action_choose(self) -> None:
        """Open the row."""
        if self.total():
            self.post_message(self.Chosen(self))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move three rows on."""
        event.stop()
        self.move(self.cursor + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move three rows back."""
        event.stop()
        self.move(self.cursor - 3)

    def on_click(self, event: events.Click) -> None:
        """Go to the clicked row, or with the scroll bar to a part of the list; a second click opens the row."""
        event.stop()
        if event.x >= self.size.width - 1:
            self.move(event.y * self.total() // max(1, self.size.height - 1))
        elif self.top + event.y < self.total():
            self.move(self.top + event.y)
            if event.chain > 1:
                self.action_choose()
