"""Names: what is the same name in another spelling, and what is probably meant.

Only case and separators are ever folded away by themselves; a near miss is a suggestion for a person. The
measure is the optimal string alignment distance (insert, delete, replace, swap neighbors) relative to the
longer name. Candidates are found by shared letter pairs, so that an unknown name costs next to nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

# At 0.20 misspellings are still found and other names hardly ever; at 0.25 false suggestions double.
NEAR: Final = 0.20
_LONGEST: Final = 80
_SEPARATORS: Final = re.compile(r"[\W_]+")


@lru_cache(maxsize=16_384)
def folded(name: str) -> str:
    """A name without case and separators: `Product-Viewed`, `productViewed` and `product viewed` are one.

    >>> folded("Added_to Cart")
    'addedtocart'
    """
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", name).casefold())


def key_of(name: str) -> str:
    """The snake_case key of an event's name: `Added to Cart` is `added_to_cart`."""
    return _SEPARATORS.sub("_", unicodedata.normalize("NFKC", name).casefold()).strip("_")


def distance(one: str, other: str, limit: int) -> int:
    """Optimal string alignment distance; `limit + 1` when it is greater than `limit`."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row, previous = before, [i], row
        before = previous
        for j, b in enumerate(other, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1] if row[-1] <= limit else limit + 1


class Nearest:
    """Finds which known name a misspelled one probably is; built once."""

    def __init__(self, known: Iterable[tuple[str, str]], others: Iterable[str] = ()) -> None:
        """`known` pairs each spelling with its canonical name; near one of `others` nothing is suggested."""
        self._canonical = {folded(spelling): canonical for spelling, canonical in known}
        self._others = frozenset(folded(other) for other in others) - self._canonical.keys()
        self._by_pair: defaultdict[str, list[str]] = defaultdict(list)
        for spelling in (*self._canonical, *self._others):
            for pair in _pairs(spelling):
                self._by_pair[pair].append(spelling)
        # The same few names come again and again.
        self.find = lru_cache(maxsize=4_096)(self._find)

    def _find(self, name: str) -> str | None:
        """The canonical name that is nearest, at most 0.20 away; None when none is, or another name is nearer."""
        wanted = folded(name)
        if not wanted or len(wanted) > _LONGEST or wanted in self._others:
            return None
        ranked = sorted(self._near(wanted))
        if not ranked or ranked[0][1] in self._others:
            return None
        return self._canonical[ranked[0][1]]

    def _near(self, wanted: str) -> Iterable[tuple[int, str]]:
        pairs = _pairs(wanted)
        shared = Counter(spelling for pair in pairs for spelling in self._by_pair.get(pair, ()))
        for spelling, count in shared.items():
            limit = int(NEAR * max(len(wanted), len(spelling)))
            # One edit touches at most three letter pairs (a swap), so fewer shared ones cannot be near.
            if limit and count >= len(pairs) - 3 * limit and (away := distance(wanted, spelling, limit)) <= limit:
                yield away, spelling


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}
