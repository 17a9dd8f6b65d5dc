"""What a fold had come to at a moment, from what is recorded of it: so that a refold starts there. Pure.

A step does three things that last: it bears identifiers (and epochs of weak ones), it joins two profiles, and it
hands a device over. Each is recorded, a birth with its holding and the rest as a verdict, and what else a profile
has (its person, its id, whether there is an email) follows from them. So births and joins before a moment, done
again in their order, give the book as the steps before that moment left it: no guard is asked again, and the
events that changed nothing, which are most, are not read.

It is exact for whole moments only: where a device changes hands twice in one, the record keeps the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from tagway.core.events import Identifier
from tagway.core.identity.book import Book, Link
from tagway.core.identity.evidence import birth


class Birth(NamedTuple):
    """An identifier's first holding, or a later epoch of a weak one: when it began, and when it was last seen.

    `touched` is a bound for the key of the last event that named an identifier of its profile.
    """

    id: Identifier
    born: bytes
    later: bool
    last_seen: int
    touched: bytes


class Join(NamedTuple):
    """A verdict that put an identifier on the profile of the event's subject; `key` is the event's."""

    id: Identifier
    subject: Identifier
    key: bytes
    link: Link


def recall(book: Book, births: Iterable[Birth], joins: Iterable[Join]) -> None:
    """Do in an empty book what was recorded of the steps before a moment.

    `births` and `joins` are all of a component before it, in any order.
    """
    # In one event all identifiers are born before any is joined.
    recorded: list[tuple[bytes, Birth | Join]] = [(one.born, one) for one in births]
    recorded += [(birth(one.key, 255) + b"\xff", one) for one in joins]
    for _, one in sorted(recorded, key=itemgetter(0)):
        if isinstance(one, Birth):
            holding = book.bear(one.id, one.born, later=one.later)
            holding.last_seen, holding.group.touched = one.last_seen, one.touched
        else:
            book.join(book.current[one.subject].group, book.current[one.id], one.key, one.link)
