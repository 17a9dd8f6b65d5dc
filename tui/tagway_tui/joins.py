"""What a join moved: which identifiers were on its side right before it. Pure.

A person's decisions are replayed in the order of event time: identifiers that were born in one event are together
from then on, and each join puts two sides together. What was on the side of the identifier that was tried is what
moved to the subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tagway.core import moments
from tagway.store.decided import Verdict

Alias = tuple[str, str]
JOINS: Final = ("merged", "handed_over")


def moved_by(join: Verdict, decisions: Sequence[Verdict], aliases: Iterable[dict[str, Any]]) -> list[Alias]:
    """The identifiers (kind, value) that a join moved; `aliases` are a profile's, as in `explain --json`."""
    sides = _Sides()
    for group in _born_together(aliases, join.at).values():
        for other in group[1:]:
            sides.join(group[0], other)
    for one in decisions:
        if (one.at, one.id) >= (join.at, join.id):
            continue
        if one.verdict in (*JOINS, "attached") and one.subject_kind:
            sides.join((one.kind, one.value), (one.subject_kind, one.subject_value))
    return sides.of((join.kind, join.value))


def _born_together(aliases: Iterable[dict[str, Any]], before: int) -> dict[str, list[Alias]]:
    groups: dict[str, list[Alias]] = {}
    for one in aliases:
        if one["link"]["verdict"] == "attached" and (moments.read(one["first_seen"]) or 0) < before:
            groups.setdefault(one["link"]["event_id"], []).append((one["kind"], one["value"]))
    return groups


class _Sides:
    """Disjoint sets of identifiers."""

    def __init__(self) -> None:
        self._members: dict[Alias, list[Alias]] = {}

    def join(self, one: Alias, other: Alias) -> None:
        """Put two sides together."""
        mine, theirs = self.of(one), self.of(other)
        if mine is not theirs:
            mine.extend(theirs)
            for member in mine:
                self._members[member] = mine

    def of(self, one: Alias) -> list[Alias]:
        """Everything on the side of an identifier."""
        return self._members.setdefault(one, [one])
