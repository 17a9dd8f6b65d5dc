"""Live: the list of what arrives, with the detail of one event beside it, or over it where there is no room."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import ClassVar

from tagway.clock import now
from tagway.core.query import as_term
from tagway.store.window import Line, Window
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tagway_tui import keymap
from tagway_tui.copies import as_value
from tagway_tui.documents import Text
from tagway_tui.rows import CLOCKS
from tagway_tui.screens.first_run import first_run_rows
from tagway_tui.screens.place import Place
from tagway_tui.widgets.bars import Bar, Hint
from tagway_tui.widgets.detail import Detail, DocumentView
from tagway_tui.widgets.event_list import EventList
from tagway_tui.widgets.filter_bar import FilterBar
from tagway_tui.widgets.lines import Lines
from tagway_tui.widgets.prompt import Prompt

# The detail is drawn at most so often (seconds) while the list moves.
_CALM = 0.25


class Live(Place):
    """The list of events, and the detail of the one under the cursor."""

    NAME = "live"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("live")
    HINTS = (
        Hint("list.choose", "Open", "choose"),
        Hint("live.why", "Why", "why"),
        Hint("live.person", "Person", "person"),
        Hint("live.next_fault", "Fault", "fault(False)"),
        Hint("live.filter", "Filter", "filter"),
        Hint("live.pause", "Pause", "pause"),
        Hint("live.copy_json", "Copy", "copy('json')"),
    )
    IN_DETAIL = (
        Hint("live.next_tab", "Next tab", "tab(1)"),
        Hint("live.why", "Why", "why"),
        Hint("live.person", "Person", "person"),
        Hint("live.copy", "Copy value", "copy('value')"),
        Hint("live.copy_json", "Copy", "copy('json')"),
    )
    TYPING = (Hint("prompt.complete", "Complete", "complete"), Hint("prompt.done", "Done", "done"))
    DEFAULT_CSS = """
    Live #list-side { width: 3fr; }
    Live Detail { width: 2fr; border-left: vkey $panel; }
    Live #first-run { display: none; }
    Live.-empty #first-run { display: block; }
    Live.-empty #events, Live.-empty #columns, Live.-empty Detail { display: none; }
    Live.-narrow Detail { display: none; border-left: none; }
    Live.-detail #list-side { display: none; }
    Live.-detail Detail { display: block; border-left: none; }
    """

    _detail_at = 0.0
    _detail_due = False
    _wanted = ""
    # Whether another place opened the detail: then leaving it goes back there.
    _led = False

    def body(self) -> Iterable[Widget]:
        """The list with its heading, and the detail."""
        painter = self.tagway.painter
        yield Horizontal(
            Vertical(
                FilterBar(id="filter"),
                Bar(id="columns"),
                EventList(painter, id="events"),
                DocumentView(id="first-run"),
                id="list-side",
            ),
            Detail(painter, id="detail"),
        )
        yield Prompt(self.tagway.known_values, self.tagway.mask.shown, id="prompt")

    @property
    def events(self) -> EventList:
        """The list."""
        return self.query_one(EventList)

    @property
    def prompt(self) -> Prompt:
        """The line to type in."""
        return self.query_one(Prompt)

    @property
    def detail(self) -> Detail:
        """The detail."""
        return self.query_one(Detail)

    @property
    def follows(self) -> bool:
        """Whether the list is at its newest row, and nobody reads further up."""
        return any(one.state == "FOLLOW" for one in self.query(EventList))

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
            self._judge_emptiness()
            self.events.show(self.tagway.everything, self.tagway.search.found, self.tagway.refusals)
            self._calm_detail()

    def on_resize(self) -> None:
        """Where there is room for the detail now, it shows the row under the cursor."""
        super().on_resize()
        self.call_after_refresh(self._calm_detail)

    def remask(self) -> None:
        """The list and the detail."""
        self.detail.show(self.detail.shown)
        self.events.refresh()
        self.draw_bars()

    def count(self) -> str:
        """How many rows are shown, of how many there are."""
        return self.tagway.search.count(self.tagway.everything)

    def list_state(self) -> tuple[str, int]:
        """The list's."""
        return self.events.state, self.events.new

    def hints(self) -> tuple[Hint, ...]:
        """While nothing has come: how to make something come."""
        if not self.has_class("-empty"):
            return self.TYPING if self._typing() else self.IN_DETAIL if self._in_detail() else self.HINTS
        return (
            Hint("live.sample", "Sample journey", "sample"),
            Hint("live.copy", "Copy cURL", "copy('value')"),
            Hint("live.session", "My session", "session"),
        )

    def _typing(self) -> bool:
        return bool(self.query("#prompt")) and self.prompt.has_class("-open")

    def way_out(self) -> str:
        """Back to the list, or to where a way here began; else out of the screen."""
        return "Back" if self.has_class("-detail") or self.tagway.ways.led else "Quit"

    def _judge_emptiness(self) -> None:
        """Until something came, say what is missing."""
        empty = not len(self.tagway.everything)
        if empty != self.has_class("-empty"):
            self.set_class(empty, "-empty")
            (self.query_one("#first-run") if empty else self.events).focus()

    def draw_bars(self) -> None:
        """The bars, and the names of the columns."""
        super().draw_bars()
        if not self.query("#first-run"):  # not yet there, or being left
            return
        self._judge_emptiness()
        if self.has_class("-empty"):
            view = self.query_one("#first-run", DocumentView)
            at = view.cursor
            view.show(Text(first_run_rows(self.tagway)))
            view.cursor = at
        columns = self.query_one("#columns", Bar)
        columns.set(self.tagway.painter.header(max(0, columns.size.width - 2)))
        self.query_one(FilterBar).tell(self.tagway.search, self.tagway.mask.shown, typing=self._typing())

    @on(Lines.Moved, "#events")
    def _moved(self) -> None:
        self._calm_detail()
        self.draw_bars()

    @on(Lines.Chosen, "#events")
    def _chosen(self) -> None:
        self._led = False
        self._open_detail()

    def _open_detail(self) -> None:
        self._show_detail()
        if self.has_class("-narrow"):
            self.add_class("-detail")
        self.query_one("#document", DocumentView).focus()

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

    def lead(self, seq: int, tab: str) -> None:
        """Show an event with its detail, as another place asks for it."""
        self.frame()
        self.call_after_refresh(self._led_to, seq, tab)

    def _led_to(self, seq: int, tab: str) -> None:
        self.events.go_to(seq)
        self.detail.tab = tab or self.detail.tab
        self._led = True
        self._open_detail()
        self.detail.show(self.detail.shown)
        self.draw_bars()

    def leave(self) -> bool:
        """From the detail to the list; False when there is nothing to leave but the way that led here."""
        if not self.has_class("-detail") or (self._led and self.tagway.ways.led):
            return False
        self.close_detail()
        return True

    def close_detail(self) -> None:
        """The list again."""
        self._led = False
        self.remove_class("-detail")
        self.events.focus()

    def action_pause(self) -> None:
        """Freeze the view, or go on."""
        self.events.pause()
        self.draw_bars()

    def action_maximize_detail(self) -> None:
        """The detail over the whole screen, and back."""
        if self.has_class("-detail"):
            self.close_detail()
        else:
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
            self.close_detail()

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
        self._jump(lambda window, seq, shown: window.next_fault(seq, back=back, within=shown, now=now()), back)

    def action_same_person(self, back: bool) -> None:
        """Go to the nearest event of the same person."""
        self._jump(lambda window, seq, shown: window.next_of_person(seq, back=back, within=shown, now=now()), back)

    def _jump(self, find: Callable[[Window, int, str], int | None], back: bool) -> None:
        """Go to the nearest row that is found among those shown."""
        current = self.events.current()
        if current is None:
            return
        seq = current.seq if isinstance(current, Line) else current.after_event + (1 if back else 0)
        way = "before" if back else "after"
        shown = " shown" if self.tagway.search.active else ""
        self.tagway.search.jump(lambda window, filtered: find(window, seq, filtered), f"none{shown} {way} this one")

    def action_clock(self) -> None:
        """Another meaning of the time column."""
        painter = self.tagway.painter
        painter.clock = CLOCKS[(CLOCKS.index(painter.clock) + 1) % len(CLOCKS)]
        self.tagway.say(f"time: {painter.clock}")
        self.events.refresh()

    # Filter and find.

    def action_filter(self) -> None:
        """Type a filter."""
        self.tagway.learn_names()
        self.prompt.open("filter", self.tagway.search.text)

    def action_toggle_filter(self) -> None:
        """The filter off, and on again, without losing it."""
        self.tagway.search.toggle()

    def action_find(self) -> None:
        """Type a text to find."""
        self.prompt.open("find", self._wanted)

    def action_find_next(self, back: bool) -> None:
        """The next place of the text, in the list or the detail, whichever has the focus."""
        if not self._wanted:
            self.action_find()
        elif not self._in_detail():
            text = as_term(self._wanted)
            self._jump(lambda window, seq, shown: window.nearest(text, seq, back=back, within=shown, now=now()), back)
        elif not self.query_one("#document", DocumentView).find(self._wanted, back):
            self.tagway.say("not found here")

    def _in_detail(self) -> bool:
        return self.has_class("-detail") or isinstance(self.focused, DocumentView)

    @on(Prompt.Changed)
    def _prompted(self, event: Prompt.Changed) -> None:
        if event.kind == "filter":
            self.tagway.search.apply(event.text)

    @on(Prompt.Closed)
    def _prompt_closed(self, event: Prompt.Closed) -> None:
        self.prompt.close()
        (self.query_one("#document", DocumentView) if self.has_class("-detail") else self.events).focus()
        if event.kind == "find" and event.text:
            self._wanted = event.text
            self.action_find_next(False)
        self.draw_bars()

    # Copies and answers.

    def action_copy(self, what: str) -> None:
        """Copy the value or path under the cursor, the event as JSON, or the request as cURL."""
        current = self.events.current()
        if self.has_class("-empty"):
            self.tagway.copying.copy_sample()
            return
        if what in ("value", "path") and self._in_detail():
            item = self.query_one("#document", DocumentView).item()
            if item is not None:
                self.tagway.copying.copy(item[0] if what == "path" else as_value(item[1]), f"the {what}")
                return
        if isinstance(current, Line):
            copying = self.tagway.copying
            copying.copy_request(current.seq) if what == "curl" else copying.copy_event(current.seq)

    def action_why(self) -> None:
        """Why this event is as it is."""
        current = self.events.current()
        if isinstance(current, Line):
            self.tagway.why_event(current.seq)
        elif current is not None:
            self.tagway.say("a refused request is no event; its detail says why")

    def action_person(self) -> None:
        """The person of this event."""
        current = self.events.current()
        if isinstance(current, Line) and current.profile_id:
            self.tagway.show_person(current.profile_id)
        else:
            self.tagway.say("this one belongs to nobody")

    def action_sample(self) -> None:
        """Send a sample journey."""
        self.tagway.send_sample()

    def action_session(self) -> None:
        """Pair a browser, and hold what it sends against the plan."""
        self.tagway.show_session()
