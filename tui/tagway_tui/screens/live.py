"""Live: the list of what arrives, with the detail of one event beside it, or over it where there is no room."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import ClassVar

from tagway.store.window import Line
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tagway_tui import keymap
from tagway_tui.rows import CLOCKS
from tagway_tui.screens.place import Place
from tagway_tui.widgets.bars import Bar, Hint
from tagway_tui.widgets.detail import Detail, DocumentView
from tagway_tui.widgets.event_list import EventList
from tagway_tui.widgets.lines import Lines

# The detail is drawn at most so often (seconds) while the list moves.
_CALM = 0.25


class Live(Place):
    """The list of events, and the detail of the one under the cursor."""

    NAME = "live"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("live")
    HINTS = (
        Hint("list.choose", "Detail", "choose"),
        Hint("live.filter", "Filter", "filter"),
        Hint("live.pause", "Pause", "pause"),
        Hint("live.next_fault", "Next fault", "fault(False)"),
        Hint("live.person", "Person", "person"),
        Hint("live.next_tab", "Tab", "tab(1)"),
    )
    DEFAULT_CSS = """
    Live #list-side { width: 3fr; }
    Live Detail { width: 2fr; border-left: vkey $panel; }
    Live.-narrow Detail { display: none; border-left: none; }
    Live.-detail #list-side { display: none; }
    Live.-detail Detail { display: block; border-left: none; }
    """

    _detail_at = 0.0
    _detail_due = False

    def body(self) -> Iterable[Widget]:
        """The list with its heading, and the detail."""
        painter = self.tagway.painter
        yield Horizontal(
            Vertical(Bar(id="columns"), EventList(painter, id="events"), id="list-side"), Detail(painter, id="detail")
        )

    @property
    def events(self) -> EventList:
        """The list."""
        return self.query_one(EventList)

    @property
    def detail(self) -> Detail:
        """The detail."""
        return self.query_one(Detail)

    def on_mount(self) -> None:
        """Take what is there already."""
        self.attach()
        self.events.focus()

    def attach(self) -> None:
        """The store was opened, or is another one."""
        if self.tagway.window is not None:
            self.events.attach(self.tagway.window)
        if self.tagway.feed is not None:
            self.detail.attach(self.tagway.feed)

    def frame(self) -> None:
        """Show what came."""
        if self.is_mounted:
            self.events.show(self.tagway.index, self.tagway.refusals)
            self._calm_detail()

    def count(self) -> str:
        """How many rows are shown, of how many there are."""
        return self.tagway.counted()

    def list_state(self) -> tuple[str, int]:
        """The list's."""
        return self.events.state, self.events.new

    def draw_bars(self) -> None:
        """The bars, and the names of the columns."""
        super().draw_bars()
        for columns in self.query("#columns").results(Bar):
            columns.set(self.tagway.painter.header(max(0, columns.size.width - 2)))

    @on(Lines.Moved, "#events")
    def _moved(self) -> None:
        self._calm_detail()
        self.draw_bars()

    @on(Lines.Chosen, "#events")
    def _chosen(self) -> None:
        self._show_detail()
        if self.has_class("-narrow"):
            self.add_class("-detail")
        self.query_one(DocumentView).focus()

    def _calm_detail(self) -> None:
        """Show the row under the cursor soon, not at every step of it."""
        if self._detail_due or not self.detail.display:
            return
        self._detail_due = True
        self.set_timer(max(0.01, self._detail_at + _CALM - time.monotonic()), self._show_detail)

    def _show_detail(self) -> None:
        self._detail_due, self._detail_at = False, time.monotonic()
        what = self.events.current()
        if what != self.detail.shown:
            self.detail.show(what)

    # Keys.

    def action_leave(self) -> bool:
        """From the detail to the list; whether there was anything to leave."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.events.focus()
            return True
        return False

    def action_pause(self) -> None:
        """Freeze the view, or go on."""
        self.events.pause()
        self.draw_bars()

    def action_maximize_detail(self) -> None:
        """The detail over the whole screen, and back."""
        if not self.action_leave():
            self._chosen()
            self.add_class("-detail")

    def action_choose(self) -> None:
        """Open the detail."""
        self._chosen()

    def action_switch_focus(self) -> None:
        """From the list to the detail and back."""
        if self.events.has_focus:
            self._chosen()
        else:
            self.action_leave()
            self.events.focus()

    def action_tab(self, steps: int) -> None:
        """Another tab of the detail."""
        if not self.detail.display:
            self._chosen()
        self.detail.turn(steps)

    def action_open_tab(self, name: str) -> None:
        """A tab of the detail by name: what a click on it does."""
        self.detail.open(name)

    def action_fault(self, back: bool) -> None:
        """Go to the nearest event with a fault."""
        self._jump(lambda seq: self.tagway.window.next_fault(seq, back=back) if self.tagway.window else None, back)

    def action_same_person(self, back: bool) -> None:
        """Go to the nearest event of the same person."""
        self._jump(lambda seq: self.tagway.window.next_of_person(seq, back=back) if self.tagway.window else None, back)

    def _jump(self, find: Callable[[int], int | None], back: bool) -> None:
        current = self.events.current()
        if current is None:
            return
        found = find(current.seq if isinstance(current, Line) else current.after_event)
        if found is None:
            self.tagway.say(f"none {'before' if back else 'after'} this one")
        else:
            self.events.go_to(found)

    def action_clock(self) -> None:
        """Another meaning of the time column."""
        painter = self.tagway.painter
        painter.clock = CLOCKS[(CLOCKS.index(painter.clock) + 1) % len(CLOCKS)]
        self.tagway.say(f"time: {painter.clock}")
        self.events.refresh()
