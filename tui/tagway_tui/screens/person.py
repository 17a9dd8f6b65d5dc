"""One person: what happened, in order, with who was reachable then, beside the identifiers and what joined them.

`{` and `}` step through the joins: the tree shows what was known by then, the timeline what the join moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from tagway.clock import now
from tagway.core import moments
from tagway.core.wording import counted
from tagway.store.decided import Verdict
from tagway.store.feed import Feed
from tagway.store.window import Line, Window
from textual import on
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget

from tagway_tui import keymap
from tagway_tui.clock import brief, clock_time, local
from tagway_tui.documents import Text
from tagway_tui.joins import JOINS, Alias, moved_by
from tagway_tui.marks import STATUS, Row, fit, width_of
from tagway_tui.rows import Painter, status_of
from tagway_tui.screens.answer import AnswerPlace
from tagway_tui.screens.merges import LOOKS
from tagway_tui.widgets.bars import Bar, Hint
from tagway_tui.widgets.detail import DocumentView
from tagway_tui.widgets.lines import Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known of a person: the profile, its events in order, the decisions, and what each join moved."""

    profile: dict[str, Any]
    seqs: Sequence[int]
    decisions: Sequence[Verdict]
    moved: dict[int, tuple[list[Alias], int]]
    """By join: the identifiers that it moved, and how many events they had."""

    @property
    def joins(self) -> list[Verdict]:
        """The decisions that joined something."""
        return [one for one in self.decisions if one.verdict in JOINS]


@dataclass(frozen=True, slots=True)
class TimelineColumns:
    """The widths of the columns that give way, in cells; 0 leaves a column out."""

    after: int
    event: int
    source: int

    def heading(self) -> str:
        """Their names, with those that are always there."""
        after = f"{'AFTER':<{self.after}} " if self.after else ""
        names = f"{'WHEN':<14} {after}{'REACHABLE':<10}{'EVENT':<{self.event}} {'STATUS':<9} "
        return names + ("SOURCE" if self.source else "")


def timeline_columns(width: int) -> TimelineColumns:
    """Columns for a timeline of some cells: the source goes first, then the time between events."""
    after = 6 if width >= 62 else 0
    rest = width - 36 - (after + 1 if after else 0)
    event = max(12, min(19, rest))
    return TimelineColumns(after=after, event=event, source=rest - event if rest - event >= 6 else 0)


