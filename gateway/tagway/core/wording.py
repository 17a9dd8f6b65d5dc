"""Numbers with their nouns, as a person reads them. Pure."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count and its noun, in the number that goes with it; `plural` where it is not the noun with an `s`.

    >>> counted(1, "event"), counted(1284, "event"), counted(0, "person", "people")
    ('1 event', '1,284 events', '0 people')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
