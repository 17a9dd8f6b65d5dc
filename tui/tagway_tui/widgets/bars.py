"""The one-line bars: state and sources at the top, places and counts below them, key hints at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.binding import ActiveBinding
from textual.events import Click

from tagway_tui import keymap
from tagway_tui.marks import Cell, Row, fit, width_of
from tagway_tui.widgets.lines import Lines


class Bar(Lines, can_focus=False):
    """One row of cells; clicking on a cell runs the action that our own code gave it."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; background: $panel; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._row: Row = []
        self._actions: dict[int, str] = {}
        self.cursor = -1

    def set(self, row: Row, actions: dict[int, str] | None = None) -> None:
        """Show cells; `actions` are for cells, by place."""
        if row != self._row:
            self._row, self._actions = row, actions or {}
            self.refresh()

    @property
    def text(self) -> str:
        """What it shows."""
        return "".join(text for text, _ in self._row)

    def total(self) -> int:
        """See `Lines.total`."""
        return 1

    def cells(self, place: int, width: int) -> Row:
        """See `Lines.cells`."""
        del place, width
        return self._row

    def settle(self) -> None:
        """One row stays where it is."""

    def redraw(self) -> None:
        """There is no cursor to keep."""
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Run the action of the clicked cell."""
        event.stop()
        at = 1
        for place, (text, _) in enumerate(self._row):
            at += cell_len(text)
            if event.x < at:
                if action := self._actions.get(place):
                    self.run_worker(self.app.run_action(action, self.screen), exit_on_error=False)
                return


@dataclass(frozen=True, slots=True)
class Hint:
    """A key worth knowing here: its binding's id, and a word."""

    binding: str
    word: str
    action: str


def hints(wanted: Sequence[Hint], active: dict[str, ActiveBinding], width: int) -> tuple[Row, dict[int, str]]:
    """As many hints as fit, with the keys as they are bound now; `? Help` and back always fit.

    `active` are Textual's active bindings, by key. At most 8, and never more than the bar's cells.
    """
    by_id = {one.binding.id: key for key, one in reversed(active.items()) if one.binding.id}
    known = [(one, keymap.readable(by_id[one.binding])) for one in wanted if one.binding in by_id]
    last = [(one, key) for one, key in known if one.binding in ("app.help", "app.back")]
    room = width - sum(cell_len(key) + cell_len(one.word) + 3 for one, key in last)
    shown: list[tuple[Hint, str]] = []
    for one, key in known:
        size = cell_len(key) + cell_len(one.word) + 3
        if (one, key) in last or size > room or len(shown) >= 8 - len(last):
            continue
        room -= size
        shown.append((one, key))
    return _hint_row([*shown, *last])


def _hint_row(shown: list[tuple[Hint, str]]) -> tuple[Row, dict[int, str]]:
    row: Row = []
    actions: dict[int, str] = {}
    for one, key in shown:
        actions[len(row)] = actions[len(row) + 1] = one.action
        row += [(key, "title"), (f" {one.word}  ", "")]
    return row, actions


def spread(left: Row, right: Row, width: int) -> Row:
    """Cells at both ends of a bar; the left end is cut when there is no room for both."""
    room = width - width_of(right)
    cut: Row = []
    for text, style in left:
        if room <= 0:
            break
        cut.append((text if cell_len(text) <= room else fit(text, room), style))
        room -= cell_len(text)
    gap: Cell = (" " * max(0, width - width_of(cut) - width_of(right)), "")
    return [*cut, gap, *right]
