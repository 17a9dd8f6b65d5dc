"""A line of the live list as cells: time, status, event, source, who, note.

Pure: lines of the store in, cells out. All foreign text passes the mask, so it is visible and masked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from tagway.core import body
from tagway.core.wording import counted
from tagway.store.window import Decision, Line, Refusal

from tagway_tui.clock import brief, clock_time, dated_time, same_day
from tagway_tui.marks import ANONYMOUS, KNOWN, LATER, STATUS, Cell, Row, fit
from tagway_tui.masks import Mask

Clock = Literal["received", "happened", "gap"]
CLOCKS: Final[tuple[Clock, ...]] = ("received", "happened", "gap")

_JOINS: Final = ("merged", "handed_over")
_CONFLICTS: Final = ("skipped_conflict", "skipped_shared", "skipped_expired")
# What tells two events of one name apart, in the order in which it is looked for.
_TELLING: Final = ("order_id", "cart_id", "sku", "product_id", "title", "collection_id", "query", "url", "path")


@dataclass(frozen=True, slots=True)
class Columns:
    """The widths of the columns, in cells; 0 leaves a column out."""

    time: int
    status: int
    event: int
    source: int
    who: int
    note: int


def columns(width: int, dated: bool = False) -> Columns:
    """Columns for a list of some cells: the note goes first, then the source, milliseconds, and the end of who.

    Dated, the time has its day instead of milliseconds; where there is little room, it has no seconds either.
    """
    time = (14 if dated else 12) if width >= 70 else (11 if dated else 8)
    source = 10 if width >= 88 else 0
    event = 18 if width < 110 else 22
    who = 16 if width >= 58 else max(6, width - time - 9 - event - 3)
    note = width - time - 9 - event - who - 4 - (source + 1 if source else 0)
    return Columns(time, 9, event, source, who, max(0, note) if note >= 8 else 0)


@dataclass(slots=True)
class Painter:
    """Turns lines into cells, for one terminal and one session. `dated` rows say of which day they are."""

    mask: Mask
    clock: Clock = "received"
    dated: bool = False

    def date(self, rows: Iterable[Line | Refusal], today: int) -> None:
        """Say the day in all rows when one of those in view is not of the same day as `today`."""
        times = [self._at(one) for one in rows]
        self.dated = self.clock != "gap" and not same_day(times, today)

    def header(self, width: int) -> Row:
        """The names of the columns."""
        at = columns(width, self.dated)
        names = (("TIME", at.time), ("ST", at.status), ("EVENT", at.event), ("SOURCE", at.source), ("WHO", at.who))
        row: Row = [(fit(name, size) + " ", "dim") for name, size in names if size]
        return [*row, (fit("NOTE", at.note), "dim")] if at.note else row

    def event(self, line: Line, width: int, before: int | None = None) -> Row:
        """An event's row. `before` is when the row above was received, for the clock `gap`."""
        at = columns(width, self.dated)
        status = STATUS[status_of(line)]
        faults = sum(one.severity == "error" for one in line.faults)
        word = f"{faults} {status.word}" if line.status == "violating" else status.word
        name = self.name(line)
        row: Row = [
            (fit(self._time(line, before, at.time), at.time) + " ", "dim"),
            (fit(f"{status.glyph} {word}", at.status) + " ", status.style),
            (fit(name, at.event) + " ", "strong" if status.style in ("bad", "merge") else ""),
        ]
        if at.source:
            row.append((fit(self.mask.shown(line.source), at.source) + " ", "dim"))
        row.append(self._who(line, at.who))
        if at.note:
            row.append((" " + fit(self.note(line), at.note), "" if status.style in ("bad", "warn") else "dim"))
        return row

    def refusal(self, refusal: Refusal, width: int) -> Row:
        """A row for requests that were refused: no event, no person."""
        at = columns(width, self.dated)
        status = STATUS["refused"]
        times = counted(refusal.count, "request")
        row: Row = [
            (fit(self._clock_time(refusal, at.time), at.time) + " ", "dim"),
            (fit(f"{status.glyph} {status.word}", at.status) + " ", status.style),
            (fit(self.mask.shown(refusal.code), at.event) + " ", "strong"),
        ]
        if at.source:
            row.append((fit(self.mask.shown(refusal.source), at.source) + " ", "dim"))
        who = times if at.source else f"{self.mask.shown(refusal.source)} {'×'}{refusal.count}"
        row.append((fit(who, at.who), ""))
        if at.note:
            row.append((" " + fit(self.mask.shown(refusal.message), at.note), ""))
        return row

    def gone(self, width: int) -> Row:
        """A row whose event was removed from the store."""
        return [(fit("(no longer stored)", width), "dim")]

    def name(self, line: Line) -> str:
        """The event's name, or what its source called it."""
        return self.mask.shown(line.name or line.raw_event or "(unreadable)")

    def note(self, line: Line) -> str:
        """What is worth saying about an event, in a few words."""
        parts = [self._decision(one) for one in line.decisions if _worth_saying(one)]
        if line.dead:
            parts.append(self.mask.shown(line.dead))
        if line.status == "duplicate" and line.twin:
            parts.append(f"= {self.mask.shown(line.twin[0])} {brief(line.twin[1], line.received_at)}")
        parts += self._faults(line)
        if not parts:
            parts.append(self.mask.shown(_telling(line)))
        return " · ".join(part for part in parts if part)

    def who(self, line: Line) -> tuple[str, str]:
        """Glyph and name of who did it: as known today, with what was known then told by the glyph.

        `KNOWN`: the event carried a person's id, or the person could be reached then. `LATER`: known by now only.
        """
        known = line.person or line.address
        carried = line.user_id or line.email
        name = line.person if line.person and not line.address else line.address or carried or line.anonymous_id
        if not name:
            return (ANONYMOUS if line.profile_id else " ", line.profile_id[:8] if line.profile_id else "-")
        reachable = line.reachable_at is not None and line.reachable_at <= line.timestamp
        glyph = KNOWN if carried or (known and reachable) else LATER if known else ANONYMOUS
        return glyph, self.mask.shown(name)

    def _who(self, line: Line, width: int) -> Cell:
        glyph, name = self.who(line)
        style = "dim" if glyph == ANONYMOUS else hue(line.profile_id or name)
        return fit(f"{glyph} {name}", width), style

    def _time(self, line: Line, before: int | None, width: int) -> str:
        if self.clock == "gap":
            gap = line.received_at - before if before is not None else 0
            return f"+{gap / 1_000_000:.3f}s"
        return self._clock_time(line, width)

    def _clock_time(self, one: Line | Refusal, width: int) -> str:
        at = self._at(one)
        return dated_time(at, width >= 14) if self.dated else clock_time(at, width >= 12)

    def _at(self, one: Line | Refusal) -> int:
        """The moment that a row's time column tells; a request that was refused has happened when it came."""
        if isinstance(one, Refusal):
            return one.at
        return one.timestamp if self.clock == "happened" else one.received_at

    def _faults(self, line: Line) -> list[str]:
        by_code: dict[str, list[str]] = {}
        for one in line.faults:
            if one.severity == "error" or line.status != "violating":
                by_code.setdefault(one.code, []).append(one.pointer.rsplit("/", 1)[-1])
        return [self.mask.shown(f"{rule_words(code)} {', '.join(fields)}") for code, fields in by_code.items()]

    def _decision(self, one: Decision) -> str:
        kind, _, subject = one.subject.partition(":")
        arrow = "→" if one.verdict in _JOINS else "≠"
        return f"{self.mask.shown(one.value, key=one.kind)} {arrow} {self.mask.shown(subject, key=kind)}"


