"""Moments in the time zone of the machine."""

from __future__ import annotations

import time

import pytest
from tagway.core import moments
from tagway_tui.clock import brief, clock_time, dated_time, day_time, full_time, lately, same_day, span

# 2025-10-09 08:53:20 in UTC.
AT = 1_760_000_000_000_000


@pytest.fixture(autouse=True)
def tokyo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine hours ahead, all year."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system cannot be given another time zone")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()


def test_date_and_time_of_day_are_of_the_same_zone() -> None:
    late = AT + 8 * moments.HOUR
    assert (clock_time(late, False), day_time(late)) == ("01:53:20", "2025-10-10 01:53:20")


def test_what_is_not_of_today_is_told_by_its_date() -> None:
    assert lately(AT, AT + moments.HOUR) == "17:53:20"
    assert lately(AT, AT + moments.DAY) == "2025-10-09"


def test_a_span_says_a_day_and_a_moment_once() -> None:
    assert span(AT, AT) == "2025-10-09 17:53:20"
    assert span(AT, AT + moments.HOUR) == "2025-10-09 17:53:20 to 18:53:20"
    assert span(AT, AT + moments.DAY) == "2025-10-09 17:53:20 to 2025-10-10 17:53:20"


def test_a_moment_of_another_day_is_told_with_its_day() -> None:
    today, later = AT + moments.HOUR, AT + moments.DAY
    assert (brief(AT, today), brief(AT, later)) == ("17:53:20", "10-09 17:53")
    assert (full_time(AT, today), full_time(AT, later)) == ("17:53:20.000", "2025-10-09 17:53:20.000")
    assert [dated_time(AT, seconds) for seconds in (True, False)] == ["10-09 17:53:20", "10-09 17:53"]


def test_days_change_at_midnight_here() -> None:
    midnight = AT + 6 * moments.HOUR + 6 * moments.MINUTE + 40 * moments.SECOND
    assert same_day((midnight, midnight + moments.DAY - 1), midnight + moments.HOUR)
    assert not same_day((midnight - 1, midnight), midnight)
    assert same_day((), midnight)
