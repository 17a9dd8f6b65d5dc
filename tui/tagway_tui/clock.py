"""Moments as a person here reads them: in the time zone of this machine."""

from __future__ import annotations

from datetime import datetime, timedelta

from tagway.core import moments


def local(micros: int) -> datetime:
    """A moment in the time zone of this machine."""
    return (moments.EPOCH + timedelta(microseconds=micros)).astimezone()


def clock_time(micros: int, fraction: bool) -> str:
    """The time of day, with milliseconds or without."""
    at = local(micros)
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}" if fraction else f"{at:%H:%M:%S}"


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
