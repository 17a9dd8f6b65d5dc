"""Moments: reading and writing times as integer microseconds since the Unix epoch, UTC.

Vendors write time in every way there is; this is the one place that reads them. A time without an offset is
never guessed to be local: the caller says that it is UTC (`naive_utc=True`), otherwise it is refused. What a
payload tells and nobody can read is not dropped: `of` and `told` hand it on as `Unread`, for a violation.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from tagway.core import body

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The years 1970 to 9999: what every reader of ours, SQLite's included, can show.
_LATEST: Final = int((datetime(9999, 12, 31, tzinfo=UTC) - EPOCH).total_seconds()) * SECOND
_MICROSECOND: Final = timedelta(microseconds=1)
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?\s*([Zz]|UTC|[+-]\d\d:?\d\d)?", re.ASCII
)
# No time is longer, and what is longer must not fill the cache.
_LONGEST: Final = 64
_UNITS: Final = {"s": SECOND, "ms": 1_000, "us": 1}


def read(text: Any, *, naive_utc: bool = False) -> int | None:
    """Read an RFC 3339 or near ISO 8601 time; None when it is not one.

    Accepts `2026-11-01T10:00:00.123Z`, offsets with or without a colon, a space for the `T`, 0 to 9
    fraction digits (cut to microseconds) and, with `naive_utc`, a time that carries no offset.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    return _read(text.strip(), naive_utc)


# The calls of a batch share a time of sending, and SDKs write the time of an event twice.
@functools.lru_cache(maxsize=512)
def _read(text: str, naive_utc: bool) -> int | None:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, offset = match.groups()
    if offset is None and not naive_utc:
        return None
    if offset in (None, "Z", "z", "UTC"):
        offset = "+00:00"
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{offset}")
    except ValueError:
        return None
    micros = (moment - EPOCH) // _MICROSECOND + (int(fraction.ljust(6, "0")[:6]) if fraction else 0)
    return micros if 0 <= micros <= _LATEST else None


def from_unix(value: Any, unit: str = "s") -> int | None:
    """Read a Unix time in `s`, `ms` or `us`, given as a number or as digits; None when it is not one."""
    if isinstance(value, bool):
        return None
    try:
        micros = int(value * _UNITS[unit]) if not isinstance(value, str) else _digits(value, unit)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        return None
    return micros if 0 < micros <= _LATEST else None


def _digits(text: str, unit: str) -> int:
    text = text.strip()
    if not re.fullmatch(r"\d{1,17}", text, re.ASCII):
        raise ValueError(text)
    return int(text) * _UNITS[unit]


Reader = Callable[[Any], int | None]
Form = Literal["iso", "iso_utc", "s", "ms", "us"]
FORMS: Final[Mapping[str, Reader]] = {
    "iso": read,
    "iso_utc": lambda value: read(value, naive_utc=True),
    "s": from_unix,
    "ms": lambda value: from_unix(value, "ms"),
    "us": lambda value: from_unix(value, "us"),
}
"""How vendors write a time, by name; `iso_utc` is for those whose times carry no offset and are UTC."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A time that a payload tells and that cannot be read: the value as sent, and its pointer in the item.

    `instead` is another time that the payload tells, where it does.
    """

    value: Any
    pointer: str = ""
    instead: int | None = None


Told = int | Unread | None
"""When a payload says that something happened; None when it does not say."""


def told(value: Any, pointer: str = "", form: Form | Reader = "iso") -> Told:
    """The time that a value of a payload tells; `pointer` says where it stands in the item."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    at = (FORMS[form] if isinstance(form, str) else form)(value)
    return Unread(value, pointer) if at is None else at


def of(document: Any, *pointers: str, form: Form | Reader = "iso") -> Told:
    """The time that a document tells at the first of some pointers that can be read.

    >>> of({"created_at": "2025-11-01T12:26:40Z"}, "/updated_at", "/created_at")
    1762000000000000
    """
    unread: Unread | None = None
    for pointer in pointers:
        found = told(body.at(document, pointer), pointer, form)
        if isinstance(found, int):
            return found if unread is None else replace(unread, instead=found)
        unread = unread or found
    return unread


def write(moment: int) -> str:
    """Write a moment as RFC 3339 in UTC, with milliseconds, or microseconds where there are any.

    >>> write(1_762_000_000_123_000)
    '2025-11-01T12:26:40.123Z'
    """
    seconds, micros = divmod(moment, SECOND)
    text = (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    millis, rest = divmod(micros, 1_000)
    return f"{text}.{micros:06d}Z" if rest else f"{text}.{millis:03d}Z"


def corrected(*, timestamp: int | None, original: int | None, sent_at: int | None, received_at: int) -> int | None:
    """When an event happened, by what an SDK sent: `timestamp`, else the clock-skew-corrected original.

    Segment's rule: received_at - (sent_at - original). A caller's own timestamp is kept as it is; one after
    `sent_at` is not the caller's but another server's estimate, and the original is better. More than 30 days
    between sending and receiving are no skew but a stored request that is sent again: its times are kept.
    """
    if timestamp is not None and (original is None or sent_at is None or timestamp <= sent_at):
        return timestamp
    if original is None:
        return None
    if sent_at is None or abs(received_at - sent_at) > 30 * DAY:
        return min(original, received_at)
    return max(0, min(received_at - (sent_at - original), received_at))
