"""The line to type in: a filter or a text to find. Red or green while typing; Tab takes the first completion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from tagway.core.query import QueryError, completions, last_word, parse
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from tagway_tui import keymap
from tagway_tui.marks import Row
from tagway_tui.widgets.bars import Bar

Kind = Literal["filter", "find"]
_EXAMPLE: Final = 'src:web  event:"Added to Cart"  status:bad  who:ana@  price>100  age<5m  -test'
# The cells before the line: its name, and the blank at the bar's edge that the line has not.
_NAMED: Final = 8


class Prompt(Vertical):
    """Hidden until it is opened; a filter stays in view for as long as there is one."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("prompt")
    DEFAULT_CSS = """
    Prompt { height: 2; display: none; background: $panel; }
    Prompt.-open { display: block; }
    Prompt #prompt-name { width: 9; }
    Prompt Horizontal { height: 1; }
    Prompt Input { height: 1; border: none; padding: 0; background: $panel; }
    Prompt.-good Input { color: $text-success; }
    Prompt.-bad Input { color: $text-error; text-style: underline; }
    """

    @dataclass
    class Changed(Message):
        """The text changed to something that can be used."""

        kind: Kind
        text: str

    @dataclass
    class Closed(Message):
        """Done with typing; `kept` is False when the text was given up."""

        kind: Kind
        text: str

    def __init__(
        self,
        known: Callable[[], dict[str, Sequence[str]]],
        shown: Callable[[str], str],
        *,
        id: str | None = None,  # noqa: A002 - as Textual calls it
    ) -> None:
        """`known` gives values for completion, by field; `shown` makes foreign text fit for the screen."""
        super().__init__(id=id)
        self.kind: Kind = "filter"
        self._known, self._shown = known, shown
        self._completions: list[str] = []

    def compose(self) -> ComposeResult:
        """A name and the line, and below what is wrong with it or how it may go on."""
        yield Horizontal(Bar(id="prompt-name"), Input(id="prompt-line", compact=True))
        yield Bar(id="prompt-says")

    def open(self, kind: Kind, text: str) -> None:
        """Type a filter or a text to find, beginning with `text`."""
        self.kind = kind
        self.add_class("-open")
        self.query_one("#prompt-name", Bar).set([("Filter:" if kind == "filter" else "Find:", "title")])
        line = self.query_one(Input)
        line.value = text
        line.cursor_position = len(text)
        line.focus()
        self.judge()

    def close(self) -> None:
        """Hide it."""
        self.remove_class("-open")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.judge():
            self.post_message(self.Changed(self.kind, event.value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Closed(self.kind, event.value))

    def action_done(self) -> None:
        """Leave the line; the text stays in use."""
        self.post_message(self.Closed(self.kind, self.query_one(Input).value))

    def action_complete(self) -> None:
        """Take the first completion."""
        if self._completions:
            line = self.query_one(Input)
            line.value = self._completions[0]
            line.cursor_position = len(line.value)

    def judge(self) -> bool:
        """Show whether the text can be used, and how it may go on."""
        text = self.query_one(Input).value
        good, says = self._filter_says(text) if self.kind == "filter" else (True, [("n next  N previous", "dim")])
        self.set_class(good and bool(text), "-good")
        self.set_class(not good, "-bad")
        self.query_one("#prompt-says", Bar).set(says)
        return good

    def _filter_says(self, text: str) -> tuple[bool, Row]:
        """Whether a filter can be read; how it may go on, or else what is wrong with it."""
        fault: QueryError | None = None
        try:
            parse(text)
        except QueryError as error:
            fault = error
        self._completions = completions(text, self._known())
        if self._completions:
            more = "   ".join(self._shown(one[last_word(text) :]) for one in self._completions[:8])
            return fault is None, [("Tab ", "title"), (more, "dim")]
        if fault is not None:
            # Under the fault where there is room for the words behind it.
            room = self.query_one("#prompt-says", Bar).room - len(fault.message) - 2
            blank = " " * max(0, min(fault.position + _NAMED, room))
            return False, [(f"{blank}^ {self._shown(fault.message)}", "bad")]
        return True, [] if text else [(_EXAMPLE, "dim")]
