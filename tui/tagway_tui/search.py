"""The filter of the live list, and the way from one row to another: asked by workers, so that typing never waits.

A worker goes through the store in slices, the newest first: the first matches show at once, older ones come in
before them, and what is recorded meanwhile is added by the tail. A newer question ends an older one, in the middle of
a slice if need be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from tagway.clock import now
from tagway.core.query import QueryError, ages
from tagway.core.wording import counted
from tagway.errors import TagwayError
from tagway.store.window import Match, Window
from textual.worker import get_current_worker

from tagway_tui.index import Everything, Matches
from tagway_tui.tail import Snapshot, Watch

if TYPE_CHECKING:
    from tagway_tui.app import TagwayApp

_T = TypeVar("_T")
Find = Callable[[Window, str], int | None]
"""The nearest row of a sort, among those that a filter finds."""

# What has an age is looked at so often (seconds).
_TICK: Final = 1.0
# So many events are looked at first; then more or less, so that a slice takes between these times (seconds).
_SLICE: Final = 5_000
_SHORT, _LONG = 0.1, 0.3


class Search:
    """What is typed, whether it is on, and what it has found so far."""

    def __init__(self, app: TagwayApp) -> None:
        """No filter yet."""
        self._app = app
        self.text, self.off, self.running = "", False, False
        self.found: Matches | None = None
        self._turn = 0
        self._older_at = 0.0

    @property
    def active(self) -> str:
        """The filter that holds now; empty when there is none, or when it is off."""
        return "" if self.off else self.text.strip()

    def count(self, everything: Everything) -> str:
        """An honest count: what is shown, of all that is stored."""
        total = max(0, everything.last - everything.first + 1)
        if self.found is None:
            off = "filter off, " if self.off else "searching " if self.running else ""
            return off + counted(total, "event")
        return f"{len(self.found):,} {'so far, ' if self.running else ''}of {total:,}"

    def apply(self, text: str) -> None:
        """Show what a filter finds; everything for an empty one."""
        if text.strip() != self.active:
            self.text, self.off = text, False
            self._begin()
        self.text = text

    def toggle(self) -> None:
        """The filter off, or on again."""
        if not self.text.strip():
            self._app.say("there is no filter; / makes one")
            return
        self.off = not self.off
        self._begin()

    def again(self) -> None:
        """From the start: the store is another one."""
        if self.active:
            self._begin()

    def take(self, seen: Snapshot) -> None:
        """Add what the tail found."""
        if self.found is not None and seen.matches and seen.turn == self._turn:
            self.found.newer(seen.matches, now())

    def grow_older(self) -> bool:
        """Let time change what the filter finds, about once a second; whether it did."""
        began = time.monotonic()
        if self.found is None or began < self._older_at:
            return False
        changed = self.found.grow_older(now())
        # A million matches of an age take a while to look through: no more than a twentieth of the time.
        self._older_at = time.monotonic() + max(_TICK, 20 * (time.monotonic() - began))
        return changed

    def jump(self, find: Find, otherwise: str) -> None:
        """Go to the row that `find` finds among those shown, or say `otherwise`."""
        text = self.active

        def nearest() -> None:
            try:
                found = self._ask(lambda window: find(window, text))
            except QueryError as error:
                self._app.call_from_thread(self._app.say, error.message, severity="warning")
                return
            if not get_current_worker().is_cancelled:
                self._app.call_from_thread(self._app.ways.to_found, found, otherwise)

        self._run(nearest, "jump")

    def _begin(self) -> None:
        self._turn += 1
        self.running = bool(self.active)
        if self.running:
            turn, text = self._turn, self.active
            self._run(lambda: self._ask(lambda window: self._slices(window, turn, text)), "search")
        else:
            self._app.workers.cancel_group(self._app, "search")
            self.found = None
            self._app.watch_for(Watch(turn=self._turn))
            self._app.redraw()

    def _run(self, work: Callable[[], object], group: str) -> None:
        self._app.run_worker(work, thread=True, group=group, exclusive=True, exit_on_error=False)

    def _ask(self, ask: Callable[[Window], _T]) -> _T | None:
        """Ask a reader of this thread's own; None where there is no store, or when nobody waits for it any more."""
        worker = get_current_worker()
        try:
            window = Window(self._app.folder)
        except TagwayError:
            return None
        window.cancel_when(lambda: worker.is_cancelled)
        try:
            return ask(window)
        except TagwayError:
            return None
        finally:
            window.close()

    def _slices(self, window: Window, turn: int, text: str) -> None:
        worker = get_current_worker()
        first, last = window.reach()
        high, size, at = last, _SLICE, now()
        while True:
            low, began = max(first - 1, high - size), time.monotonic()
            found = window.matching(text, now=at, after=low, upto=high)
            took = time.monotonic() - began
            size = size * 2 if took < _SHORT else max(_SLICE, size // 2) if took > _LONG else size
            if worker.is_cancelled:
                return
            watch = Watch(turn=turn, text=text, after=last)
            self._app.call_from_thread(self._older, watch, found, newest=high == last, done=low < first)
            if low < first:
                return
            high = low

    def _older(self, watch: Watch, found: Sequence[Match], *, newest: bool, done: bool) -> None:
        """One more slice: before what was found so far; the newest one begins anew, and the tail goes on after it."""
        if watch.turn != self._turn:
            return
        if newest:
            self.found = Matches(ages(watch.text))
            self._app.watch_for(watch)
        if self.found is not None:
            self.found.older(found, now())
        self.running = not done
        self._app.redraw()
