"""A tree in lines, for a terminal: a branch is a text and what is under it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Branch:
    """A line, and the branches under it."""

    text: str
    under: Sequence[Branch] = ()


def leaves(texts: Iterable[str]) -> list[Branch]:
    """Texts with nothing under them."""
    return [Branch(text) for text in texts]


def some(branches: Sequence[Branch]) -> list[Branch]:
    """The first branches, and how many more there are: nobody reads a thousand."""
    more = len(branches) - _MOST
    return [*branches[:_MOST], Branch(f"and {more:,} more: --json has all")] if more > 0 else list(branches)


def drawn(tree: Branch) -> Iterator[str]:
    """The lines of a tree.

    >>> list(drawn(Branch("a", [Branch("b", [Branch("c")]), Branch("d")])))
    ['a', '├─ b', '│  └─ c', '└─ d']
    """
    yield tree.text
    for place, branch in enumerate(tree.under, 1):
        corner, bar = ("├─ ", "│  ") if place < len(tree.under) else ("└─ ", "   ")
        first, *rest = drawn(branch)
        yield corner + first
        yield from (bar + line for line in rest)
