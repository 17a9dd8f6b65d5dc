"""Every key of the screen, once: bindings, the help, the README and remapping are made from this table.

Each key has an id; `screen.toml` in the user's configuration folder may give it other keys. Never bound here:
ctrl+h, i, j, m (backspace, tab, line feed, return), ctrl+b, a (terminal multiplexers), ctrl+s, z, and alt.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tagway.errors import ConfigError
from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Key:
    """One binding: where it works (`place`), its id, keys, action, and the words for it."""

    place: str
    id: str
    keys: str
    action: str
    label: str
    help: str
    priority: bool = False


KEYS: Final[tuple[Key, ...]] = (
    Key("app", "live", "1", "go('live')", "Live", "the live list of events"),
    Key("app", "merges", "2", "go('merges')", "Merges", "identity decisions, newest first"),
    Key("app", "people", "3", "go('people')", "People", "search people; a person's timeline and identity"),
    Key("app", "violations", "4", "go('violations')", "Violations", "what violates the taxonomy, grouped"),
    Key("app", "carts", "5", "go('carts')", "Carts", "the waterfall from added to reachable"),
    Key("app", "health", "6", "go('health')", "Health", "sources, engine, ledger"),
    Key("app", "command", "colon,ctrl+p", "command_palette", "Command", "the command palette"),
    Key("app", "help", "question_mark", "help", "Help", "the keys that work here"),
    Key("app", "reveal", "ctrl+r", "reveal", "Reveal", "show or mask emails and phone numbers, for this session"),
    Key("app", "quit", "ctrl+q,ctrl+c", "quit", "Quit", "leave the screen", priority=True),
    Key("app", "back", "q", "leave", "Back", "back; on the live list: leave"),
    Key("app", "close", "escape", "close", "Close", "close what is open"),
    Key("list", "up", "k,up", "cursor(-1)", "Up", "up"),
    Key("list", "down", "j,down", "cursor(1)", "Down", "down"),
    Key("list", "page_up", "pageup,ctrl+u", "page(-1)", "Page up", "a screenful up"),
    Key("list", "page_down", "pagedown,ctrl+d", "page(1)", "Page down", "a screenful down"),
    Key("list", "first", "g,home", "first", "First", "first row"),
    Key("list", "last", "G,end", "last", "Last", "last row; on the live list: follow again"),
    Key("list", "left", "h,left", "sideways(-8)", "Left", "scroll left"),
    Key("list", "right", "l,right", "sideways(8)", "Right", "scroll right"),
    Key("list", "choose", "enter", "choose", "Open", "open the row"),
    Key("live", "pause", "space", "pause", "Pause", "pause the view; everything is still recorded"),
    Key("live", "filter", "slash", "filter", "Filter", "filter all that is stored; Enter keeps it, Ctrl-U empties it"),
    Key("live", "toggle_filter", "exclamation_mark", "toggle_filter", "Filter off/on", "the filter off and on"),
    Key("live", "next_fault", "e", "fault(False)", "Next fault", "next violation or dead letter"),
    Key("live", "previous_fault", "E", "fault(True)", "Previous fault", "previous violation or dead letter"),
    Key("live", "next_of_person", "o", "same_person(False)", "Next of person", "next event of this person"),
    Key("live", "previous_of_person", "O", "same_person(True)", "Previous of person", "event of this person before"),
    Key("live", "person", "p", "person", "Person", "the person of this event"),
    Key("live", "clock", "t", "clock", "Clock", "time: received, happened, since the event before"),
    Key("live", "maximize", "backslash", "maximize_detail", "Maximize", "the detail over the whole screen"),
    Key("live", "next_tab", "right_square_bracket", "tab(1)", "Next tab", "next tab of the detail"),
    Key("live", "previous_tab", "left_square_bracket", "tab(-1)", "Previous tab", "previous tab of the detail"),
    Key("live", "focus", "tab", "switch_focus", "Focus", "from the list to the detail and back"),
    Key("live", "find", "ctrl+f", "find", "Find", "find a text from here on, in the list or the detail"),
    Key("live", "find_next", "n", "find_next(False)", "Find next", "the next place of it"),
    Key("live", "find_previous", "N", "find_next(True)", "Find previous", "the place before"),
    Key("live", "copy", "y", "copy('value')", "Copy", "copy the value under the cursor"),
    Key("live", "copy_path", "Y", "copy('path')", "Copy path", "copy the JSON path under the cursor"),
    Key("live", "copy_json", "c", "copy('json')", "Copy JSON", "copy the event as JSON"),
    Key("live", "copy_curl", "x", "copy('curl')", "Copy cURL", "copy the raw request as a cURL command"),
    Key("live", "why", "w", "why", "Why", "why this event has its status and its person"),
    Key("live", "session", "s", "session", "My session", "pair a browser, and hold it against the planned journey"),
    Key("live", "sample", "T", "sample", "Sample", "send a sample journey, while nothing has come yet"),
    Key("merges", "person", "p", "person", "Person", "the person that it was about"),
    Key("merges", "which", "v", "which", "Which", "all decisions, joins only, or the review list"),
    Key("violations", "all", "f", "all", "All of these", "the live list, filtered to this rule, event and source"),
    Key("carts", "why", "w", "why", "Why", "why this cart is where it is"),
    Key("carts", "events", "f", "events", "Events", "the live list, filtered to this cart"),
    Key("carts", "person", "p", "person", "Person", "the person of this cart"),
    Key("carts", "period", "v", "period", "Period", "carts of a day, a week, or all"),
    Key("people", "search", "slash", "search", "Search", "search by any identifier"),
    Key("people", "why", "w", "why", "Why", "why this person can be reached, or not"),
    Key("person", "before", "left_curly_bracket", "step(-1)", "Before", "the merge before: as it was then"),
    Key("person", "after", "right_curly_bracket", "step(1)", "After", "the merge after"),
    Key("person", "why", "w", "why", "Why", "why this person can be reached, or not"),
    Key("person", "events", "f", "events", "Events", "the live list, filtered to this person"),
    Key("person", "switch", "tab", "switch_focus", "Focus", "from the timeline to the identity tree and back"),
    Key("session", "new", "n", "new", "New code", "pair another browser"),
    Key("session", "copy", "y", "copy", "Copy", "copy what to add to the page's address"),
    Key("session", "finish", "f", "finish", "Finish", "end the session with PASS or FAIL"),
    Key("prompt", "done", "escape", "done", "Done", "back to the list; the filter stays"),
    Key("prompt", "complete", "tab", "complete", "Complete", "take the first completion"),
    Key("overlay", "copy", "c,y", "copy_report", "Copy", "copy what is shown, as text"),
    Key("overlay", "close", "escape,q,question_mark", "app.leave", "Close", "close"),
    Key("json", "fold", "space", "fold", "Fold", "fold or unfold"),
    Key("json", "fold_all", "minus", "fold_all", "Fold all", "fold all"),
    Key("json", "unfold_all", "plus", "unfold_all", "Unfold all", "unfold all"),
)  # fmt: skip


def bindings(place: str) -> list[BindingType]:
    """The bindings of one place; hints are drawn by `widgets.hints`, not by Textual's footer."""
    return [
        Binding(key.keys, key.action, key.label, show=False, priority=key.priority, id=f"{place}.{key.id}")
        for key in KEYS
        if key.place == place
    ]