def status_of(line: Line) -> str:
    """The key of `marks.STATUS` for a line: its outcome, or what it did to identity, or that it was warned."""
    if line.status != "accepted":
        return line.status if line.status in STATUS else "erased"
    verdicts = {one.verdict for one in line.decisions}
    if verdicts.intersection(_JOINS):
        return "joined"
    if verdicts.intersection(_CONFLICTS):
        return "conflict"
    return "warned" if any(one.severity == "warn" for one in line.faults) else "accepted"


def rule_words(code: str) -> str:
    """A violation's code without what it says every time.

    >>> rule_words("property_missing")
    'missing'
    """
    return code.removeprefix("property_").replace("_", " ")


def hue(text: str) -> str:
    """One of eight hues, always the same for the same person."""
    return f"hue{hashlib.blake2b(text.encode('utf-8', 'replace'), digest_size=1).digest()[0] % 8}"


def _worth_saying(one: Decision) -> bool:
    return one.verdict in _JOINS or one.verdict in _CONFLICTS


def _telling(line: Line) -> str:
    try:
        properties = body.decode(line.properties)
    except ValueError:
        return ""
    lines = properties.get("products")
    first = lines[0] if isinstance(lines, list) and lines and isinstance(lines[0], dict) else {}
    for name in _TELLING:
        value = properties.get(name, first.get(name))
        if isinstance(value, (str, int)) and value != "":
            return f"{name}={value}"
    return ""
