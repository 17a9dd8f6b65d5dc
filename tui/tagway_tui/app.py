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
from tagway.clock import now
from tagway.config import Config
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
from tagway_tui.clipboard import Clipboard
from tagway_tui.gate import TerminalGate
from tagway_tui.index import Everything
from tagway_tui.masks import Mask
from tagway_tui.presence import Presence, presence
from tagway_tui.rows import Painter
from tagway_tui.screens.carts import Carts
from tagway_tui.screens.health import Health
from tagway_tui.screens.help import Help
from tagway_tui.screens.live import Live
from tagway_tui.screens.merges import Merges
from tagway_tui.screens.overlay import Overlay
from tagway_tui.screens.people import People
from tagway_tui.screens.person import Person
from tagway_tui.screens.place import Place
from tagway_tui.screens.session import Session
from tagway_tui.screens.violations import Violations
from tagway_tui.screens.why import Why
from tagway_tui.search import Search
from tagway_tui.tail import Snapshot, Tail, Watch
from tagway_tui.ways import Ways

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
        self.folder, self.read_only, self.config = options.folder, options.read_only, options.config
        self.mask = Mask()
        self.painter = Painter(self.mask)
        self.seen = Snapshot(presence=look(options.folder))
        self.everything = Everything()
        self.refusals: dict[int, Refusal] = {}
        self.search = Search(self)
        self.copying = Clipboard(self)
        self.ways = Ways(self)
        self.window: Window | None = None
        self.feed: Feed | None = None
        self.frames = 0
        """How many frames were drawn."""
        self._names: Sequence[str] = ()
        self._rules: Sequence[str] = ()
        self._session = Session()
        self._tail = Tail(options.folder, look)
        self._drawn = threading.Event()
        self._took = 0.0
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

    # The tail.

    @work(thread=True, group="tail", exit_on_error=False)
    def watch_folder(self) -> None:
        """Look at the folder until the screen ends; one look waits until the one before is drawn."""
        worker = get_current_worker()
        while not worker.is_cancelled:
            try:
                seen = self._tail.look(time.monotonic(), now())
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
        aged = self._take(seen)
        place = self.screen
        if isinstance(place, Place):
            if seen.changed or seen.readable != before.readable or aged:
                place.frame()
            place.draw_bars()
        self._took = time.perf_counter() - began
        self.frames += 1
        self._drawn.set()

    def _take(self, seen: Snapshot) -> bool:
        """Take what is new; whether time alone changed what the live list shows."""
        if seen.restarted:
            self.everything, self.refusals = Everything(), {}
            self.search.again()
        self.everything.first, self.everything.last = seen.first, seen.last
        if seen.refusals:
            self.everything.refuse((one.request, one.after_event) for one in seen.refusals)
            self.refusals.update((one.request, one) for one in seen.refusals)
        self.search.take(seen)
        # Whoever reads in the list keeps the rows that are there.
        return self.ways.live.follows and self.search.grow_older()

    def watch_for(self, watch: Watch) -> None:
        """What the tail is to hold new events against."""
        self._tail.watch = watch

    def redraw(self) -> None:
        """Draw the place in front, and the live list below it, outside of the tail's frames."""
        for place in self.screen_stack:
            if isinstance(place, Place):
                place.frame()
                place.draw_bars()

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

    # What a filter can be completed with.

    @work(thread=True, group="names", exclusive=True, exit_on_error=False)
    def learn_names(self) -> None:
        """Learn the names of the taxonomy, once, and the rules that are broken, for completion."""
        self._names = self._names or catalogue.event_names()
        try:
            window = Window(self.folder)
        except TagwayError:
            return
        self._rules = window.rules()
        window.close()
        self.call_from_thread(self.ways.live.prompt.judge)

    def known_values(self) -> dict[str, Sequence[str]]:
        """What a filter can be completed with, by field."""
        return {"name": self._names, "source": sorted(self.seen.sources), "rule": self._rules}

    # A sample, for a gateway that has seen nothing.

    @work(thread=True, group="sample", exclusive=True, exit_on_error=False)
    def send_sample(self) -> None:
        """Send a sample journey to the gateway on this machine."""
        to = self.sample_address()
        if self.read_only or to is None:
            said = "read-only: nothing is sent" if self.read_only else "no gateway here takes a sample"
            self.call_from_thread(self.say, said, severity="warning")
            return
        try:
            sample.send(to, now())
        except TagwayError as error:
            self.call_from_thread(self.say, error.message, severity="warning")
        else:
            self.call_from_thread(self.say, f"sent a sample journey to {to.url}")

    def sample_address(self) -> sample.Address | None:
        """Where a sample can be sent: to the gateway that runs here, if it takes one."""
        return sample.address(self.config, self.seen.presence.url if self.seen.presence.gateway else "")

    # Answers and people.

    def why_event(self, seq: int) -> None:
        """Why an event is as it is."""
        self._ask_why(lambda feed: reasons.why_event(feed, seq))

    def why_person(self, profile_id: str) -> None:
        """Why a person can be reached, or not."""
        self._ask_why(lambda feed: reasons.why_person(feed, profile_id))

    def why_cart(self, cart_id: str, since: int) -> None:
        """Why a cart is where it is, and how many of those since a time (microseconds) are there too."""
        self._ask_why(lambda feed: reasons.why_cart(feed, cart_id, since))

    @work(thread=True, group="why", exclusive=True, exit_on_error=False)
    def _ask_why(self, ask: Callable[[Feed], reasons.Reason | None]) -> None:
        """Ask with a reader of this thread's own: a cart's cause is counted over all carts."""
        try:
            with Feed(self.folder) as feed:
                reason = ask(feed)
        except TagwayError as error:
            self.call_from_thread(self.say, error.message, severity="warning")
            return
        if not get_current_worker().is_cancelled:
            self.call_from_thread(self._tell_why, reason)

    def _tell_why(self, reason: reasons.Reason | None) -> None:
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
        self.ways.to_place(place)

    def action_leave(self) -> None:
        """Back by one step; from the live list: leave."""
        if not self.ways.back():
            self.exit()

    def action_close(self) -> None:
        """Back by one step, as long as there is one."""
        self.ways.back()

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
            if isinstance(screen, (Place, Overlay)):
                screen.remask()
