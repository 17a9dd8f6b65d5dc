"""The app: one tail worker looks at the folder, the place in front draws what it sees, at most ten times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from tagway import catalogue
from tagway.answers import reasons
from tagway.config import Config
from tagway.core.query import QueryError
from tagway.errors import TagwayError
from tagway.store.feed import Feed
from tagway.store.window import Refusal, Window
from textual import work
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from tagway_tui import keymap, sample
from tagway_tui.copies import as_ascii, as_curl, as_json
from tagway_tui.gate import TerminalGate
from tagway_tui.index import Everything, Matches
from tagway_tui.masks import Mask
from tagway_tui.presence import Presence, presence
from tagway_tui.rows import Painter
from tagway_tui.screens.carts import Carts
from tagway_tui.screens.health import Health
from tagway_tui.screens.help import Help
from tagway_tui.screens.live import Live
from tagway_tui.screens.merges import Merges
from tagway_tui.screens.people import People
from tagway_tui.screens.person import Person
from tagway_tui.screens.place import Place
from tagway_tui.screens.session import Session
from tagway_tui.screens.violations import Violations
from tagway_tui.screens.why import Why
from tagway_tui.tail import Snapshot, Tail

_FRAME = 0.1
# A frame that took longer than this is followed by a longer pause.
_SLOW = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the screen was started."""

    folder: Path
    config: Config = field(default_factory=Config)
    ascii: bool = False
    read_only: bool = False
    keys: dict[str, str] | None = None
    theme: str = ""
    frame: float = _FRAME


