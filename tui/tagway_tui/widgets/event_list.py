"""The live list: rows read by number when drawn, and one visible state: FOLLOW, HELD or PAUSED."""

from __future__ import annotations

from typing import Literal

from tagway.clock import now
from tagway.store.window import Line, Refusal, Window

from tagway_tui.index import Everything, Mark, Matches
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
        self._everything = Everything()
        self._matches: Matches | None = None
        self._held_at: Mark = (0, 0)
        self._refusals: dict[int, Refusal] = {}
        self._lines: dict[int, Line] = {}

    # What the tail gives.

    def attach(self, window: Window) -> None:
        """Read rows from a window of the store."""
        self._window = window
        self._lines.clear()

    def show(self, everything: Everything, matches: Matches | None, refusals: dict[int, Refusal]) -> None:
        """Show all rows, or those that a filter found: called at each frame."""
        switched = matches is not self._matches
        self._everything, self._matches, self._refusals = everything, matches, refusals
        if self.state == "PAUSED" and not switched and matches is None:
            return
        self._lines.clear()
        if self.state == "FOLLOW":
            self._to_newest()
        elif self.key is not None:
            offset = self.cursor - self.top
            self.cursor = max(0, min(self._index.place(self._sought(self.key)), self.total() - 1))
            self.top = max(0, self.cursor - offset)
            if switched and self.total():
                self.key = self._index.key(self.cursor)
        self.redraw()
        if switched:
            self.post_message(self.Moved(self))

    @property
    def new(self) -> int:
        """How many rows came since the list is held or paused."""
        return 0 if self.state == "FOLLOW" else self._index.beyond(self._held_at)

    def current(self) -> Line | Refusal | None:
        """The event or refusal under the cursor."""
        if self.key is None or not self.total():
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
        self.state = "FOLLOW"
        self._lines.clear()
        self._to_newest()
        self.redraw()
        self.post_message(self.Moved(self))

    def go_to(self, key: int) -> None:
        """Put the cursor on a row, by key; a row that came after the pause ends the pause."""
        place = self._index.place(key)
        if self.state == "PAUSED" and place >= self.total():
            self.state = "HELD"
        if place >= 0:
            self.move(place)

    def move(self, place: int) -> None:
        """Move; up from the newest row holds, onto the newest row follows."""
        total = self.total()
        if not total:
            return
        place = max(0, min(place, total - 1))
        if self.state == "FOLLOW" and place < total - 1:
            self._hold("HELD")
        self.key = self._index.key(place)
        if self.state == "HELD" and place >= len(self._index) - 1:
            self.follow()
            return
        super().move(place)

    def action_last(self) -> None:
        """Go to the newest row and follow, whatever the state."""
        self.follow()

    def _hold(self, state: State) -> None:
        if self.state == "FOLLOW":
            self._held_at = self._everything.mark()
        self.state = state
        self.refresh()
        self.post_message(self.Moved(self))

    def _to_newest(self) -> None:
        self.cursor = max(0, self.total() - 1)
        self.key = self._index.key(self.cursor) if self.total() else None

    def _sought(self, key: int) -> int:
        """What to look for among the rows: a filter shows no refusals, so the event before one stands for it."""
        refusal = self._refusals.get(-key) if self._matches is not None else None
        return key if refusal is None else refusal.after_event

    @property
    def _index(self) -> Everything | Matches:
        return self._everything if self._matches is None else self._matches

    # Drawing.

    def total(self) -> int:
        """See `Lines.total`. Held, what comes is below and can be reached; paused, the list is as it was."""
        rows = self._index
        return len(rows) - (rows.beyond(self._held_at) if self.state == "PAUSED" else 0)

    def settle(self) -> None:
        """Following, the newest row is the last one in view."""
        if self.state == "FOLLOW":
            self.top = self.total()
        super().settle()

    def prepare(self, first: int, last: int) -> None:
        """Read the rows that are about to be drawn, in one query; where one is not of today, all say their day."""
        keys = [self._index.key(place) for place in range(first, last)]
        missing = [key for key in keys if key > 0 and key not in self._lines]
        if missing and self._window is not None:
            if len(self._lines) > 2_000:
                self._lines.clear()
            self._lines.update(self._window.lines(missing))
        rows = (self._lines.get(key) if key > 0 else self._refusals.get(-key) for key in keys)
        self._painter.date((one for one in rows if one is not None), now())

    def cells(self, place: int, width: int) -> Row:
        """See `Lines.cells`."""
        key = self._index.key(place)
        if key < 0:
            refusal = self._refusals.get(-key)
            return self._painter.refusal(refusal, width) if refusal else self._painter.gone(width)
        line = self._lines.get(key)
        if line is None:
            return self._painter.gone(width)
        above = self._lines.get(key - 1)
        return self._painter.event(line, width, above.received_at if above else None)