def of(place: str) -> tuple[Key, ...]:
    """The keys of one place, in order."""
    return tuple(key for key in KEYS if key.place == place)


def markdown() -> str:
    """All keys as a Markdown table, for the README: where, key, what it does, and the id to remap it by."""
    rows = [f"| {key.place} | {_code(key.keys)} | {key.help} | `{key.place}.{key.id}` |" for key in KEYS]
    return "\n".join(["| where | key | what it does | id |", "|---|---|---|---|", *rows, ""])


def _code(keys: str) -> str:
    names = (readable(key).replace("|", "\\|") for key in keys.split(","))
    return " ".join(f"`{name}`" for name in names)


_NAMES: Final = {
    "slash": "/", "question_mark": "?", "exclamation_mark": "!", "backslash": "\\", "right_square_bracket": "]",
    "left_square_bracket": "[", "colon": ":", "minus": "-", "plus": "+", "escape": "Esc", "enter": "Enter",
    "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End", "up": "Up", "down": "Down", "left": "Left",
    "right": "Right", "space": "Space", "tab": "Tab", "left_curly_bracket": "{", "right_curly_bracket": "}",
}  # fmt: skip


def readable(keys: str) -> str:
    """Keys as a person reads them.

    >>> readable("colon,ctrl+p")
    ': Ctrl-P'
    """
    return " ".join(_one(key) for key in keys.split(","))


def _one(key: str) -> str:
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[5:].upper()}"
    return _NAMES.get(key, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a user set for the screen: keys by id (`place.id` = keys), and the theme."""

    keys: Mapping[str, str]
    theme: str = ""


def settings_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the user's settings are: `$XDG_CONFIG_HOME/tagway/screen.toml`."""
    home = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "tagway" / "screen.toml"


def settings(file: Path) -> Settings:
    """Read the user's settings; defaults without a file. Raises `ConfigError` that names file and key."""
    if not file.is_file():
        return Settings(keys={})
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    known = {f"{key.place}.{key.id}" for key in KEYS}
    keys = raw.get("keys", {})
    for name in _unknown(raw, keys, known):
        raise ConfigError(f"{file}: unknown key `{name}`; `?` on the screen and its README list them")
    return Settings(keys=keys, theme=str(raw.get("theme", "")))


def _unknown(raw: Mapping[str, Any], keys: Any, known: set[str]) -> Iterable[str]:
    yield from (name for name in raw if name not in ("keys", "theme"))
    if not isinstance(keys, dict):
        yield "keys"
        return
    yield from (f"keys.{name}" for name, value in keys.items() if name not in known or not isinstance(value, str))
