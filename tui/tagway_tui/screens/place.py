"""What every place has: the state bar, the bar of places, its own body, and hints for its keys."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from tagway_tui.header import places_row, state_row
from tagway_tui.widgets.bars import Bar, Hint, hints

if TYPE_CHECKING:
    from tagway_tui.app import TagwayApp

HELP: Final = Hint("app.help", "Help", "app.help")


class Place(Screen[None]):
    """One of the places that a number key goes to."""

    NAME: ClassVar[str] = ""
    HINTS: ClassVar[tuple[Hint, ...]] = ()
    _hinted: object = None

    @property
    def tagway(self) -> TagwayApp:
        """The app, as what it is."""
        return cast("TagwayApp", self.app)

    def compose(self) -> ComposeResult:
        """Bars around the body."""
        yield Bar(id="state")
        yield Bar(id="places")
        yield from self.body()
        yield Bar(id="hints")

    @abstractmethod
    def body(self) -> Iterable[Widget]:
        """The widgets between the bars."""

    def frame(self) -> None:
        """The store changed, or a second passed: show it."""

    def count(self) -> str:
        """What is counted here, for the end of the bar of places."""
        return ""

    def list_state(self) -> tuple[str, int]:
        """LIVE; of the live list FOLLOW, HELD or PAUSED, and how many rows came since."""
        return "LIVE", 0

    def hints(self) -> tuple[Hint, ...]:
        """The keys worth knowing here, now."""
        return self.HINTS

    def way_out(self) -> str:
        """What `q` does here, now."""
        return "Back"

    def leave(self) -> bool:
        """Leave what is open inside; False when there is nothing, so that the place itself is left."""
        return False

    def remask(self) -> None:
        """Person data was revealed or masked: draw everything anew."""
        self.frame()
        self.draw_bars()

    def draw_bars(self) -> None:
        """Draw the bars anew; cheap when nothing changed."""
        if not self.query("#hints"):
            return
        width = self.size.width - 2
        state = self.query_one("#state", Bar)
        state.set(state_row(self.tagway, *self.list_state(), width))
        places = self.query_one("#places", Bar)
        places.set(*places_row(self.NAME, self.count(), width))
        # Asking for all active bindings is dear, so only when they may be others.
        wanted = (*self.hints(), HELP, Hint("app.back", self.way_out(), "app.leave"))
        about = (width, self.focused, wanted)
        if about != self._hinted:
            self._hinted = about
            self.query_one("#hints", Bar).set(*hints(wanted, self.active_bindings, width))

    def on_screen_resume(self) -> None:
        """Shown again: catch up."""
        self.frame()
        self.draw_bars()

    def on_resize(self) -> None:
        """The bars know their width only now."""
        self.call_after_refresh(self.draw_bars)
