"""What lies over a place: a box with a document in it. Esc closes it, Enter may lead on."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tagway_tui import keymap
from tagway_tui.documents import Text
from tagway_tui.marks import Row
from tagway_tui.widgets.bars import Bar, Hint, hints
from tagway_tui.widgets.detail import DocumentView
from tagway_tui.widgets.lines import Lines

if TYPE_CHECKING:
    from tagway_tui.app import TagwayApp


class Overlay(ModalScreen[None]):
    """Rows in a box; `leads` has, by row, the event to go to with Enter."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("overlay")
    HINTS: ClassVar[tuple[Hint, ...]] = (Hint("overlay.close", "Close", "app.leave"),)
    DEFAULT_CSS = """
    Overlay { align: center middle; }
    Overlay > Vertical {
        width: 96; max-width: 100%; height: 80%; max-height: 100%; border: round $primary; background: $surface;
    }
    """

    @property
    def tagway(self) -> TagwayApp:
        """The app, as what it is."""
        return cast("TagwayApp", self.app)

    def compose(self) -> ComposeResult:
        """A document, and the keys below it."""
        yield Vertical(DocumentView(id="overlay"), Bar(id="overlay-hints"))

    def on_mount(self) -> None:
        """Show the rows, at the width that there is."""
        self.query_one(DocumentView).focus()
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Wrap anew."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw rows and hints."""
        view = self.query_one(DocumentView)
        rows, self._leads = self.rows(max(20, view.room))
        at = view.cursor
        view.show(Text(rows))
        view.move(at)
        self.query_one("#overlay-hints", Bar).set(*hints(self.HINTS, self.active_bindings, max(0, view.room)))

    def remask(self) -> None:
        """Person data was revealed or masked."""
        self.draw()

    @abstractmethod
    def rows(self, width: int) -> tuple[list[Row], dict[int, int]]:
        """The rows for a width, and the events that rows lead to."""

    @on(Lines.Chosen)
    def _chosen(self, event: Lines.Chosen) -> None:
        event.stop()
        seq = self._leads.get(self.query_one(DocumentView).cursor)
        if seq is not None:
            self.dismiss()
            self.tagway.ways.to_event(seq)
