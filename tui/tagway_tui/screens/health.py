"""Health: each source, the engine's lag, the ledger. Counted from the files, so it tells of any folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tagway.answers.health import Health as Pulse
from tagway.answers.health import SourceHealth, health
from tagway.core import moments
from tagway.store.feed import Feed
from tagway.store.window import Window
from textual.widget import Widget

from tagway_tui.documents import Text, labeled, paragraph
from tagway_tui.marks import Row, fit
from tagway_tui.screens.answer import AnswerPlace
from tagway_tui.widgets.detail import DocumentView

_STATES: Final = {"ok": ("✓ ok", "ok"), "warn": ("! warn", "warn"), "bad": ("✗ bad", "bad")}
_HEADINGS: Final = ("OK", "BAD", "DEAD", "DUP", "REFUSED")


class Health(AnswerPlace):
    """The gateway's pulse."""

    NAME = "health"

    def body(self) -> Iterable[Widget]:
        """One document."""
        yield DocumentView(id="pulse")

    def on_mount(self) -> None:
        """It has the keys."""
        self.query_one(DocumentView).focus()

    def ask(self, feed: Feed, window: Window, now: int) -> Any:
        """The pulse now."""
        del window
        return now, health(feed, now)

    def tell(self, answer: Any) -> None:
        """Draw it, and keep the cursor."""
        view = self.query_one(DocumentView)
        at = view.cursor
        view.show(Text(self._rows(*answer)))
        view.move(at)

    def _rows(self, now: int, pulse: Pulse) -> list[Row]:
        here = self.tagway.seen.presence
        state, style = _STATES[pulse.state]
        gateway = f"listens at {here.url}" if here.gateway else "not running"
        engine = "runs" if here.engine else "not running"
        waiting = "requests wait, the first" if pulse.lag != 1 else "request waits,"
        lag = f"{pulse.lag:,} {waiting} for {pulse.lag_age / moments.SECOND:.1f} s"
        numbers = [_HEADINGS, *(_numbers(one) for one in pulse.sources)]
        sizes = [max(map(len, column)) for column in zip(*numbers, strict=True)]
        rows: list[Row] = [
            [
                ("state     ", "dim"),
                (state, style),
                (f"  {self.tagway.mask.shown(pulse.why)}" if pulse.why else "", ""),
            ],
            [("gateway   ", "dim"), (self.tagway.mask.shown(gateway), "ok" if here.gateway else "bad")],
            [
                ("engine    ", "dim"),
                (engine, "ok" if here.engine else "bad"),
                (f", {lag}" if pulse.lag else ", folded up to the end", ""),
            ],
            [("folder    ", "dim"), (self.tagway.mask.shown(self.tagway.folder), "")],
            [],
            [(f"{'SOURCE':<11}{'STATE':<6}{_in_columns(_HEADINGS, sizes)}  SEEN AGO", "title")],
            *(row for one in pulse.sources for row in self._source(one, now, sizes)),
            *(self.said("no source has sent anything yet") if not pulse.sources else []),
        ]
        width = max(20, self.query_one(DocumentView).room)
        return [*rows, [], *_ledger(pulse.ledger, width)]

    def _source(self, one: SourceHealth, now: int, sizes: list[int]) -> list[Row]:
        """Its numbers, and below them what was last refused and why."""
        shown = self.tagway.mask.shown
        state, style = _STATES[one.state]
        row: Row = [
            (fit(shown(one.name), 10) + " ", "strong"),
            (fit(state, 6), style),
            (_in_columns(_numbers(one), sizes), ""),
            ("  " + _ago(now, one.last_seen), "dim"),
        ]
        if not one.last_code:
            return [row]
        width = max(20, self.query_one(DocumentView).room)
        said = f"{one.last_code}: {one.last_message} ({_ago(now, one.last_refused)} ago)"
        return [row, *paragraph(shown(said), width, "bad" if one.state == "bad" else "warn", " " * 11)]


def _numbers(one: SourceHealth) -> tuple[str, ...]:
    return tuple(f"{count:,}" for count in (one.ok, one.violating, one.dead, one.duplicate, one.refused))


def _in_columns(texts: Sequence[str], sizes: Sequence[int]) -> str:
    return "".join(f" {text:>{size}}" for text, size in zip(texts, sizes, strict=True))


def _ledger(ledger: dict[str, Any], width: int) -> list[Row]:
    requests, items = ledger["requests"], ledger["items"]
    balanced = ("✓ balances to the unit", "ok") if ledger["balanced"] else ("✗ does not balance", "bad")
    return [
        [("LEDGER    ", "title"), balanced],
        *labeled("requests", _sum(requests, ("received", "taken", "refused")), width),
        *labeled("", _sum(requests, ("taken", "folded", "pending")), width),
        *labeled("items", _sum(items, ("normalized", *(name for name in items if name != "normalized"))), width),
    ]


def _sum(numbers: dict[str, int], names: tuple[str, ...]) -> str:
    total, *parts = names
    shown = [one for one in parts if numbers[one]] or parts[:1]
    return f"{numbers[total]:,} {total} = " + " + ".join(f"{numbers[one]:,} {one}" for one in shown)


def _ago(now: int, then: int | None) -> str:
    if then is None:
        return "never"
    seconds = max(0, now - then) // moments.SECOND
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
