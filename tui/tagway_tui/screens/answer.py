"""Places that show an answer: asked by a worker, with readers of its own, so that a long question holds up nothing."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any

from tagway.clock import now
from tagway.errors import TagwayError
from tagway.store.feed import Feed
from tagway.store.window import Window
from textual import work
from textual.worker import get_current_worker

from tagway_tui.marks import Row
from tagway_tui.screens.place import Place

# Asked again at most so often (seconds), and never more than a fifth of the time.
_EVERY = 1.0


class AnswerPlace(Place):
    """Asks again while the store changes; a subclass says what, and shows it."""

    _asking = False
    _asked_at = 0.0
    _took = 0.0
    answer: Any = None

    @abstractmethod
    def ask(self, feed: Feed, window: Window, now: int) -> Any:
        """The question, in a worker's thread. Raises `TagwayError`."""

    @abstractmethod
    def tell(self, answer: Any) -> None:
        """Show the answer."""

    def gone(self) -> None:
        """What was asked about is no longer stored: the answer is None."""

    def frame(self) -> None:
        """Ask when it is time to."""
        if not self._asking and time.monotonic() - self._asked_at > max(_EVERY, 4 * self._took):
            self.ask_now()

    def draw_bars(self) -> None:
        """The bars; and what changed since the last answer is asked for when it is time to."""
        super().draw_bars()
        if self.is_current and self._stale():
            self.frame()

    def remask(self) -> None:
        """Tell the same answer again, masked or not."""
        if self.answer is not None:
            self.tell(self.answer)
        self.draw_bars()

    def on_resize(self) -> None:
        """Wrap the answer anew."""
        super().on_resize()
        self.call_after_refresh(self.remask)

    def on_screen_resume(self) -> None:
        """Ask at once; meanwhile the answer of before, masked as it is now."""
        self.ask_now()
        self.remask()

    def ask_now(self) -> None:
        """Ask, unless a question is under way."""
        if not self._asking:
            self._asking, self._asked_at, self._asked_of = True, time.monotonic(), self.tagway.seen.version
            self._ask()

    _asked_of = -1

    def _stale(self) -> bool:
        return self._asked_of != self.tagway.seen.version

    @work(thread=True, group="answer", exit_on_error=False)
    def _ask(self) -> None:
        began = time.monotonic()
        answer, told = None, False
        try:
            feed, window = Feed(self.tagway.folder), Window(self.tagway.folder)
            try:
                answer, told = self.ask(feed, window, now()), True
            finally:
                feed.close()
                window.close()
        except TagwayError:
            pass  # there is no store yet, or it is being replaced: the next frame asks again
        finally:
            if not get_current_worker().is_cancelled:
                self.app.call_from_thread(self._answered, answer, told, time.monotonic() - began)

    def _answered(self, answer: Any, told: bool, took: float) -> None:
        self._asking, self._took = False, took
        if told and self.is_mounted:
            self.answer = answer
            self.gone() if answer is None else self.tell(answer)
            super().draw_bars()

    def said(self, text: str, style: str = "dim") -> list[Row]:
        """One row of our own words."""
        return [[(text, style)]]
