"""The live list: rows read by number when drawn, and one visible state: FOLLOW, HELD or PAUSED."""

from __future__ import annotations

from typing import Literal

from tagway.store.window import Line, Refusal, Window

from tagway_tui.index import Everything, Matches
from tagway_tui.marks import Row
from tagway_tui.rows import Painter
from tagway_tui.widgets.lines import Lines

State = Literal["FOLLOW", "HELD", "PAUSED"]


class EventList(Lines):
    """Events and refusals in the order of their arrival.

    On the newest row it follows; moving up holds, so that nothing moves under the cursor, and going back to the
    newest row follows again. Paused, nothing is drawn anew at all. The cursor is a row's key, never its place.
    """

    def __init__(self, painter: Painter, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.state: State = "FOLLOW"
        self.key: int | None = None
        self._painter = painter
        self._window: Window | None = None
        self._index: Everything | Matches = Everything()
        self._held: Everything | Matches | None = None
        self._refusals: dict[int, Refusal] = {}
        self._lines: dict[int, Line] = {}

    # What the tail gives.

    def attach(self, window: Window) -> None:
        """Read rows from a window of the store."""
        self._window = window
        self._lines.clear()

    def show(self, index: Everything | Matches, refusals: dict[int, Refusal]) -> None:
        """Show the rows of an index: called at each frame, with the same index or another."""
        switched = type(index) is not type(self._index)
        self._index, self._refusals = index, refusals
        if self.state == "PAUSED":
            return
        self._lines.clear()
        if self.state == "FOLLOW" or switched:
            self._to_newest()
        elif self.key is not None:
            offset = self.cursor - self.top
            self.cursor = max(0, index.place(self.key))
            self.top = max(0, self.cursor - offset)
        self.redraw()

    @property
    def new(self) -> int:
        """How many rows came since the list is held or paused."""
        return len(self._index) - len(self._held) if self._held is not None else 0

    def current(self) -> Line | Refusal | None:
        """The event or refusal under the cursor."""
        if self.key is None:
            return None
        if self.key < 0:
            return self._refusals.get(-self.key)
        if self.key not in self._lines and self._window is not None:
            self._lines.update(self._window.lines([self.key]))
        return self._lines.get(self.key)

    # States.

    def pause(self) -> None:
        """Stop drawing anew; again: follow."""
        if self.state == "PAUSED":
            self.follow()
        else:
            self._hold("PAUSED")

    def follow(self) -> None:
        """Go to the newest row and stay there."""
        self.state, self._held = "FOLLOW", None
        self._lines.clear()
        self._to_newest()
        self.redraw()
        self.post_message(self.Moved(self))

    def go_to(self, key: int) -> None:
        """Put the cursor on a row, by key."""
        place = self._rows().place(key)
        if place >= 0:
            self.move(place)

    def move(self, place: int) -> None:
        """Move; up from the newest row holds, onto the newest row follows."""
        rows = self._rows()
        if not len(rows):
            return
        if self.state == "FOLLOW" and place < len(rows) - 1:
            self._hold("HELD")
            rows = self._rows()
        place = max(0, min(place, len(rows) - 1))
        self.key = rows.key(place)
        if self.state == "HELD" and place >= len(self._index) - 1:
            self.follow()
            return
        super().move(place)

    def action_last(self) -> None:
        """Go to the newest row and follow, whatever the state."""
        self.follow()

    def _hold(self, state: State) -> None:
        self.state, self._held = state, self._index.frozen()
        self.refresh()
        self.post_message(self.Moved(self))

    def _to_newest(self) -> None:
        rows = self._rows()
        self.cursor = max(0, len(rows) - 1)
        self.key = rows.key(self.cursor) if len(rows) else None

    def _rows(self) -> Everything | Matches:
        # Held, what comes is below: it can be reached. Paused, the list is as it was.
        return self._held if self.state == "PAUSED" and self._held is not None else self._index

    # Drawing.

    def total(self) -> int:
        """See `Lines.total`."""
        return len(self._rows())

    def settle(self) -> None:
        """Following, the newest row is the last one in view."""
        if self.state == "FOLLOW":
            self.top = self.total()
        super().settle()

    def prepare(self, first: int, last: int) -> None:
        """Read the rows that are about to be drawn, in one query."""
        rows = self._rows()
        missing = [key for key in map(rows.key, range(first, last)) if key > 0 and key not in self._lines]
        if missing and self._window is not None:
            if len(self._lines) > 2_000:
                self._lines.clear()
            self._lines.update(self._window.lines(missing))

    def cells(self, place: int, width: int) -> Row:
        """See `Lines.cells`."""
        key = self._rows().key(place)
        if key < 0:
            refusal = self._refusals.get(-key)
            return self._painter.refusal(refusal, width) if refusal else self._painter.gone(width)
        line = self._lines.get(key)
        if line is None:
            return self._painter.gone(width)
        above = self._lines.get(key - 1)
        return self._painter.event(line, width, above.received_at if above else None)
