"""The bars at the top: nothing runs into something else, however little room there is."""

from __future__ import annotations

import pytest
from tagway_tui.header import PLACES, places_row
from tagway_tui.marks import width_of


@pytest.mark.parametrize("width", [58, 78, 158])
@pytest.mark.parametrize("count", ["", "25 events", "1,284,113 of 1,284,113", "session c8022d, 1,204 events"])
@pytest.mark.parametrize("here", [name for _, _, name in PLACES] + ["person"])
def test_the_count_stands_apart_from_the_places_and_the_place_in_front_is_named(
    here: str, count: str, width: int
) -> None:
    row, actions = places_row(here, count, width)
    text = "".join(cell for cell, _ in row)
    assert width_of(row) == width
    assert text.endswith(f" {count}".rstrip())
    assert [text.count(key) > 0 for key, _, _ in PLACES] == [True] * len(PLACES)
    assert here == "person" or here[:4].casefold() in text.casefold()
    assert {actions[at] for at in actions} == {f"app.go('{name}')" for _, _, name in PLACES}
