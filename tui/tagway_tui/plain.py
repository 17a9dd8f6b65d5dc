"""Lines on standard output, without an escape sequence: for pipes, dumb terminals and screen readers.

The same rows as the live list, each state as a word. Data goes to standard output, what is said about it to
standard error; it ends with `--once`, at the end of its standard output, or when it is interrupted.
"""

from __future__ import annotations

import heapq
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

from tagway.clock import now
from tagway.errors import TagwayError
from tagway.store.window import Line, Refusal, Window

from tagway_tui.clock import full_time
from tagway_tui.marks import STATUS, WHO, in_ascii
from tagway_tui.masks import Mask
from tagway_tui.rows import Painter, status_of

_CHUNK: Final = 500


def follow(folder: Path, *, once: bool, reveal: bool = False, out: TextIO | None = None, wait: float = 0.1) -> None:
    """Print the rows of a folder as they come; with `once` those that are there. Raises `TagwayError`."""
    window = _opened(folder, once, wait)
    printer = _Printer(window, Painter(Mask(revealed=reveal)), out or sys.stdout)
    print(f"tagway: reading {folder}", file=sys.stderr, flush=True)
    try:
        while True:
            if window.changed():
                printer.print_new()
            if once:
                return
            time.sleep(wait)
    finally:
        window.close()


def _opened(folder: Path, once: bool, wait: float) -> Window:
    told = False
    while True:
        try:
            return Window(folder)
        except TagwayError:
            if once:
                raise
        if not told:
            print(f"tagway: waiting for the first event in {folder}", file=sys.stderr, flush=True)
            told = True
        time.sleep(wait)


class _Printer:
    """Prints what is new since the last time."""

    def __init__(self, window: Window, painter: Painter, out: TextIO) -> None:
        self._window, self._painter, self._out = window, painter, out
        self._ascii = not _can_print("⇄…○", out)
        self._seq = self._request = 0

    def print_new(self) -> None:
        """Events and refusals in the order of their arrival."""
        refusals = self._window.refusals(after=self._request)
        for _, _, text in heapq.merge(self._events(), self._refusals(refusals)):
            print(in_ascii(text) if self._ascii else text, file=self._out)
        self._out.flush()

    def _events(self) -> Iterator[tuple[int, int, str]]:
        first, last = self._window.reach()
        for start in range(max(first, self._seq + 1), last + 1, _CHUNK):
            lines = self._window.lines(range(start, min(last, start + _CHUNK - 1) + 1))
            for seq in sorted(lines):
                yield seq, 0, event_text(lines[seq], self._painter)
        self._seq = max(self._seq, last)

    def _refusals(self, refusals: Iterable[Refusal]) -> Iterator[tuple[int, int, str]]:
        for one in refusals:
            self._request = one.request
            yield one.after_event, one.request, refusal_text(one, self._painter)


def event_text(line: Line, painter: Painter) -> str:
    """One event as one line: time, status, event, source, who, note, with two blanks between."""
    glyph, who = painter.who(line)
    status, source = STATUS[status_of(line)].word, painter.mask.shown(line.source)
    known = f"{WHO[glyph]} {who}" if glyph in WHO else who
    parts = (full_time(line.received_at, now()), status, painter.name(line), source, known)
    return "  ".join((*parts, painter.note(line))).rstrip()


def refusal_text(refusal: Refusal, painter: Painter) -> str:
    """Refused requests as one line: time, `refused`, code, source, how many, why."""
    shown = painter.mask.shown
    parts = (full_time(refusal.at, now()), "refused", shown(refusal.code), shown(refusal.source))
    return "  ".join((*parts, f"{refusal.count} x", shown(refusal.message)))


def _can_print(text: str, out: TextIO) -> bool:
    try:
        text.encode(getattr(out, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True
