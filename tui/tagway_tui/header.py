"""What the two bars at the top say: the state, the rate, each source; the places, and what is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tagway.clock import now

from tagway_tui.marks import Row, spark, width_of
from tagway_tui.tail import SourceState
from tagway_tui.widgets.bars import spread

if TYPE_CHECKING:
    from tagway_tui.app import TagwayApp

PLACES: Final = (
    ("1", "Live", "live"),
    ("2", "Merges", "merges"),
    ("3", "People", "people"),
    ("4", "Violations", "violations"),
    ("5", "Carts", "carts"),
    ("6", "Health", "health"),
)
_STATES: Final = {"LIVE": ("▶", "ok"), "FOLLOW": ("▶", "ok"), "HELD": ("‖", "warn"), "PAUSED": ("■", "warn")}
_RECENT: Final = 60_000_000


def state_row(app: TagwayApp, state: str, new: int, width: int) -> Row:
    """The state bar: one word for the list, the rate with its bars, a badge for each source."""
    seen = app.seen
    glyph, style = _STATES[state]
    row: Row = [("tagway ", "title")]
    here = seen.presence
    if not here.well:
        what = "the engine is down; what comes is kept" if here.gateway else "no gateway on this folder"
        row += [("■ DISCONNECTED ", "bad"), (f"{what}  ", "dim")]
    if here.well or state in ("HELD", "PAUSED"):
        row.append((f"{glyph} {state}", style))
        row.append((f" +{new:,} new" if new else "", "strong"))
    if here.well:
        rate = seen.rates[-1] if seen.rates else 0.0
        row += [(f"  {rate:,.0f}/s ", ""), (spark(list(seen.rates), 10), "number")]
    if app.mask.revealed:
        row += [("  ", ""), ("REVEALED", "revealed")]
    if app.read_only:
        row.append(("  read-only", "dim"))
    return spread([*row, *_badges(app, width - width_of(row))], [], width)


def _badges(app: TagwayApp, room: int) -> Row:
    """A badge for each source, the last heard of first; how many more there are when they do not fit."""
    sources = sorted(app.seen.sources.items(), key=lambda pair: -max(pair[1].last_seen, pair[1].last_refused))
    at = now()
    badges: Row = []
    for place, (name, source) in enumerate(sources):
        badge: Row = [("  ", ""), *_badge(app, name, source, at)]
        more = f"  +{len(sources) - place}"
        if width_of(badge) + (len(more) if place < len(sources) - 1 else 0) > room:
            return [*badges, (more if room >= len(more) else "", "dim")]
        badges += badge
        room -= width_of(badge)
    return badges


def _badge(app: TagwayApp, name: str, source: SourceState, now: int) -> Row:
    shown = str(app.mask.shown(name))
    age = _age(now - max(source.last_seen, source.last_refused))
    state = ("✓", "ok")
    if source.last_refused > source.last_seen or (source.refused and now - source.last_refused < _RECENT):
        state = (f"⊘ {source.refused:,}", "bad")
    elif source.faulty:
        state = (f"! {source.faulty:,}", "warn")
    return [(f"{shown} ", ""), state, (f" {age}" if age else "", "dim")]


def _age(micros: int) -> str:
    """How long ago, from a minute on; shorter than that is now."""
    seconds = micros // 1_000_000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return ""


def places_row(here: str, count: str, width: int) -> tuple[Row, dict[int, str]]:
    """The bar of places, with what is counted at its end; clicking on a place goes there.

    Where there is no room, names are cut, then left out but for the place that is in front.
    """
    right: Row = [(f" {count}" if count else "", "strong")]
    for letters in (10, 4, 0):
        left, actions = _places(here, letters)
        if width_of([*left, *right]) <= width:
            break
    return spread(left, right, width), actions


def _places(here: str, letters: int) -> tuple[Row, dict[int, str]]:
    left: Row = []
    actions: dict[int, str] = {}
    for key, name, action in PLACES:
        word = name[: max(letters, 4 if action == here else 0)]
        actions[len(left)] = actions[len(left) + 1] = f"app.go('{action}')"
        left += [(f"{key} " if word else key, "dim"), (word, "match" if action == here else ""), (" ", "")]
    return left, actions
