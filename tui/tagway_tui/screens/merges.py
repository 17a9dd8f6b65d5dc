"""Merges: every identity decision, newest first, with its evidence; `v` shows joins only, or the review list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from tagway.answers.rules import meaning
from tagway.clock import now
from tagway.core.wording import counted
from tagway.store.decided import Verdict, Which
from tagway.store.feed import Feed
from tagway.store.window import Window
from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from tagway_tui import keymap
from tagway_tui.clock import brief, dated_time
from tagway_tui.documents import Text, paragraph
from tagway_tui.marks import Row, fit
from tagway_tui.screens.answer import AnswerPlace
from tagway_tui.widgets.bars import Bar, Hint
from tagway_tui.widgets.detail import DocumentView
from tagway_tui.widgets.lines import Lines
from tagway_tui.widgets.table import Table

LOOKS: Final = {
    "merged": ("⇄", "merge", "two became one profile"),
    "handed_over": ("→", "merge", "the browser moved to another person"),
    "attached": ("+", "ok", "new here, joined to the subject"),
    "retracted": ("∅", "dim", "taken back by a command"),
    "skipped_conflict": ("≠", "bad", "refused: two people would have met; for review"),
    "skipped_shared": ("≠", "warn", "refused: too many people share it"),
    "skipped_expired": ("≠", "warn", "refused: the key was silent too long"),
    "skipped_illegal": ("≠", "warn", "refused: not an identifier"),
}
# So many decisions are read at first.
_PART: Final = 500
_VIEWS: Final[tuple[tuple[Which, str], ...]] = (
    ("all", "all decisions"),
    ("joins", "joins only"),
    ("review", "review list: refused because two people would have met"),
)


class Merges(AnswerPlace):
    """The decisions."""

    NAME = "merges"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("merges")
    HINTS = (
        Hint("list.choose", "Evidence", "choose"),
        Hint("merges.person", "Person", "person"),
        Hint("merges.which", "All/joins/review", "which"),
    )

    DEFAULT_CSS = """
    Merges #words { height: 3; background: $panel; }
    """

    which: Which = "all"
    limit = _PART
    """How many of the decisions are read: more, as somebody comes near their end."""

    def body(self) -> Iterable[Widget]:
        """What is shown, the list, and the decision in words."""
        yield Bar(id="which")
        yield Table(self._row, lambda one: one.id, id="table")
        words = DocumentView(id="words")
        words.can_focus = False
        yield words

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(Table).focus()

    def ask(self, feed: Feed, window: Window, now: int) -> Any:
        """The newest decisions, and how many there are."""
        del feed, now
        return window.decisions(self.which, self.limit)

    def tell(self, answer: Any) -> None:
        """Fill the list."""
        total, decisions = answer
        self.query_one(Table).fill(decisions)
        name = dict(_VIEWS)[self.which]
        if len(decisions) < min(total, self.limit):
            self.ask_now()  # more were wanted while this was asked
        empty = "  none" if not total else ""
        self.query_one("#which", Bar).set([(name, "title"), (empty, "dim")])

    def count(self) -> str:
        """How many of how many."""
        if self.answer is None:
            return ""
        total, decisions = self.answer
        return f"{len(decisions):,} of {total:,}" if total > len(decisions) else counted(total, "decision")

    def _row(self, one: Verdict, width: int) -> Row:
        return verdict_row(self.tagway.painter, one, width)

    @on(Lines.Moved, "#table")
    def _moved(self) -> None:
        one: Verdict | None = self.query_one(Table).current()
        words = self.query_one("#words", DocumentView)
        words.show(Text(self._words(one, max(20, words.room)) if one is not None else []))
        table = self.query_one(Table)
        # Twice the part that was read, so that all of a million are a dozen questions away.
        if self.answer is not None and self.answer[0] > self.limit and table.cursor > table.total() - 50:
            self.limit *= 2
            self.ask_now()

    def _words(self, one: Verdict, width: int) -> list[Row]:
        """What the decision means, the rule behind it, and the event that is its evidence."""
        shown = self.tagway.mask.shown
        glyph, style, text = LOOKS.get(one.verdict, ("·", "", one.verdict))
        said = text + (f": {meaning(one.verdict, one.rule)} (rule {one.rule})" if one.rule else "")
        by = f"{one.event} #{one.seq} from {one.source}" if one.seq is not None else "an event that is no longer stored"
        first, *more = paragraph(shown(f"{said}; evidence: {by}"), width - 2)
        return [[(f"{glyph} ", style), *first], *([("  ", ""), *row] for row in more)]

    @on(Lines.Chosen, "#table")
    def _chosen(self) -> None:
        one: Verdict | None = self.query_one(Table).current()
        if one is not None and one.seq is not None:
            self.tagway.ways.to_event(one.seq)

    def action_choose(self) -> None:
        """Go to the evidence."""
        self._chosen()

    def action_person(self) -> None:
        """The person that it was about."""
        one: Verdict | None = self.query_one(Table).current()
        if one is not None:
            self.tagway.show_person(one.profile_id)

    def action_which(self) -> None:
        """All, joins only, the review list."""
        names = [name for name, _ in _VIEWS]
        self.which, self.limit = names[(names.index(self.which) + 1) % len(names)], _PART
        self.ask_now()


def verdict_row(painter: Any, one: Verdict, width: int) -> Row:
    """A decision as a row: when, verdict, what was tried, against what, by which event."""
    shown = painter.mask.shown
    glyph, style, _ = LOOKS.get(one.verdict, ("·", "", ""))
    word = "conflict" if one.verdict == "skipped_conflict" else one.verdict.removeprefix("skipped_")
    tried = f"{shown(one.kind)}:{shown(one.value, key=one.kind)}"
    subject = f"{shown(one.subject_kind)}:{shown(one.subject_value, key=one.subject_kind)}" if one.subject_kind else ""
    room = max(10, (width - 32) // 3 if width >= 90 else (width - 29) // 2)
    row: Row = [
        (f"{dated_time(one.at, True) if width >= 90 else brief(one.at, now()):<11} ", "dim"),
        (fit(f"{glyph} {word}", 13) + " ", style),
        (fit(tried, room) + " ", ""),
        (fit("→ " + subject if subject else "", room), "strong"),
    ]
    if width >= 90:
        row.append((f" {shown(one.event)} {'·'} {shown(one.source)}", "dim"))
    return row
