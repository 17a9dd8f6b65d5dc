"""Lines on standard output, without an escape sequence: for pipes, dumb terminals and screen readers.

The same rows as the live list, each state as a word. Data goes to standard output, what is said about it to
standard error; it ends with `--once`, at the end of its standard output, or when it is interrupted.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final, TextIO

from tagway.errors import TagwayError
from tagway.store.window import Line, Refusal, Window

from tagway_tui.marks import STATUS, WHO, Glyphs
from tagway_tui.masks import Mask
from tagway_tui.rows import Painter, clock_time, status_of

_CHUNK: Final = 500


def follow(folder: Path, *, once: bool, reveal: bool = False, out: TextIO | None = None, wait: float = 0.1) -> None:
    """Print the rows of a folder as they come; with `once` those that are there. Raises `TagwayError`."""
    out = out or sys.stdout
    painter = Painter(Mask(revealed=reveal), Glyphs(ascii=not _can_print(out)))
    window = _opened(folder, once, wait)
    print(f"tagway: reading {folder}", file=sys.stderr, flush=True)
    seq = request = 0
    while True:
        if window.changed():
            seq, request = _print_new(window, painter, out, seq, request)
        if once:
            return
        time.sleep(wait)


def _opened(folder: Path, once: bool, wait: float) -> Window:
    while True:
        try:
            return Window(folder)
        except TagwayError:
            if once:
                raise
        print(f"tagway: waiting for the first event in {folder}", file=sys.stderr, flush=True)
        time.sleep(max(wait, 1.0))


def _print_new(window: Window, painter: Painter, out: TextIO, seq: int, request: int) -> tuple[int, int]:
    first, last = window.reach()
    refusals = window.refusals(after=request)
    for start in range(max(first, seq + 1), last + 1, _CHUNK):
        lines = window.lines(range(start, min(last, start + _CHUNK - 1) + 1))
        while refusals and refusals[0].after_event < start:
            _print_refusal(refusals[0], painter, out)
            request = refusals.pop(0).request
        for number in sorted(lines):
            print(plain_row(lines[number], painter), file=out)
            while refusals and refusals[0].after_event == number:
                _print_refusal(refusals[0], painter, out)
                request = refusals.pop(0).request
    for refusal in refusals:
        _print_refusal(refusal, painter, out)
        request = refusal.request
    out.flush()
    return max(seq, last), request


def plain_row(line: Line, painter: Painter) -> str:
    """One event as one line: time, status, event, source, who, note, with two blanks between."""
    glyph, who = painter.who(line)
    status, source = STATUS[status_of(line)].word, painter.mask.shown(line.source)
    known = f"{WHO[glyph]} {who}" if glyph in WHO else who
    parts = (clock_time(line.received_at, True), status, painter.name(line), source, known)
    return "  ".join((*parts, painter.note(line))).rstrip()


def _print_refusal(refusal: Refusal, painter: Painter, out: TextIO) -> None:
    shown = painter.mask.shown
    parts = (clock_time(refusal.at, True), "refused", shown(refusal.code), shown(refusal.source))
    print("  ".join((*parts, f"{refusal.count} x", shown(refusal.message))), file=out)


def _can_print(out: TextIO) -> bool:
    try:
        "⇄…".encode(getattr(out, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True
