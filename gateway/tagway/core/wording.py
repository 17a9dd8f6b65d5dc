"""Numbers with their nouns, times and long texts, as a person reads them. Pure."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count and its noun, in the number that goes with it; `plural` where it is not the noun with an `s`.

    >>> counted(1, "event"), counted(1284, "event"), counted(0, "person", "people")
    ('1 event', '1,284 events', '0 people')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def to_the_second(moment: str) -> str:
    """A time of our JSON (`core.moments.write`) as people read it, in UTC.

    >>> to_the_second("2025-11-01T12:26:40.123456Z")
    '2025-11-01 12:26:40Z'
    """
    return f"{moment[:19].replace('T', ' ')}Z"


def shortened(text: str, most: int = 60) -> str:
    """A text of at most so many characters; the end of a longer one is left out."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
