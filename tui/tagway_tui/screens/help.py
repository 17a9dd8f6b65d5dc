"""`?`: the keys that work here, as they are bound now."""

from __future__ import annotations

from typing import Final

from textual.binding import ActiveBinding

from tagway_tui import keymap
from tagway_tui.marks import LATER, STATUS, WHO, Row, fit
from tagway_tui.screens.overlay import Overlay

_PLACES: Final = {"app": "Everywhere", "live": "Live", "list": "Lists", "json": "Detail"}


class Help(Overlay):
    """Keys and signs."""

    def __init__(self, active: dict[str, ActiveBinding]) -> None:
        """`active` are the bindings of the place that was in front."""
        super().__init__()
        self._active = active

    def rows(self, width: int) -> tuple[list[Row], dict[int, int]]:
        """Keys of this place first, then of lists and everywhere, then the signs."""
        del width
        return help_rows(self._active), {}


def help_rows(active: dict[str, ActiveBinding]) -> list[Row]:
    """The keys that work here, grouped, then what the signs mean."""
    by_id: dict[str, list[str]] = {}
    for key, one in active.items():
        if one.binding.id:
            by_id.setdefault(one.binding.id, []).append(key)
    rows: list[Row] = []
    places = dict.fromkeys(key.place for key in keymap.KEYS)
    for place in sorted(places, key=lambda one: one in ("app", "list")):
        known = [(key, by_id[f"{place}.{key.id}"]) for key in keymap.of(place) if f"{place}.{key.id}" in by_id]
        if known:
            rows += [[(_PLACES.get(place, place.title()), "title")], *(_key_row(*pair) for pair in known), []]
    return [*rows, *_signs(), [], *_states()]


def _key_row(key: keymap.Key, bound: list[str]) -> Row:
    return [(f"  {fit(keymap.readable(','.join(bound)), 16)} ", "strong"), (key.help, "")]


def _signs() -> list[Row]:
    rows: list[Row] = [[("Signs", "title")]]
    rows += [
        [(f"  {fit(one.glyph, 3)}{fit(one.word, 9)}", one.style), (_MEANING[one.word], "")] for one in STATUS.values()
    ]
    for glyph, word in WHO.items():
        said = "anonymous then, known by now" if glyph == LATER else word
        rows.append([(f"  {glyph}  ", ""), (said, "")])
    return rows


def _states() -> list[Row]:
    rows: list[Row] = [[("The first line", "title")]]
    return rows + [[(f"  {fit(word, 14)}", "strong"), (meaning, "")] for word, meaning in _STATES.items()]


_STATES: Final = {
    "FOLLOW": "the list stays at its newest row",
    "HELD +12 new": "it stays where you are; so many came since; G follows again",
    "PAUSED": "nothing is drawn anew; everything is still recorded",
    "DISCONNECTED": "no gateway or no engine runs on this folder",
    "12/s": "events a second, and the last seconds as bars",
    "web ✓": "a source without faults; with an age when it was silent for a minute",
    "web ! 3": "so many of its events violate their schema, or are dead letters",
    "web ⊘ 3": "so many of its requests were refused; Health says why",
}
_MEANING: Final = {
    "ok": "accepted",
    "warn": "accepted, with a warning",
    "bad": "violates its schema; kept and reported",
    "joined": "joined what was known of two browsers or people",
    "apart": "a join was refused; see Merges",
    "dup": "the same message again, or the other side's copy",
    "dead": "could not become an event; the body is kept",
    "refused": "a request that was not taken: key, signature, form",
    "erased": "its person was forgotten",
    "pruned": "too old to be kept",
}
