"""Moments in the time zone of the machine."""

from __future__ import annotations

import time

import pytest
from tagway.core import moments
from tagway_tui.clock import clock_time, day_time, lately, span

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