class TagwayApp(App[None]):
    """The screen on one data folder."""

    TITLE = "tagway"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [(0, "-narrow"), (100, "-normal"), (140, "-wide")]  # type: ignore[misc]  # Textual declares it without ClassVar
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("app")
    SCREENS: ClassVar[dict[str, Callable[[], Screen[Any]]]] = {
        "live": Live,
        "merges": Merges,
        "people": People,
        "violations": Violations,
        "carts": Carts,
        "health": Health,
    }

    @dataclass
    class Looked(Message):
        """The tail worker looked at the folder."""

        seen: Snapshot

    def __init__(self, options: Options, *, look: Callable[[Path], Presence] = presence) -> None:
        self._gate = TerminalGate(ascii=options.ascii)
        super().__init__()
        self.options = options
        self.filter_text, self.filter_off, self.searching = "", False, False
        self._names: Sequence[str] = ()
        self._session = Session()
        self.folder, self.read_only, self.config = options.folder, options.read_only, options.config
        self.mask = Mask()
        self.painter = Painter(self.mask)
        self.seen = Snapshot(presence=look(options.folder))
        self.everything = Everything()
        self.matches: Matches | None = None
        self.refusals: dict[int, Refusal] = {}
        self.window: Window | None = None
        self.feed: Feed | None = None
        self._tail = Tail(options.folder, look)
        self._drawn = threading.Event()
        self._took = 0.0
        self.frames = 0
        """How many frames were drawn."""
        if options.theme:
            self.theme = options.theme
        if options.keys:
            self.set_keymap(options.keys)

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's, and the gate as the last."""
        return [*super().get_line_filters(), self._gate]

    def on_mount(self) -> None:
        """Go to the live list and begin to look."""
        self.push_screen("live")
        self.watch_folder()

    @property
    def index(self) -> Everything | Matches:
        """The rows of the live list: all, or what the filter found."""
        return self.everything if self.matches is None else self.matches

    def counted(self) -> str:
        """An honest count: what is shown, of all that is stored."""
        total = max(0, self.everything.last - self.everything.first + 1)
        off = "filter off, " if self.filter_off else "searching " if self.searching else ""
        return f"{off}{total:,} events" if self.matches is None else f"{len(self.matches):,} of {total:,}"

    # The tail.

    @work(thread=True, group="tail", exit_on_error=False)
    def watch_folder(self) -> None:
        """Look at the folder until the screen ends; one look waits until the one before is drawn."""
        worker = get_current_worker()
        while not worker.is_cancelled:
            try:
                seen = self._tail.look(time.monotonic(), _now())
            except TagwayError:
                self._tail.close()
                time.sleep(self.options.frame)
                continue
            self._drawn.clear()
            self.post_message(self.Looked(seen))
            while not self._drawn.wait(0.1) and not worker.is_cancelled:
                pass
            time.sleep(self.options.frame * (2 if self._took > _SLOW else 1))
        self._tail.close()

    def on_tagway_app_looked(self, message: TagwayApp.Looked) -> None:
        """Draw what was seen."""
        if not self.screen_stack:  # it is being left
            return
        began = time.perf_counter()
        seen, before = message.seen, self.seen
        self.seen = seen
        if seen.readable and (seen.restarted or self.window is None):
            self._open_store()
        if seen.restarted:
            self.everything, self.refusals = Everything(), {}
        self._take(seen)
        place = self.screen
        if isinstance(place, Place):
            if seen.changed or seen.readable != before.readable:
                place.frame()
            place.draw_bars()
        self._took = time.perf_counter() - began
        self.frames += 1
        self._drawn.set()

    def _take(self, seen: Snapshot) -> None:
        self.everything.first, self.everything.last = seen.first, seen.last
        if seen.refusals:
            self.everything.refuse((one.request, one.after_event) for one in seen.refusals)
            self.refusals.update((one.request, one) for one in seen.refusals)
        if self.matches is not None and seen.matches:
            self.matches.seqs.extend(seen.matches)

    def _open_store(self) -> None:
        """Open the store for drawing: this thread's own view of it."""
        try:
            window, feed = Window(self.folder), Feed(self.folder)
        except TagwayError as error:
            self.say(error.message)
            return
        self._close_store()
        self.window, self.feed = window, feed
        live = self.get_screen("live")
        if isinstance(live, Live) and live.is_mounted:
            live.attach()

    def _close_store(self) -> None:
        for reader in (self.window, self.feed):
            if reader is not None:
                reader.close()

    def on_unmount(self) -> None:
        """Close what is open; the tail worker closes its own."""
        self._drawn.set()
        self._close_store()

    # The filter: over all that is stored, found by a worker so that typing never waits.

    def apply_filter(self, text: str) -> None:
        """Show what a filter finds; everything for an empty one."""
        self.filter_text, self.filter_off, self.searching = text, False, bool(text.strip())
        self._search(text.strip())

    def toggle_filter(self) -> None:
        """The filter off, or on again."""
        if not self.filter_text.strip():
            self.say("there is no filter; / makes one")
            return
        self.filter_off = not self.filter_off
        self._search("" if self.filter_off else self.filter_text.strip())

    @work(thread=True, group="search", exclusive=True, exit_on_error=False)
    def _search(self, text: str) -> None:
        worker = get_current_worker()
        found = self._matching(text) if text else None
        if not worker.is_cancelled:
            self.call_from_thread(self._found, text, found)

    def _matching(self, text: str) -> list[int]:
        try:
            window = Window(self.folder)
        except TagwayError:
            return []
        try:
            return window.matching(text, now=_now())
        except (TagwayError, QueryError) as error:
            self.call_from_thread(self.say, error.message, severity="warning")
            return []
        finally:
            window.close()

    def _found(self, text: str, found: list[int] | None) -> None:
        self.searching = False
        self.matches = Matches.of(found) if found is not None else None
        self._tail.search = (text, found[-1] if found else 0)
        if isinstance(self.screen, Place):
            self.screen.frame()
            self.screen.draw_bars()

    def nearest(self, text: str, seq: int, back: bool) -> int | None:
        """The nearest event that holds a text."""
        try:
            return self.window.nearest(text, seq, now=_now(), back=back) if self.window else None
        except QueryError as error:
            self.say(error.message, severity="warning")
            return None

    @work(thread=True, group="names", exclusive=True, exit_on_error=False)
    def learn_names(self) -> None:
        """Learn the names of the taxonomy, once, for completion."""
        if not self._names:
            self._names = catalogue.event_names()

    def known_values(self) -> dict[str, Sequence[str]]:
        """What a filter can be completed with, by field."""
        return {"name": self._names, "source": sorted(self.seen.sources)}

    # Copies.

    def copy(self, text: str, what: str) -> None:
        """Put text on the clipboard of the terminal; it is ASCII whatever was in it."""
        self.copy_to_clipboard(as_ascii(text))
        self.say(f"copied {what}")

    def copy_event(self, seq: int, form: str) -> None:
        """Copy an event as JSON, or its request as cURL."""
        event, request = (self.feed.event(seq), self.feed.request(seq)) if self.feed else (None, None)
        if form == "json" and event is not None:
            self.copy(as_json(event), "the event as JSON, not masked")
        elif request is not None and request.body is not None:
            url = (self.seen.presence.url or "http://127.0.0.1:8787") + request.path
            query = f"?{request.query}" if request.query else ""
            headers = {"content-type": "application/json", **(request.headers or {})}
            self.copy(as_curl(url + query, request.method, headers, request.body), "the request as cURL, not masked")
        else:
            self.say("the request is no longer in the log", severity="warning")

    # A sample, for a gateway that has seen nothing.

    @work(thread=True, group="sample", exclusive=True, exit_on_error=False)
    def send_sample(self) -> None:
        """Send a sample journey to the gateway on this machine."""
        to = sample.address(self.config, self.seen.presence.url if self.seen.presence.gateway else "")
        if self.read_only or to is None:
            said = "read-only: nothing is sent" if self.read_only else "no gateway here takes a sample"
            self.call_from_thread(self.say, said, severity="warning")
            return
        try:
            sample.send(to, _now())
        except TagwayError as error:
            self.call_from_thread(self.say, error.message, severity="warning")
        else:
            self.call_from_thread(self.say, f"sent a sample journey to {to.url}")

    def copy_sample(self) -> None:
        """Copy one call as a cURL command."""
        to = sample.address(self.config, self.seen.presence.url if self.seen.presence.gateway else "")
        if to is None:
            self.say("no gateway here takes a sample", severity="warning")
        else:
            self.copy(sample.curl(to, _now()), "a cURL command")

    # Answers and people.

    def why_event(self, seq: int) -> None:
        """Why an event is as it is."""
        self._why(reasons.why_event(self.feed, seq) if self.feed else None)

    def why_person(self, profile_id: str) -> None:
        """Why a person can be reached, or not."""
        self._why(reasons.why_person(self.feed, profile_id) if self.feed else None)

    def why_cart(self, cart_id: str) -> None:
        """Why a cart is where it is."""
        self._why(reasons.why_cart(self.feed, cart_id) if self.feed else None)

    def _why(self, reason: reasons.Reason | None) -> None:
        if reason is None:
            self.say("nothing is recorded of it any more", severity="warning")
        else:
            self.push_screen(Why(reason))

    def show_person(self, profile_id: str) -> None:
        """A person's timeline and identity."""
        self.push_screen(Person(profile_id))

    def show_session(self) -> None:
        """One paired browser against the plan."""
        self.push_screen(self._session)

    def go_to_event(self, seq: int) -> None:
        """Show an event in the live list, whatever lies over it."""
        self.go_live()
        live = self.get_screen("live")
        if isinstance(live, Live):
            if self.matches is not None and seq not in self.matches.seqs:
                self.toggle_filter()
            self.call_after_refresh(live.events.go_to, seq)

    def go_live(self) -> None:
        """To the live list, from wherever it is."""
        self.action_go("live")

    # Actions.

    def say(self, text: str, *, severity: str = "information") -> None:
        """A passing word; never markup."""
        self.notify(
            self.mask.shown(text),
            severity="warning" if severity == "warning" else "information",
            markup=False,
            timeout=3,
        )

    def action_go(self, place: str) -> None:
        """Go to a place, whatever lies over this one."""
        while not isinstance(self.screen, Place) or self.screen.NAME not in self.SCREENS:
            self.pop_screen()
        if self.screen is not self.get_screen(place):
            self.switch_screen(place)

    def action_leave(self) -> None:
        """Back by one step; from the live list: leave."""
        if not isinstance(self.screen, Live):
            self.action_close()
        elif not self.screen.leave():
            self.exit()

    def action_close(self) -> None:
        """Back by one step, as long as there is one."""
        here = self.screen
        if isinstance(here, Place) and (here.leave() or isinstance(here, Live)):
            return
        if isinstance(here, Place) and here.NAME in self.SCREENS:
            self.switch_screen("live")
        else:
            self.pop_screen()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: every key that works here by its words, and Textual's themes."""
        for command in super().get_system_commands(screen):
            if command.title == "Theme":
                yield command
        here = {one.binding.id for one in screen.active_bindings.values()}
        for key in keymap.KEYS:
            if f"{key.place}.{key.id}" in here and key.place not in ("list", "overlay", "prompt"):
                yield SystemCommand(key.label, key.help, partial(self._run_key, key, screen))

    def _run_key(self, key: keymap.Key, screen: Screen[Any]) -> None:
        namespace = self if key.place == "app" else screen.focused if key.place == "json" else screen
        self.run_worker(self.run_action(key.action, namespace or screen), exit_on_error=False)

    def action_help(self) -> None:
        """The keys that work here."""
        self.push_screen(Help(dict(self.screen.active_bindings)))

    def action_reveal(self) -> None:
        """Show person data, or mask it again."""
        self.mask.revealed = not self.mask.revealed
        for screen in self.screen_stack:
            if isinstance(screen, Place):
                screen.remask()


def _now() -> int:
    return time.time_ns() // 1_000
