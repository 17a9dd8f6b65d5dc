"""My session: one browser, paired by a code in a page's address, held against the planned journey."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from tagway.answers import journeys
from tagway.core.wording import counted
from tagway.store.feed import Feed
from tagway.store.window import Line, Window
from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tagway_tui import keymap
from tagway_tui.documents import Text
from tagway_tui.marks import Row
from tagway_tui.screens.answer import AnswerPlace
from tagway_tui.widgets.bars import Bar, Hint
from tagway_tui.widgets.detail import DocumentView
from tagway_tui.widgets.lines import Lines
from tagway_tui.widgets.table import Table

_MARKS: Final = {
    "done": ("✓", "ok", ""),
    "missing": ("·", "dim", "not yet"),
    "double": ("↻", "bad", "came more than once from the same source"),
    "late": ("!", "warn", "came after an event planned behind it"),
    "faulty": ("✗", "bad", "violates its schema"),
}


class Session(AnswerPlace):
    """The checklist above, the browser's own events below."""

    NAME = "session"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("session")
    HINTS = (
        Hint("session.copy", "Copy code", "copy"),
        Hint("session.finish", "Finish", "finish"),
        Hint("session.new", "New code", "new"),
        Hint("list.choose", "Event", "choose"),
    )
    DEFAULT_CSS = """
    Session #plan { height: 10; border-bottom: solid $panel; }
    """

    def __init__(self) -> None:
        """Begin with a fresh code."""
        super().__init__()
        self.code = secrets.token_hex(3)
        self.finished = False
        self._after: int | None = None
        """The position of the log at which the code was first shown; nothing before it can carry the code."""

    def body(self) -> Iterable[Widget]:
        """The checklist and the list."""
        plan = DocumentView(id="plan")
        plan.can_focus = False
        yield plan
        yield Bar(id="columns")
        yield Table(self._row, lambda line: line.seq, id="table")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(Table).focus()

    def ask(self, feed: Feed, window: Window, now: int) -> Any:
        """The browser's events, and the plan held against them."""
        del now
        self._after = feed.position() if self._after is None else self._after
        events = journeys.session(feed, self.code, self._after)
        lines = window.lines([one["seq"] for one in events][-2_000:])
        return self.code, journeys.checklist(events, self._planned()), [lines[seq] for seq in sorted(lines)]

    def _planned(self) -> tuple[str, ...]:
        """The store's plan, in its order; without one a shopper's usual way."""
        return self.tagway.config.taxonomy.plan or journeys.DEFAULT_PLAN

    def tell(self, answer: Any) -> None:
        """Draw the checklist, fill the list."""
        code, found, lines = answer
        if code != self.code:
            return
        self.query_one("#plan", DocumentView).show(Text(self._plan(found, len(lines))))
        self.query_one(Table).fill(lines)

    def draw_bars(self) -> None:
        """The bars, and the names of the columns."""
        super().draw_bars()
        for columns in self.query("#columns").results(Bar):
            columns.set(self.tagway.painter.header(max(0, columns.size.width - 2)))

    def count(self) -> str:
        """How many events of this browser."""
        came = f", {counted(len(self.answer[2]), 'event')}" if self.answer else ""
        return f"session {self.code}{came}"

    def _plan(self, found: journeys.Checklist, events: int) -> list[Row]:
        shown = self.tagway.mask.shown
        rows: list[Row] = [
            [
                ("Add  ", ""),
                (f"?{journeys.PARAMETER}={self.code}", "title"),
                ("  to a page's address (y copies it)", ""),
            ]
        ]
        verdict = found.verdict if self.finished or found.complete else "RUNNING"
        style = {"PASS": "ok", "FAIL": "bad"}.get(verdict, "warn")
        paired = f"paired: {counted(events, 'event')}" if events else "waiting for this browser's first page"
        rows.append([(verdict, style), (f"   {paired}", "dim")])
        for tick in found.ticks:
            glyph, look, text = _MARKS[tick.mark]
            if tick.mark == "missing" and self.finished:
                glyph, look, text = "✗", "bad", "missing"
            times = f" {'×'}{len(tick.seqs)}" if len(tick.seqs) > 1 else ""
            rows.append([(f"  {glyph} ", look), (f"{tick.name}{times}", "strong"), (f"  {text}", look)])
        if found.unplanned:
            more = ", ".join(f"{name} {count}" for name, count in found.unplanned)
            rows.append([("  not in the plan: ", "dim"), (shown(more), "dim")])
        return rows

    def _row(self, line: Line, width: int) -> Row:
        return self.tagway.painter.event(line, width)

    @on(Lines.Chosen, "#table")
    def _chosen(self) -> None:
        line: Line | None = self.query_one(Table).current()
        if line is not None:
            self.tagway.ways.to_event(line.seq)

    def action_choose(self) -> None:
        """Show the event in the live list."""
        self._chosen()

    def action_new(self) -> None:
        """Pair another browser."""
        self.code, self.finished, self.answer, self._after = secrets.token_hex(3), False, None, None
        self.ask_now()

    def action_finish(self) -> None:
        """End with PASS or FAIL."""
        self.finished = True
        if self.answer is not None:
            self.tell(self.answer)
            self.tagway.say(self.answer[1].verdict)

    def action_copy(self) -> None:
        """Copy the parameter."""
        self.tagway.copying.copy(f"?{journeys.PARAMETER}={self.code}", "the code")
