"""Numbers with their nouns."""

from __future__ import annotations

import pytest
from tagway.core.wording import counted


@pytest.mark.parametrize(
    ("count", "words", "says"),
    [
        (0, ("event",), "0 events"),
        (1, ("event",), "1 event"),
        (1_284_113, ("event",), "1,284,113 events"),
        (2, ("person", "people"), "2 people"),
    ],
)
def test_a_noun_is_in_the_number_that_goes_with_its_count(count: int, words: tuple[str, ...], says: str) -> None:
    assert counted(count, *words) == says
