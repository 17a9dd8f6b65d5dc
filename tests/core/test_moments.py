"""Moments: every vendor's way to write time, and never a guess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagway.core import moments

MICROS = st.integers(0, 253_370_764_800_000_000)


@given(MICROS)
def test_what_is_written_is_read_back(moment: int) -> None:
    assert moments.read(moments.write(moment)) == moment


@given(MICROS, MICROS)
def test_written_moments_with_milliseconds_sort_like_the_moments(one: int, other: int) -> None:
    one, other = one // 1_000 * 1_000, other // 1_000 * 1_000

    assert (moments.write(one) < moments.write(other)) == (one < other)


@given(MICROS, st.integers(-14 * 60, 14 * 60))
def test_an_offset_changes_the_writing_and_not_the_moment(moment: int, minutes: int) -> None:
    here = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
    try:
        there = here.astimezone(timezone(timedelta(minutes=minutes)))
    except OverflowError:
        return

    assert moments.read(there.isoformat()) == moment


@given(st.text())
def test_any_text_is_a_moment_or_none_and_never_an_error(text: str) -> None:
    assert moments.read(text) is None or isinstance(moments.read(text), int)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(), st.lists(st.none())))
def test_any_value_is_a_unix_time_or_none_and_never_an_error(value: object) -> None:
    for unit in ("s", "ms", "us"):
        assert moments.from_unix(value, unit) is None or isinstance(moments.from_unix(value, unit), int)


def test_the_first_pointer_that_can_be_read_tells_the_time() -> None:
    document = {"updated_at": None, "created_at": "2025-11-01T12:26:40Z", "seen": "1762000000"}
    assert moments.of(document, "/updated_at", "/created_at", "/seen") == 1_762_000_000_000_000
    assert moments.of(document, "/seen", form="s") == 1_762_000_000_000_000


@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_says_no_time_is_none(value: object) -> None:
    assert moments.of({"at": value}, "/at", "/there") is None


def test_a_time_that_cannot_be_read_is_handed_on_as_it_was_sent() -> None:
    document = {"at": "2025-11-01 12:26:40", "later": "2025-11-01T12:26:40Z"}
    assert moments.of(document, "/at") == moments.Unread("2025-11-01 12:26:40", "/at")
    assert moments.of(document, "/at", "/later") == moments.Unread("2025-11-01 12:26:40", "/at", 1_762_000_000_000_000)
    assert moments.of(document, "/at", form="iso_utc") == 1_762_000_000_000_000


@given(st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.lists(st.none())))
def test_any_value_tells_a_time_or_none_or_is_handed_on(value: object) -> None:
    for form in get_args(moments.Form):
        told = moments.told(value, "/at", form)
        assert told is None or isinstance(told, int) or told == moments.Unread(value, "/at")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T10:00:00Z",
        "2026-11-01t10:00:00z",
        "2026-11-01 10:00:00 UTC",
        "2026-11-01T10:00Z",
        "2026-11-01T12:00:00+02:00",
        "2026-11-01T05:00:00-0500",
        "2026-11-01T10:00:00.000000000Z",
        "  2026-11-01T10:00:00Z ",
    ],
)
def test_the_ways_of_the_vendors_are_one_moment(text: str) -> None:
    assert moments.read(text) == 1_793_527_200_000_000


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-11-01", "2026-13-01T10:00:00Z", "2026-11-01T25:00:00Z", "1969-12-31T23:59:59Z", None, 1],
)
def test_what_is_no_time_is_none(text: object) -> None:
    assert moments.read(text) is None


def test_a_time_without_an_offset_is_utc_only_where_the_caller_says_so() -> None:
    assert moments.read("2026-11-01T10:00:00") is None
    assert moments.read("2026-11-01T10:00:00", naive_utc=True) == 1_793_527_200_000_000


@pytest.mark.parametrize(
    ("value", "unit"), [(1_793_527_200, "s"), ("1793527200000", "ms"), (1_793_527_200_000_000, "us")]
)
def test_unix_times_in_each_unit_are_one_moment(value: object, unit: str) -> None:
    assert moments.from_unix(value, unit) == 1_793_527_200_000_000


def test_a_callers_own_timestamp_is_kept() -> None:
    assert moments.corrected(timestamp=1, original=5, sent_at=6, received_at=9) == 1
    assert moments.corrected(timestamp=7, original=None, sent_at=6, received_at=9) == 7


def test_a_timestamp_after_sending_gives_way_to_the_original() -> None:
    assert moments.corrected(timestamp=8, original=5, sent_at=6, received_at=9) == 8  # 9 - (6 - 5)


def test_a_stored_request_that_is_sent_again_keeps_its_times() -> None:
    later = 60 * moments.DAY
    assert moments.corrected(timestamp=None, original=5, sent_at=6, received_at=later) == 5


@given(st.integers(0, 10**15), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(-(10**12), 10**12))
def test_a_wrong_clock_is_corrected_by_when_it_says_it_sent(event: int, queued: int, travel: int, skew: int) -> None:
    sent, received = event + queued, event + queued + travel

    corrected = moments.corrected(timestamp=None, original=event + skew, sent_at=sent + skew, received_at=received)

    assert corrected == event + travel


@given(MICROS, MICROS, MICROS)
def test_a_corrected_time_is_never_in_the_future(original: int, sent: int, received: int) -> None:
    corrected = moments.corrected(timestamp=None, original=original, sent_at=sent, received_at=received)

    assert corrected is not None
    assert 0 <= corrected <= received
