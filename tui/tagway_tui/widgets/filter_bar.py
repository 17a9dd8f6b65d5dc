"""The filter that holds, in a row of its own: what is hidden is never hidden silently."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len

from tagway_tui.marks import fit
from tagway_tui.search import Search
from tagway_tui.widgets.bars import Bar

_NAME = "Filter: "


class FilterBar(Bar):
    """Shown while there is a filter, on or off, that is not being typed."""

    def tell(self, search: Search, shown: Callable[[str], str], *, typing: bool) -> None:
        """Show the filter, and what to do when it is off or finds nothing; `shown` makes it fit for the screen."""
        text = shown(search.text.strip())
        self.display = bool(text) and not typing
        end = "  off: ! turns it on" if search.off else ""
        if search.found is not None and not len(search.found) and not search.running:
            end = "  finds nothing: ! turns it off"
        room = max(8, self.room - len(_NAME) - len(end))
        text = fit(text, room) if cell_len(text) > room else text
        self.set([(_NAME, "title"), (text, "dim" if search.off else "strong"), (end, "warn")])
