"""The app: one tail worker looks at the folder, the place in front draws what it sees, at most ten times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tagway.errors import TagwayError
from tagway.store.feed import Feed
from tagway.store.window import Refusal, Window
from textual import work
from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from tagway_tui import keymap
from tagway_tui.gate import TerminalGate
from tagway_tui.index import Everything, Matches
from tagway_tui.marks import Glyphs
from tagway_tui.masks import Mask
from tagway_tui.presence import is_running
from tagway_tui.rows import Painter
from tagway_tui.screens.help import Help
from tagway_tui.screens.live import Live
from tagway_tui.screens.place import Place
from tagway_tui.tail import Snapshot, Tail

_FRAME = 0.1
# A frame that took longer than this is followed by a longer pause.
_SLOW = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the screen was started."""

    folder: Path
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
    SCREENS: ClassVar[dict[str, Callable[[], Screen[Any]]]] = {"live": Live}

    @dataclass
    class Looked(Message):
        """The tail worker looked at the folder."""

        seen: Snapshot

    def __init__(self, options: Options, *, running: Callable[[Path], bool] = is_running) -> None:
        super().__init__()
        self.options = options
        self.folder, self.read_only = options.folder, options.read_only
        self.mask = Mask()
        self.glyphs = Glyphs(ascii=options.ascii)
        self.painter = Painter(self.mask, self.glyphs)
        self.seen = Snapshot(running=True)
        self.everything = Everything()
        self.matches: Matches | None = None
        self.refusals: dict[int, Refusal] = {}
        self.window: Window | None = None
        self.feed: Feed | None = None
        self._tail = Tail(options.folder, running)
        self._drawn = threading.Event()
        self._took = 0.0
        if options.theme:
            self.theme = options.theme
        if options.keys:
            self.set_keymap(options.keys)

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's, and the gate as the last."""
        return [*super().get_line_filters(), TerminalGate()]

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
        return f"{total:,} events" if self.matches is None else f"{len(self.matches):,} of {total:,}"

    # The tail.

    @work(thread=True, group="tail", exit_on_error=False)
    def watch_folder(self) -> None:
        """Look at the folder until the screen ends; one look waits until the one before is drawn."""
        worker = get_current_worker()
        while not worker.is_cancelled:
            try:
                seen = self._tail.look(time.monotonic(), time.time_ns() // 1_000)
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
        """Go to a place."""
        if place in self.SCREENS:
            self.switch_screen(place)

    def action_leave(self) -> None:
        """Back by one step; from the live list: leave."""
        place = self.screen
        if isinstance(place, Live):
            if not place.action_leave():
                self.exit()
        elif isinstance(place, Place):
            self.switch_screen("live")
        else:
            place.dismiss()

    def action_help(self) -> None:
        """The keys that work here."""
        self.push_screen(Help(dict(self.screen.active_bindings), self.glyphs))

    def action_reveal(self) -> None:
        """Show person data, or mask it again."""
        self.mask.revealed = not self.mask.revealed
        self.refresh(layout=True)
        if isinstance(self.screen, Place):
            self.screen.frame()
            self.screen.draw_bars()
