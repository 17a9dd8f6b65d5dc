"""Moments as a person here reads them: in the time zone of this machine."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from tagway.core import moments


def local(micros: int) -> datetime:
    """A moment in the time zone of this machine."""
    return (moments.EPOCH + timedelta(microseconds=micros)).astimezone()


def clock_time(micros: int, fraction: bool) -> str:
    """The time of day, with milliseconds or without."""
    at = local(micros)
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}" if fraction else f"{at:%H:%M:%S}"


def full_time(micros: int, today: int) -> str:
    """The time of day to the millisecond; of another day than `today` with its date."""
    day = "" if same_day((micros,), today) else f"{local(micros):%Y-%m-%d} "
    return day + clock_time(micros, True)


def dated_time(micros: int, seconds: bool) -> str:
    """The day of the year and the time of day, in 14 cells, or in 11 to the minute."""
    return f"{local(micros):%m-%d %H:%M:%S}" if seconds else f"{local(micros):%m-%d %H:%M}"


def brief(micros: int, today: int) -> str:
    """The time of day of what is of the same day as `today`, in 8 cells; else with its day, in 11."""
    return clock_time(micros, False) if same_day((micros,), today) else dated_time(micros, False)


def same_day(times: Collection[int], today: int) -> bool:
    """Whether all of some moments are of the same day as `today`."""
    day = local(today).date()
    return not times or local(min(times)).date() == local(max(times)).date() == day


def lately(micros: int, today: int) -> str:
    """The time of day of what is of the same day as `today`, else the date, in 8 cells or 10."""
    at = local(micros)
    return f"{at:%H:%M:%S}" if at.date() == local(today).date() else f"{at:%Y-%m-%d}"


def day_time(micros: int) -> str:
    """The date and the time of day, to the second."""
    return f"{local(micros):%Y-%m-%d %H:%M:%S}"


def span(first: int, last: int) -> str:
    """From when to when; the date once when it is the same day, the time once when it is the same second."""
    begin, end = day_time(first), day_time(last)
    if begin == end:
        return begin
    return f"{begin} to {end[11:] if begin[:10] == end[:10] else end}"
