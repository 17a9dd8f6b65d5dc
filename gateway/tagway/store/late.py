"""Late events that change nothing, so that nothing is folded again for them: most of the late ones are that.

An event with one identifier says only that it was there. One with several says again what was known, when an
earlier event carried them all, joined them all, and each is held as it was then: they were on one profile when
this event was, and would have stayed there. Neither holds for a weak identifier that the event finds expired.

Where a refold is owed already the store may be wrong about an earlier event; but then that refold starts before
this one, which is kept, and takes it in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from tagway.core.events import Identifier
from tagway.core.identity.book import JOINED, Book, Holding
from tagway.core.identity.evidence import Fact, event_of
from tagway.core.identity.kinds import WEAK
from tagway.store.links import Links, Sighting


class Late:
    """Tells which late events change nothing. Every call is in the engine's transaction."""

    def __init__(self, db: sqlite3.Connection, links: Links) -> None:
        """Work on the engine's connection, beside the evidence."""
        self._db = db
        self._links = links

    def is_idle(self, fact: Fact, key: bytes, numbers: Mapping[Identifier, int], book: Book) -> bool:
        """Whether an event that names weak identifiers, or several, changes nothing that is known.

        `numbers` has the alias_id of every identifier; `book` their holdings as they are now.
        """
        held = [book.current[one] for one in fact.ids if one in book.current]
        if fact.shared or len(held) < len(fact.ids):
            return False
        if len(held) == 1:
            return self._is_seen(held[0], fact.at, key, book.weak_gap)
        if fact.retracted or any(book.rulings.severed(held[0].id, one.id) for one in held):
            return False
        if not all(_is_current(one, fact.at, key, book.weak_gap) for one in held):
            return False
        before = self._links.last_named(numbers[fact.ids[-1]], fact.at)
        return before is not None and self._says_the_same(before, held, numbers)

    def note(self, fact: Fact, key: bytes, book: Book) -> None:
        """Let what such an event says be known: what is earlier than it comes late, and weak ones were seen."""
        for one in fact.ids:
            holding = book.current[one]
            book.touch(holding.group.root(), key)
            if one.kind in WEAK and fact.at > holding.last_seen:
                holding.last_seen = fact.at
                book.changed.add(holding)

    def _is_seen(self, now: Holding, at: int, key: bytes, gap: int) -> bool:
        """Whether a sighting of a weak identifier falls in an epoch, in which no gap is too long."""
        if now.since <= at:
            return _is_current(now, at, key, gap)
        row = self._db.execute(
            "SELECT born, last_seen FROM holdings WHERE alias_id = ? AND since <= ? AND until > ?",
            (now.alias_id, at, at),
        ).fetchone()
        return row is not None and row[0] < key and at <= row[1]

    def _says_the_same(self, before: Sighting, held: list[Holding], numbers: Mapping[Identifier, int]) -> bool:
        if not all(
            numbers[one.id] in before.ids and (one.since < before.at or event_of(one.born) == before.event_id)
            for one in held
        ):
            return False
        query = "SELECT kind, value, verdict FROM verdicts WHERE event_id = ?"
        refused = {row[:2] for row in self._db.execute(query, (before.event_id,)).fetchall() if row[2] not in JOINED}
        return refused.isdisjoint(one.id for one in held)


def _is_current(now: Holding, at: int, key: bytes, gap: int) -> bool:
    """Whether an identifier was held at an event as it is now; a weak one not expired by then."""
    return now.born < key and (now.id.kind not in WEAK or at - now.last_seen <= gap)
