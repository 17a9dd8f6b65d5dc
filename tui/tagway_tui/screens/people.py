"""People: search by any identifier; without one, those seen lately."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from tagway.clock import now
from tagway.core.wording import counted
from tagway.store.feed import Feed
from tagway.store.persons import Person
from tagway.store.window import Window
from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from tagway_tui import keymap
from tagway_tui.clock import lately
from tagway_tui.index import Everything
from tagway_tui.marks import ANONYMOUS, KNOWN, Row, fit
from tagway_tui.rows import hue
from tagway_tui.screens.answer import AnswerPlace
from tagway_tui.widgets.bars import Bar, Hint
from tagway_tui.widgets.lines import Lines
from tagway_tui.widgets.table import Table


class People(AnswerPlace):
    """A line to search with, and who was found."""

    NAME = "people"
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("people")
    HINTS = (
        Hint("people.search", "Search", "search"),
        Hint("list.choose", "Open", "choose"),
        Hint("people.why", "Why", "why"),
    )
    DEFAULT_CSS = """
    People Input { height: 1; border: none; padding: 0 1; background: $panel; }
    """

    wanted = ""
    """What is searched for."""
    # What the list was searched for, in a store that was not folded again and has forgotten nobody since.
    _told = ""
    _of: Everything | None = None
    _held = False

    def body(self) -> Iterable[Widget]:
        """The line, and the list."""
        yield Input(
            id="search", compact=True, placeholder="/ searches: email, phone, customer, browser, cart or order id"
        )
        yield Bar(id="heading")
        yield Table(self._row, lambda one: one.profile_id, id="table")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(Table).focus()

    def ask(self, feed: Feed, window: Window, now: int) -> Any:
        """Who is found."""
        del feed, now
        text = self.wanted
        return text, window.people(text)

    def tell(self, answer: Any) -> None:
        """Fill the list, unless somebody reads in it; ask again when the text has changed meanwhile."""
        text, people = answer
        table = self.query_one(Table)
        same = text == self._told and self._of is self.tagway.everything
        self._held = same and table.cursor > 0
        if self._held:
            table.refresh()
        else:
            self._told, self._of = text, self.tagway.everything
            table.fill(people)
        names = f"{fit('WHO', 26)} {fit('REACHABLE', 10)} {fit('IDS', 4)} {fit('LAST SEEN', 10)} ALSO"
        self.query_one("#heading", Bar).set([(names, "dim")])
        if text != self.wanted:
            self.ask_now()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.wanted = event.value
        self.ask_now()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.query_one(Table).focus()

    def count(self) -> str:
        """How many are shown, and what they have in common."""
        if self.answer is None:
            return ""
        text, people = self.answer
        return f"{counted(len(people), 'person', 'people')} {'found' if text.strip() else 'seen lately'}"

    def list_state(self) -> tuple[str, int]:
        """HELD while the cursor is not on the first row: who was seen since does not move the others."""
        return ("HELD" if self._held else "LIVE"), 0

    @on(Lines.Moved, "#table")
    def _moved(self) -> None:
        if self._held and self.query_one(Table).cursor == 0:
            self.ask_now()

    def leave(self) -> bool:
        """From the line to the list."""
        line = self.query_one(Input)
        if not line.has_focus:
            return False
        self.query_one(Table).focus()
        return True

    def _row(self, one: Person, width: int) -> Row:
        shown = self.tagway.mask.shown
        known = one.user_id or one.email or one.phone
        name = one.email or one.user_id or one.phone or one.anonymous_id or one.profile_id
        others = [one.user_id, one.phone, one.anonymous_id]
        more = ", ".join(shown(other) for other in others if other and other != name)
        glyph = KNOWN if known else ANONYMOUS
        return [
            (fit(f"{glyph} {shown(name)}", 26) + " ", hue(one.profile_id) if known else "dim"),
            (fit("yes" if one.reachable_at is not None else "no", 10) + " ", "ok" if one.reachable_at else "dim"),
            (f"{one.aliases:<4} ", ""),
            (f"{lately(one.last_seen, now()):<10} ", "dim"),
            (fit(more, max(0, width - 54)), "dim"),
        ]

    @on(Lines.Chosen)
    def _chosen(self) -> None:
        one: Person | None = self.query_one(Table).current()
        if one is not None:
            self.tagway.show_person(one.profile_id)

    def action_choose(self) -> None:
        """Open the person."""
        self._chosen()

    def action_search(self) -> None:
        """Type an identifier."""
        self.query_one(Input).focus()

    def action_why(self) -> None:
        """Why this person can be reached, or not."""
        one: Person | None = self.query_one(Table).current()
        if one is not None:
            self.tagway.why_person(one.profile_id)
