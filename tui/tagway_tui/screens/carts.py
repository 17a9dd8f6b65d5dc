"""Carts: the waterfall from added to reachable; every cart in one bucket, with its cause and the smallest fix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from tagway.answers.carts import Cart, Waterfall, cause, summary, waterfall
from tagway.clock import now
from tagway.core.moments import DAY
from tagway.core.wording import counted
from tagway.store.feed import Feed
from tagway.store.window import Window
from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from tagway_tui import keymap
from tagway_tui.clock import lately
from tagway_tui.documents import Text, labeled, paragraph
from tagway_tui.marks import Row, fit
from tagway_tui.screens.answer import AnswerPlace
from tagway_tui.widgets.bars import Bar, Hint
from tagway_tui.widgets.detail import DocumentView
from tagway_tui.widgets.lines import Lines
from tagway_tui.widgets.table import Table

_FINE: Final = ("REACHABLE", "PURCHASED_ALREADY")
_PERIODS: Final = (("last 24 h", DAY), ("last 7 days", 7 * DAY), ("all", 0))


@dataclass(frozen=True, slots=True)
class _Group:
    """The carts of one cause."""

    code: str
    carts: tuple[Cart, ...]


class Carts(AnswerPlace):
    """The steps above, the causes below; Enter on a cause lists its carts, Enter on a cart says why."""

    NAME = "carts"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("carts")
    HINTS = (
        Hint("list.choose", "Open", "choose"),
        Hint("carts.why", "Why", "why"),
        Hint("carts.events", "Events", "events"),
        Hint("carts.person", "Person", "person"),
        Hint("carts.period", "Period", "period"),
    )
    DEFAULT_CSS = """
    Carts #words { height: 5; border-top: solid $panel; }
    """

    period = 0
    opened: str | None = None

    def body(self) -> Iterable[Widget]:
        """Steps, then the list, then words."""
        steps = DocumentView(id="steps")
        steps.can_focus = False
        yield steps
        yield Vertical(Bar(id="heading"), Table(self._row, _key, id="table"))
        yield DocumentView(id="words")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one("#table", Table).focus()

    def ask(self, feed: Feed, window: Window, now: int) -> Any:
        """The waterfall of the period; of an old folder, up to its end."""
        del window
        _, length = _PERIODS[self.period]
        last = feed.last_received()
        end = now if last >= now - DAY else last
        return waterfall(feed, end - length if length else 0)

    def tell(self, answer: Waterfall) -> None:
        """Draw the steps, fill the list."""
        steps = self._steps(answer)
        view = self.query_one("#steps", DocumentView)
        view.styles.height = len(steps)
        view.show(Text(steps))
        items: list[Any]
        if self.opened is None:
            codes = dict.fromkeys(one.cause.code for one in answer.carts)
            groups = [_Group(code, tuple(one for one in answer.carts if one.cause.code == code)) for code in codes]
            # What can be mended comes first: a cart that was bought or can be reached needs nothing.
            items = sorted(groups, key=lambda one: (one.code in _FINE, -len(one.carts)))
        else:
            items = [one for one in answer.carts if one.cause.code == self.opened]
        self.query_one("#table", Table).fill(items)
        said = ("CAUSES", "each cart has exactly one; Enter lists its carts")
        name, words = said if self.opened is None else (f"CARTS: {self.opened}", "q goes back")
        self.query_one("#heading", Bar).set([(name, "title"), (f"  {words}", "dim")])
        if not answer.carts:
            self.query_one("#words", DocumentView).show(Text(self.said("No cart event in this period.")))

    def count(self) -> str:
        """How many carts, of which period, and how many are reachable."""
        if self.answer is None:
            return ""
        carts = counted(len(self.answer.carts), "cart")
        return f"{carts} {_PERIODS[self.period][0]}, {self.answer.share:.0%} reachable"

    def _steps(self, answer: Waterfall) -> list[Row]:
        """The answer in a sentence; then step by step how many carts are left, and what the others are lost by."""
        width = max(20, self.size.width - 4)
        longest = 14 if width >= 70 else 6
        most = answer.steps[0].carts or 1
        rows = paragraph(summary(answer), width, "strong")
        for step in answer.steps:
            lost = ", ".join(f"-{count:,} {code}" for code, count in step.lost)
            bar = "█" * max(1 if step.carts else 0, round(step.carts * longest / most))
            numbers = f" {step.carts:>6,} {step.carts / most:>4.0%} "
            row: Row = [(fit(bar, longest), "number"), (numbers, "strong"), (fit(step.name, 27), "")]
            rows.append([*row, (fit(lost, max(0, width - longest - 40)), "warn")])
        bought = len(answer.carts) - answer.steps[0].carts
        return [*rows, [(f"{'':{longest}} {bought:>6,}      bought, not to be recovered", "dim")]]

    def _row(self, item: Any, width: int) -> Row:
        shown = self.tagway.mask.shown
        if isinstance(item, _Group):
            share = len(item.carts) / max(1, len(self.answer.carts))
            return [
                (f"{len(item.carts):>6,} {share:>4.0%}  ", "strong"),
                (fit(item.code, 25), _look(item.code)),
                (fit(item.carts[0].cause.text, max(0, width - 38)), ""),
            ]
        facts = item.facts
        who = shown(facts.user_id or facts.profile_id or "nobody")
        return [
            (f"{lately(facts.last_at, now()):<10}  ", "dim"),
            (fit(shown(facts.cart_id), 20) + " ", "strong"),
            (f"{counted(facts.events, 'event'):>9}  ", ""),
            (fit(who, 16) + " ", ""),
            (fit(shown(", ".join(facts.sources)), max(0, width - 61)), "dim"),
        ]

    @on(Lines.Moved, "#table")
    def _moved(self) -> None:
        item = self.query_one("#table", Table).current()
        cart = item.carts[0] if isinstance(item, _Group) else item
        if cart is not None:
            why = cause(cart.facts)
            words = self.query_one("#words", DocumentView)
            width = max(20, words.room)
            rows: list[Row] = [
                *labeled("why", f"{why.code}: {why.text}", width, _look(why.code), 5),
                *labeled("fix", why.fix, width, "strong", 5),
            ]
            words.show(Text(rows))

    @on(Lines.Chosen, "#table")
    def _chosen(self) -> None:
        item = self.query_one("#table", Table).current()
        if isinstance(item, _Group):
            self.opened = item.code
            self.tell(self.answer)
        elif item is not None:
            self.tagway.why_cart(item.facts.cart_id, self.answer.since)

    def _cart(self) -> Cart | None:
        item = self.query_one("#table", Table).current()
        return item.carts[0] if isinstance(item, _Group) else item

    def leave(self) -> bool:
        """From the carts of a cause to the causes."""
        if self.opened is None:
            return False
        self.opened = None
        self.tell(self.answer)
        return True

    def action_choose(self) -> None:
        """Open."""
        self._chosen()

    def action_why(self) -> None:
        """Why this cart is where it is."""
        cart = self._cart()
        if cart is not None:
            self.tagway.why_cart(cart.facts.cart_id, self.answer.since)

    def action_events(self) -> None:
        """The live list, filtered to the cart."""
        cart = self._cart()
        if cart is not None:
            self.tagway.ways.to_matches(f'cart:"{cart.facts.cart_id}"')

    def action_person(self) -> None:
        """The cart's person."""
        cart = self._cart()
        if cart is not None and cart.facts.profile_id:
            self.tagway.show_person(cart.facts.profile_id)

    def action_period(self) -> None:
        """A day, a week, all."""
        self.period = (self.period + 1) % len(_PERIODS)
        self.ask_now()


def _look(code: str) -> str:
    return "ok" if code in _FINE else "bad"


def _key(item: Any) -> object:
    return item.code if isinstance(item, _Group) else item.facts.cart_id
