"""Violations: grouped by rule, event and source, the most frequent first, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from tagway.answers.violations import Marked, violations
from tagway.clock import now
from tagway.core import moments
from tagway.core.wording import counted
from tagway.store.feed import Feed
from tagway.store.window import Window
from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tagway_tui import keymap
from tagway_tui.clock import lately, span
from tagway_tui.documents import Text, labeled
from tagway_tui.marks import Row, fit, spark
from tagway_tui.rows import rule_words
from tagway_tui.screens.answer import AnswerPlace
from tagway_tui.widgets.bars import Bar, Hint
from tagway_tui.widgets.detail import DocumentView
from tagway_tui.widgets.lines import Lines
from tagway_tui.widgets.table import Table

# Narrower than this, source and time of the last go.
_ROOMY: Final = 70
# From here on there is room for the trend.
_WIDE: Final = 96
_SEVERE: Final = ("error", "warn", "info")


class Violations(AnswerPlace):
    """The groups, and the one under the cursor in full."""

    NAME = "violations"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("violations")
    HINTS = (Hint("list.choose", "Sample", "choose"), Hint("violations.all", "All of these", "all"))
    DEFAULT_CSS = """
    Violations DocumentView { height: 9; border-top: solid $panel; }
    """

    def body(self) -> Iterable[Widget]:
        """The list, and the words for one group."""
        yield Bar(id="heading")
        yield Table(self._row, _key, id="table")
        yield DocumentView(id="words")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(Table).focus()

    def ask(self, feed: Feed, window: Window, now: int) -> Any:
        """The groups of the last day; of an old folder, of its last day."""
        del window
        last = feed.last_received()
        groups = violations(feed, now=now if last >= now - moments.DAY else last)
        return sorted(groups, key=lambda one: (_SEVERE.index(one.group.severity), -one.group.count))

    def tell(self, answer: Any) -> None:
        """Fill the list."""
        self.query_one(Table).fill(answer)
        if not answer:
            self.query_one(DocumentView).show(Text(self.said("No event violates its schema.", "ok")))

    def draw_bars(self) -> None:
        """The bars, and the names of the columns."""
        super().draw_bars()
        for heading in self.query("#heading").results(Bar):
            heading.set(self._heading(max(0, heading.size.width - 2)))

    def count(self) -> str:
        """How many groups."""
        return "" if self.answer is None else f"{counted(len(self.answer), 'rule')} broken, last day"

    def _heading(self, width: int) -> Row:
        rule = _rule_width(width)
        source = f" {fit('SOURCE', 10)}" if width >= _ROOMY else ""
        names = f"{fit('RULE', rule)} {fit('EVENT', 18)}{source} {'COUNT':>6} {'%':>4}"
        last = "  LAST" if width >= _ROOMY else ""
        return [(names + (f"  {fit('LAST', 11)}{fit('TREND', 12)}" if width >= _WIDE else last), "dim")]

    def _row(self, marked: Marked, width: int) -> Row:
        shown = self.tagway.mask.shown
        group = marked.group
        rule = _rule_width(width)
        field = group.pointer.rsplit("/properties/", 1)[-1]
        badge = {"new": "NEW ", "regressed": "BACK "}.get(marked.mark, "")
        style = {"error": "bad", "warn": "warn"}.get(group.severity, "dim")
        said = fit(shown(f"{rule_words(group.code)} {field}"), rule - len(badge))
        row: Row = [
            (badge, "match"),
            (said + " ", style),
            (fit(shown(group.name), 18) + " ", ""),
            (fit(shown(group.source), 10) + " " if width >= _ROOMY else "", "dim"),
            (f"{group.count:>6,} ", "strong"),
            (f"{group.share:>4.0%}  ", ""),
            (f"{lately(group.last_at, now()):<10} " if width >= _ROOMY else "", "dim"),
        ]
        if width >= _WIDE:
            row.append((spark([float(one) for one in group.trend], 12), "number"))
        return row

    @on(Lines.Moved, "#table")
    def _moved(self) -> None:
        marked: Marked | None = self.query_one("#table", Table).current()
        if marked is not None:
            self.query_one(DocumentView).show(Text(self._words(marked)))

    def _words(self, marked: Marked) -> list[Row]:
        shown, group = self.tagway.mask.shown, marked.group
        width = max(20, self.query_one(DocumentView).room)
        mark = {"new": "new since less than a day", "regressed": "was gone for a day and is back"}.get(marked.mark, "")
        rows = [
            [("rule      ", "dim"), (f"{shown(group.code)} ({group.severity})", "strong"), (f"   {mark}", "warn")],
            *labeled("at", shown(group.pointer), width, "key"),
            *labeled("fix", shown(group.resolution), width, "strong"),
            *labeled("expected", shown(group.expected), width, "ok"),
            *labeled("got", shown(group.got, key=group.pointer), width, "bad"),
            *labeled("seen", f"{span(group.first_at, group.last_at)}, last as #{group.sample}", width),
        ]
        return rows + (labeled("from", shown(group.origin), width, "key") if group.origin else [])

    @on(Lines.Chosen, "#table")
    def _chosen(self) -> None:
        marked: Marked | None = self.query_one("#table", Table).current()
        if marked is not None:
            self.tagway.ways.to_event(marked.group.sample, "Violations")

    def action_choose(self) -> None:
        """Go to the sample."""
        self._chosen()

    def action_all(self) -> None:
        """The live list, filtered to this group."""
        marked: Marked | None = self.query_one("#table", Table).current()
        if marked is not None:
            group = marked.group
            self.tagway.ways.to_matches(f'rule:{group.code} event:"{group.name}" src:{group.source}')


def _rule_width(width: int) -> int:
    return max(12, width - (70 if width >= _WIDE else 57 if width >= _ROOMY else 33))


def _key(marked: Marked) -> object:
    group = marked.group
    return group.code, group.pointer, group.name, group.source
