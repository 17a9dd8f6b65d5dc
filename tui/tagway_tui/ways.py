"""Ways between the places: by a number key, or led from one thing to another, and then back to where it began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen

from tagway_tui.screens.live import Live
from tagway_tui.screens.person import Person
from tagway_tui.screens.place import Place
from tagway_tui.screens.session import Session

if TYPE_CHECKING:
    from tagway_tui.app import TagwayApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A place by its name, with the person or the session that lay over it."""

    place: str
    profile_id: str = ""
    session: bool = False

    @classmethod
    def of(cls, stack: Sequence[Screen[Any]]) -> Origin | None:
        """What is in front; None for the live list itself."""
        places = [one for one in stack if isinstance(one, Place)]
        if not places or isinstance(places[-1], Live):
            return None
        over = places[-1]
        return cls(
            place=places[0].NAME,
            profile_id=over.profile_id if isinstance(over, Person) else "",
            session=isinstance(over, Session),
        )


class Ways:
    """Goes to places, and remembers from where another place led to the live list."""

    def __init__(self, app: TagwayApp) -> None:
        """Nothing has led anywhere yet."""
        self._app = app
        self._trail: list[Origin] = []

    @property
    def led(self) -> bool:
        """Whether another place led to the live list."""
        return bool(self._trail)

    @property
    def live(self) -> Live:
        """The live list's place."""
        return cast("Live", self._app.get_screen("live"))

    def to_place(self, name: str) -> None:
        """To a place, whatever lies over this one; there is no way back."""
        self._trail.clear()
        self._go(name)

    def to_event(self, seq: int, tab: str = "") -> None:
        """To an event in the live list, with its detail, even if the filter hides it."""
        self._lead_to_live()
        search = self._app.search
        if search.found is not None and not search.found.holds(seq):
            search.toggle()
            self._app.say("filter off, to show this event; ! for on")
        self.live.lead(seq, tab)

    def to_matches(self, text: str) -> None:
        """To the live list, with a filter."""
        self._lead_to_live()
        self._app.search.apply(text)

    def to_found(self, key: int | None, otherwise: str) -> None:
        """To a row of the live list that was looked for, or say `otherwise`."""
        if key is None:
            self._app.say(otherwise)
        else:
            self.live.events.go_to(key)

    def back(self) -> bool:
        """Back by one step; False on the live list, when nothing led there."""
        here = self._app.screen
        if isinstance(here, Place) and here.leave():
            return True
        if isinstance(here, Live):
            return self._retrace()
        if isinstance(here, Place) and here.NAME in self._app.SCREENS:
            self._go("live")
        else:
            self._app.pop_screen()
        return True

    def _lead_to_live(self) -> None:
        origin = Origin.of(self._app.screen_stack)
        if origin is not None:
            self._trail.append(origin)
        self._go("live")

    def _retrace(self) -> bool:
        if not self._trail:
            return False
        origin = self._trail.pop()
        self.live.close_detail()
        self._go(origin.place)
        if origin.profile_id:
            self._app.show_person(origin.profile_id)
        elif origin.session:
            self._app.show_session()
        return True

    def _go(self, name: str) -> None:
        while not isinstance(self._app.screen, Place) or self._app.screen.NAME not in self._app.SCREENS:
            self._app.pop_screen()
        if self._app.screen is not self._app.get_screen(name):
            self._app.switch_screen(name)
