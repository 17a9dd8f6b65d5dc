"""Which row stands where, without holding the rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.core.query import Ages
from tagway.store.window import Match
from tagway_tui.index import Everything, Matches


def happened(*seqs: int) -> list[Match]:
    """Matches, all of one moment."""
    return [Match(seq, 0) for seq in seqs]


@st.composite
def everything(draw: st.DrawFn) -> tuple[Everything, list[int]]:
    """An index, and the same rows as a plain list of keys."""
    first = draw(st.integers(1, 5))
    last = draw(st.integers(first - 1, first + 12))
    after = sorted(draw(st.lists(st.integers(first - 1, last), max_size=6)))
    index = Everything(first, last)
    index.refuse((100 + place, one) for place, one in enumerate(after))
    keys: list[int] = []
    for seq in range(first - 1, last + 1):
        keys += [seq] if seq >= first else []
        keys += [-(100 + place) for place, one in enumerate(after) if one == seq]
    return index, keys


@given(everything())
def test_every_row_stands_where_a_plain_list_would_have_it(case: tuple[Everything, list[int]]) -> None:
    index, keys = case
    assert [index.key(place) for place in range(len(index))] == keys


@given(everything())
def test_every_key_is_found_at_its_row(case: tuple[Everything, list[int]]) -> None:
    index, keys = case
    assert [index.place(key) for key in keys] == list(range(len(keys)))


def test_an_empty_index_has_no_row() -> None:
    assert Everything().place(5) == -1
    with pytest.raises(IndexError):
        Everything().key(0)


def test_a_match_that_is_gone_is_replaced_by_the_next() -> None:
    matches = Matches()
    matches.newer(happened(3, 7, 9), 0)
    assert matches.place(5) == 1


def test_older_matches_come_before_those_that_are_there() -> None:
    matches = Matches()
    matches.newer(happened(7, 9), 0)
    matches.older(happened(3, 5), 0)
    assert [matches.key(place) for place in range(len(matches))] == [3, 5, 7, 9]
    assert (matches.holds(5), matches.holds(6)) == (True, False)


@given(everything(), st.integers(0, 4), st.integers(0, 2))
def test_what_came_after_a_mark_is_counted(case: tuple[Everything, list[int]], events: int, refusals: int) -> None:
    index, keys = case
    mark = index.mark()
    index.last += events
    index.refuse((1_000 + place, index.last) for place in range(refusals))
    assert index.beyond(mark) == events + refusals
    assert [index.key(place) for place in range(len(index) - index.beyond(mark))] == keys


def test_matches_after_a_mark_are_counted_however_many_older_ones_come_in() -> None:
    matches = Matches()
    matches.newer(happened(7, 9, 12), 0)
    matches.older(happened(3, 5), 0)
    assert matches.beyond((8, 0)) == 2


ages = st.none() | st.integers(0, 12)
times = st.lists(st.integers(0, 20), max_size=8)


@given(ages, ages, times, times, st.lists(st.integers(0, 15), min_size=1, max_size=4))
def test_at_any_moment_those_matches_stand_there_that_are_of_the_age_asked_for(
    least: int | None, most: int | None, late: list[int], early: list[int], moments: list[int]
) -> None:
    wanted = Ages(least, most)
    matches = Matches(wanted)
    of = [Match(place, at) for place, at in enumerate([*early, *late])]
    began, *later = sorted(moments)
    # What was too old when the filter was made is not found by it.
    found = [one for one in of if most is None or began - one.timestamp <= most]
    matches.newer([one for one in found if one.seq >= len(early)], began)
    matches.older([one for one in found if one.seq < len(early)], began)
    for now in (began, *later):
        changed = matches.grow_older(now) if now != began else False
        assert list(matches.seqs) == [one.seq for one in of if wanted.allow(now - one.timestamp)]
        assert not (changed and not wanted)
