"""The evidence that is kept, in the store, and what can be counted over it before any fold.

Kept are first sightings, sightings of weak identifiers, and every event with two or more identifiers, one row
for each of them: so an alias's rows are everything that ever named it together with others. `edges` says which
aliases were ever carried together; it is what makes components, and what tells an identifier of one person
from one of many. `claims` are what events said about their people.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Final, NamedTuple

from tagway.core.events import Identifier
from tagway.core.identity.book import FOREVER
from tagway.core.identity.kinds import RANK
from tagway.core.identity.rules import Rules
from tagway.core.identity.rulings import Rulings

_USER: Final = RANK["user_id"]
_EMAIL: Final = RANK["email"]
# From one alias to another, whatever kind that is: without the kinds SQLite would walk all edges of the first.
_EDGE: Final = f"alias_id = ? AND kind IN ({','.join(map(str, RANK.values()))}) AND other_id = ?"
_KNOWN_SETS: Final = 100_000
_NAMED: Final = """
SELECT l.at, l.event_id, l.ids FROM json_each(?) w CROSS JOIN links l ON l.alias_id = w.value AND l.at >= ?
"""


class Sighting(NamedTuple):
    """An event as the store keeps it: which aliases it names, strongest first."""

    event_id: bytes
    at: int
    ids: tuple[int, ...]


class Links:
    """The write side of `links`, `edges` and `claims`. Every call is in the engine's transaction."""

    def __init__(self, db: sqlite3.Connection, rules: Rules) -> None:
        """Work on the engine's connection."""
        self._db = db
        self._rules = rules
        self._known: set[tuple[int, ...]] = set()
        self._rows: list[tuple[int, int, bytes, str]] = []
        self._claims: list[tuple[int, int, bytes, str]] = []

    def keep(self, one: Sighting) -> None:
        """Keep an event; it is written by `write`."""
        ids = f"[{','.join(map(str, one.ids))}]"
        self._rows += [(alias, one.at, one.event_id, ids) for alias in one.ids]

    def claim(self, alias: int, at: int, event_id: bytes, traits: str) -> None:
        """Keep what an event said about the person of its subject; it is written by `write`."""
        self._claims.append((alias, at, event_id, traits))

    def write(self) -> None:
        """Write what was kept."""
        self._db.executemany("INSERT OR IGNORE INTO links VALUES (?,?,?,?)", sorted(self._rows))
        self._db.executemany("INSERT OR REPLACE INTO claims VALUES (?,?,?,?)", sorted(self._claims))
        self._rows, self._claims = [], []

    def connect(self, aliases: tuple[int, ...], ids: Sequence[Identifier], *, live: bool) -> bool:
        """Note that these aliases were carried together; whether that was new. `live` is an unretracted event's."""
        if live and aliases in self._known:
            return False
        others = [(RANK[one.kind], alias) for alias, one in zip(aliases, ids, strict=True)]
        rows = [(alias, kind, other, live) for alias in aliases for kind, other in others if other != alias]
        before = self._db.total_changes
        self._db.executemany(
            "INSERT INTO edges VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET live = 1 WHERE live < excluded.live", rows
        )
        if live:
            if len(self._known) >= _KNOWN_SETS:
                self._known.clear()
            self._known.add(aliases)
        return self._db.total_changes > before

    def neighbors(self, alias: int) -> list[int]:
        """The aliases ever carried together with one."""
        return [row[0] for row in self._db.execute("SELECT other_id FROM edges WHERE alias_id = ?", (alias,))]

    def shared(self, alias: int, one: Identifier, rulings: Rulings, name: Callable[[int], Identifier]) -> str:
        """The rule by which an identifier joins nobody; empty when it may join. `name` reads an alias_id."""
        if rulings.blocks(one):
            return "blocked"
        if one.kind == "user_id" and self._carried(alias, _EMAIL) > self._rules.emails:
            return "emails_per_user_id"
        people = self._carried(alias, _USER)
        if people > self._rules.people and rulings.people:
            people = len(self._people(alias, rulings, name) - {rulings.person(one)})
        return "people_per_identifier" if people > self._rules.people else ""

    def named(self, aliases: Iterable[int], since: int = -FOREVER, limit: int | None = None) -> dict[bytes, Sighting]:
        """Every kept event since a moment that names one of these aliases; beyond `limit`, one more than that."""
        found: dict[bytes, Sighting] = {}
        rows = self._db.execute(_NAMED, (json.dumps(sorted(aliases)), since))
        for at, event_id, ids in rows:
            if event_id not in found:
                found[event_id] = Sighting(event_id, at, tuple(json.loads(ids)))
                if limit is not None and len(found) > limit:
                    break
        rows.close()
        return found

    def first_seen(self, alias: int) -> int:
        """When the first kept event was that names an alias, microseconds; `FOREVER` when there is none."""
        (at,) = self._db.execute("SELECT min(at) FROM links WHERE alias_id = ?", (alias,)).fetchone()
        return FOREVER if at is None else int(at)

    def first_named(self, alias: int) -> list[Sighting]:
        """The kept events that name an alias, of the first moment at which there is one."""
        query = "SELECT at, event_id, ids FROM links WHERE alias_id = ? AND at = ?"
        rows = self._db.execute(query, (alias, self.first_seen(alias))).fetchall()
        return [Sighting(event_id, at, tuple(json.loads(ids))) for at, event_id, ids in rows]

    def last_named(self, alias: int, before: int) -> Sighting | None:
        """The last kept event before a moment that names an alias; None when there is none."""
        row = self._db.execute(
            "SELECT event_id, at, ids FROM links WHERE alias_id = ? AND at < ? ORDER BY at DESC, event_id DESC LIMIT 1",
            (alias, before),
        ).fetchone()
        return Sighting(row[0], row[1], tuple(json.loads(row[2]))) if row else None

    def last_seen(self, alias: int, before: int) -> int:
        """When the last kept event before a moment was that names an alias, which there must be; microseconds."""
        query = "SELECT max(at) FROM links WHERE alias_id = ? AND at < ?"
        return int(self._db.execute(query, (alias, before)).fetchone()[0])

    def find(self, event_id: bytes) -> Sighting | None:
        """The event of this id as it stands in the store; None when there is none."""
        row = self._db.execute(
            "SELECT alias_id, at FROM events WHERE event_id = ? AND status <> 'dead_letter' LIMIT 1", (event_id,)
        ).fetchone()
        if row is None:
            return None
        alias, at = row
        if alias is None:
            return Sighting(event_id, at, ())
        link = self._db.execute(
            "SELECT ids FROM links WHERE alias_id = ? AND at = ? AND event_id = ?", (alias, at, event_id)
        ).fetchone()
        return Sighting(event_id, at, tuple(json.loads(link[0])) if link else (alias,))

    def claimed(self, one: Sighting) -> str:
        """What a stored event said about its person, as JSON; empty when nothing."""
        for alias in one.ids:
            row = self._db.execute(
                "SELECT traits FROM claims WHERE alias_id = ? AND at = ? AND event_id = ?",
                (alias, one.at, one.event_id),
            ).fetchone()
            if row is not None:
                return str(row[0])
        return ""

    def drop(self, one: Sighting, fresh: Container[bytes] = ()) -> None:
        """Take an event out of the evidence; the first sightings of what it named are looked up again.

        `fresh` are events that are told anew and kept as that.
        """
        keys = [(alias, one.at, one.event_id) for alias in one.ids]
        self._db.executemany("DELETE FROM links WHERE alias_id = ? AND at = ? AND event_id = ?", keys)
        self._db.executemany("DELETE FROM claims WHERE alias_id = ? AND at = ? AND event_id = ?", keys)
        for alias in one.ids:
            self._first_sighting(alias, one.event_id, fresh)

    def recount(self, ids: Iterable[int], retracted: Container[bytes]) -> None:
        """Tell again which of these aliases' edges stand on an event that is not among the retracted."""
        self._known.clear()
        for alias in ids:
            events = self.named([alias]).values()
            live = {other for one in events if one.event_id not in retracted for other in one.ids} - {alias}
            for other in self.neighbors(alias):
                pair = (other in live, alias, other), (other in live, other, alias)
                self._db.executemany(f"UPDATE edges SET live = ? WHERE {_EDGE}", pair)

    def disconnect(self, aliases: Iterable[int]) -> None:
        """Forget with whom aliases were carried, unless there is evidence of them still."""
        for alias in aliases:
            if not self.named([alias]):
                self._known.clear()
                self._db.executemany(
                    f"DELETE FROM edges WHERE {_EDGE}", [(other, alias) for other in self.neighbors(alias)]
                )
                self._db.execute("DELETE FROM edges WHERE alias_id = ?", (alias,))

    def _first_sighting(self, alias: int, gone: bytes, fresh: Container[bytes]) -> None:
        rows = self._db.execute("SELECT at, event_id FROM events WHERE alias_id = ? ORDER BY at, event_id", (alias,))
        for at, event_id in rows:
            if event_id != gone and event_id not in fresh:
                if self.find(event_id) == Sighting(event_id, at, (alias,)):
                    self.keep(Sighting(event_id, at, (alias,)))
                break
        rows.close()

    def _carried(self, alias: int, kind: int) -> int:
        query = "SELECT count(*) FROM edges WHERE alias_id = ? AND kind = ? AND live"
        return int(self._db.execute(query, (alias, kind)).fetchone()[0])

    def _people(self, alias: int, rulings: Rulings, name: Callable[[int], Identifier]) -> set[Identifier]:
        query = "SELECT other_id FROM edges WHERE alias_id = ? AND kind = ? AND live"
        return {rulings.person(name(user)) for (user,) in self._db.execute(query, (alias, _USER)).fetchall()}