class Timeline(Lines):
    """A person's events; what came before a chosen join on another identifier is marked as moved by it."""

    def __init__(self, painter: Painter, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._painter = painter
        self._seqs: Sequence[int] = ()
        self._lines: dict[int, Line] = {}
        self._window: Window | None = None
        self.join: Verdict | None = None
        self.moved: frozenset[str] = frozenset()

    def show(self, seqs: Sequence[int], window: Window | None) -> None:
        """Show these events; a cursor at the end stays there."""
        at_end = self.cursor >= self.total() - 1
        self._seqs, self._window = seqs, window
        self._lines.clear()
        if at_end:
            self.cursor = max(0, len(seqs) - 1)
        self.redraw()
        self.show_cursor()

    def total(self) -> int:
        """See `Lines.total`."""
        return len(self._seqs)

    def prepare(self, first: int, last: int) -> None:
        """Read what is about to be drawn."""
        missing = [seq for seq in self._seqs[max(0, first - 1) : last] if seq not in self._lines]
        if missing and self._window is not None:
            self._lines.update(self._window.lines(missing))

    def current(self) -> int | None:
        """The event under the cursor."""
        return self._seqs[self.cursor] if self._seqs else None

    def go_to(self, seq: int) -> None:
        """Put the cursor on an event."""
        if seq in self._seqs:
            self.move(list(self._seqs).index(seq))

    def cells(self, place: int, width: int) -> Row:
        """When, how long after the event before, reachable or not, what, and its outcome."""
        line = self._lines.get(self._seqs[place])
        if line is None:
            return self._painter.gone(width)
        before = self._lines.get(self._seqs[place - 1]) if place else None
        at, shown = timeline_columns(width), self._painter.mask.shown
        status = STATUS[status_of(line)]
        reachable = line.reachable_at is not None and line.reachable_at <= line.timestamp
        late = self.join is not None and line.timestamp > self.join.at
        moved = self.join is not None and line.timestamp < self.join.at and self._is_moved(line)
        gap = _gap(line.timestamp - before.timestamp) if before else ""
        long = before is not None and line.timestamp - before.timestamp > moments.HOUR
        return [
            (_day_time(line.timestamp, before) + " ", "dim"),
            (fit(gap, at.after) + " " * bool(at.after), "warn" if long else "dim"),
            ("● " if reachable else "○ ", "ok" if reachable else "dim"),
            (fit("⇄ " + "moved" if moved else "", 8), "merge"),
            (fit(self._painter.name(line), at.event) + " ", "dim" if late else "strong"),
            (fit(f"{status.glyph} {status.word}", 9) + " ", status.style),
            (fit(shown(line.source), at.source), "dim"),
        ]

    def _is_moved(self, line: Line) -> bool:
        return not self.moved.isdisjoint((line.anonymous_id, line.user_id, line.email, line.cart_id))


class Person(AnswerPlace):
    """The person of a profile."""

    NAME = "person"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("person")
    HINTS = (
        Hint("list.choose", "Event", "choose"),
        Hint("person.before", "Merge before", "step(-1)"),
        Hint("person.after", "after", "step(1)"),
        Hint("person.why", "Why", "why"),
        Hint("person.switch", "Tree", "switch_focus"),
        Hint("person.events", "Filter", "events"),
    )
    DEFAULT_CSS = """
    Person #both { layout: horizontal; }
    Person #tree-side { width: 2fr; border-left: vkey $panel; }
    Person #timeline-side { width: 3fr; }
    Person.-narrow #both { layout: vertical; }
    Person.-narrow #tree-side { width: 1fr; height: 2fr; border-left: none; border-top: solid $panel; }
    Person.-narrow #timeline-side { width: 1fr; height: 3fr; }
    """

    def __init__(self, profile_id: str) -> None:
        """Show a profile."""
        super().__init__()
        self.profile_id = profile_id
        self.at: int | None = None
        """Which join is looked at; None for today."""
        self._tree_room = 0

    def body(self) -> Iterable[Widget]:
        """Who, the timeline, the identity tree."""
        yield Bar(id="who")
        yield Container(
            Vertical(Bar(id="heading"), Timeline(self.tagway.painter, id="timeline"), id="timeline-side"),
            Vertical(DocumentView(id="tree"), id="tree-side"),
            id="both",
        )
        yield Bar(id="step")

    def on_mount(self) -> None:
        """The timeline has the keys."""
        self.query_one(Timeline).focus()

    def ask(self, feed: Feed, window: Window, now: int) -> Any:
        """Everything of the person; another id where the profile was merged meanwhile."""
        del now
        profile = feed.profile_by_id(self.profile_id)
        if profile is None:
            return None
        decisions = window.decisions_on(profile["profile_id"])
        moved: dict[int, tuple[list[Alias], int]] = {}
        for one in decisions:
            if one.verdict in JOINS:
                aliases = moved_by(one, decisions, profile["aliases"])
                moved[one.id] = aliases, window.events_before(aliases, one.at)
        seqs = window.timeline(profile["profile_id"])
        return Found(profile=profile, seqs=seqs, decisions=decisions, moved=moved)

    def gone(self) -> None:
        """The person was forgotten: nothing of it stays on the screen."""
        self.query_one(Timeline).show([], None)
        self.query_one("#tree", DocumentView).show(Text([]))
        self.query_one("#who", Bar).set([("nothing is stored of this person any more", "warn")])
        self.query_one("#step", Bar).set([])

    def tell(self, answer: Found) -> None:
        """Draw it all."""
        timeline = self.query_one(Timeline)
        timeline.show(answer.seqs, self.tagway.window)
        self.query_one("#who", Bar).set(self._who(answer))
        self._draw_step(answer)

    def draw_bars(self) -> None:
        """The bars, and the names of the columns."""
        super().draw_bars()
        for heading in self.query("#heading").results(Bar):
            heading.set([(timeline_columns(max(0, heading.size.width - 2)).heading(), "dim")])
        for tree in self.query("#tree").results(DocumentView):
            # The answer may be there before the layout is, or the terminal was resized.
            if self.answer is not None and tree.room != self._tree_room:
                self._draw_step(self.answer)

    def count(self) -> str:
        """Events and joins."""
        if self.answer is None:
            return ""
        total = self.answer.profile["events"]["total"]
        return f"{counted(total, 'event')}, {counted(len(self.answer.joins), 'join')}"

    def _who(self, found: Found) -> Row:
        profile, shown = found.profile, self.tagway.mask.shown
        names = [profile["user_id"], *profile["emails"], *profile["phones"]]
        known = [shown(one, key="phone" if one in profile["phones"] else "") for one in names if one]
        reach = [kind for kind in ("email", "phone") if profile[f"{kind}s"]]
        before = counted(profile["events"]["before_identify"], "event")
        if profile["folding"]:
            state = ("FOLDING: what came late is still being worked in", "warn")
        elif reach:
            state = (f"REACHABLE by {' and '.join(reach)}, not yet in {before}", "ok")
        else:
            state = ("NOT REACHABLE: no email, no phone", "bad")
        room = max(10, self.size.width - 6 - width_of([state]))
        name = "  ".join(known[:3]) or f"anonymous {profile['profile_id']}"
        if cell_len(name) > room:
            name = fit(name, room)
        return [("● " if known else "○ ", "strong"), (name, "title"), ("  ", ""), state]

    def _draw_step(self, found: Found) -> None:
        join = found.joins[self.at] if self.at is not None and self.at < len(found.joins) else None
        timeline = self.query_one(Timeline)
        timeline.join = join
        timeline.moved = frozenset(value for _, value in found.moved[join.id][0]) if join else frozenset()
        timeline.refresh()
        tree = self.query_one("#tree", DocumentView)
        self._tree_room = tree.room
        tree.show(Text(tree_rows(found, join, self.tagway.painter, max(20, tree.room))))
        shown = self.tagway.mask.shown
        said = (
            f"today; {{ }} step through {counted(len(found.joins), 'join')}"
            if found.joins
            else "no join: one browser or one id only"
        )
        if join is not None:
            tried = f"{shown(join.value, key=join.kind)} → {shown(join.subject_value, key=join.subject_kind)}"
            moved = counted(found.moved[join.id][1], "event")
            by = f"{shown(join.event)} #{join.seq}"
            said = f"join {(self.at or 0) + 1} of {len(found.joins)} moved {moved}: {tried}, by {by}"
        self.query_one("#step", Bar).set([(said, "merge" if join else "dim")])

    def leave(self) -> bool:
        """From a join to today; then the place is left."""
        if self.at is None or self.answer is None:
            return False
        self.at = None
        self._draw_step(self.answer)
        return True

    def action_step(self, by: int) -> None:
        """To the join before or after."""
        if self.answer is None or not self.answer.joins:
            self.tagway.say("there is no join to step to")
            return
        last = len(self.answer.joins) - 1
        self.at = (last if by < 0 else 0) if self.at is None else max(0, min(last, self.at + by))
        join = self.answer.joins[self.at]
        if join.seq is not None:
            self.query_one(Timeline).go_to(join.seq)
        self._draw_step(self.answer)

    @on(Lines.Chosen, "#timeline")
    def _chosen(self) -> None:
        seq = self.query_one(Timeline).current()
        if seq is not None:
            self.tagway.ways.to_event(seq)

    def action_choose(self) -> None:
        """Show the event in the live list."""
        self._chosen()

    def action_why(self) -> None:
        """Why this person can be reached, or not."""
        self.tagway.why_person(self.profile_id)

    def action_events(self) -> None:
        """The live list, filtered to this person."""
        self.tagway.ways.to_matches(f"profile:{self.profile_id}")

    def action_switch_focus(self) -> None:
        """From the timeline to the tree and back."""
        timeline = self.query_one(Timeline)
        (self.query_one("#tree", DocumentView) if timeline.has_focus else timeline).focus()


def tree_rows(found: Found, join: Verdict | None, painter: Painter, width: int) -> list[Row]:
    """The identifiers of a person with what joined each, as of a join or today; then what was refused."""
    shown = painter.mask.shown
    by_alias = {(one.kind, one.value): one for one in found.decisions if one.verdict in (*JOINS, "attached")}
    aliases = found.profile["aliases"]
    if join is not None:
        aliases = [one for one in aliases if _since(one, by_alias) <= join.at]
    rows: list[Row] = [[(f"profile {found.profile['profile_id']}", "title")]]
    for place, alias in enumerate(aliases):
        decision = by_alias.get((alias["kind"], alias["value"]))
        branch = "└ " if place == len(aliases) - 1 else "├ "
        name = f"{shown(alias['kind'])}:{shown(alias['value'], key=alias['kind'])}"
        row: Row = [(branch, "dim"), (name, "merge" if decision is not None and decision == join else "")]
        how = f"{decision.verdict if decision else 'born'} {brief(_since(alias, by_alias), now())}"
        by = ""
        if decision is not None and decision.seq is not None and decision.verdict in JOINS:
            by = f"by {shown(decision.event)} #{decision.seq}"
        fits = width_of(row) + 2 + len(how) <= width
        rows.append([*row, (f"  {how}" if fits else "", "dim")])
        if by or not fits:
            below = by if fits else f"{how} {by}".rstrip()
            rows.append([("│   " if branch == "├ " else "    ", "dim"), (below, "dim")])
    refused = [one for one in found.decisions if one.verdict.startswith("skipped_")]
    if refused:
        rows += [[], [("refused", "title")]]
        for one in refused:
            glyph, style, text = LOOKS.get(one.verdict, ("≠", "warn", one.verdict))
            rows += [
                [(f"{glyph} ", style), (f"{shown(one.kind)}:{shown(one.value, key=one.kind)}", "")],
                [("  " + text.removeprefix("refused: "), "dim")],
            ]
    return rows


def _since(alias: dict[str, Any], by_alias: dict[tuple[str, str], Verdict]) -> int:
    decision = by_alias.get((alias["kind"], alias["value"]))
    return decision.at if decision is not None else moments.read(alias["first_seen"]) or 0


def _day_time(at: int, before: Line | None) -> str:
    day = f"{local(at):%m-%d}"
    if before is not None and local(before.timestamp).date() == local(at).date():
        day = " " * len(day)
    return f"{day} {clock_time(at, False)}"


def _gap(micros: int) -> str:
    seconds = max(0, micros) // moments.SECOND
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"+{seconds // size}{unit}"
    return f"+{seconds}s"
