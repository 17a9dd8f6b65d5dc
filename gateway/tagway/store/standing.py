"""What the store says of a component, and how it comes to say what a refold made of that.

Only what differs is written: most of a component is what it was.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tagway.core import body
from tagway.core.events import Identifier
from tagway.core.identity import traits
from tagway.core.identity.book import Group, Holding
from tagway.core.identity.evidence import start
from tagway.core.identity.kinds import WEAK
from tagway.core.identity.recall import Birth
from tagway.store.holdings import Holdings, profile_row

_ROWS: Final = (
    "SELECT h.alias_id, h.since, h.later, h.until, h.kind, h.value, h.cluster, h.handle, h.born, h.last_seen,"
    " h.event_id, h.verdict, h.rule, h.shared, c.profile FROM json_each(?) w"
    " CROSS JOIN holdings h ON h.alias_id = w.value JOIN clusters c ON c.cluster = h.cluster"
)
_PEOPLE: Final = (
    "SELECT p.profile, p.profile_id, p.born, p.touched, p.person, p.user_id, p.has, p.reachable_at, p.size, p.traits"
    " FROM json_each(?) w CROSS JOIN people p ON p.profile = w.value"
)
_INSERT: Final = "INSERT OR REPLACE INTO holdings VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_WEAK: Final = frozenset(WEAK)

Place = tuple[int, int, int]
"""Which holding of which alias: alias_id, since, later."""


class Row(NamedTuple):
    """A row of `holdings`."""

    alias_id: int
    since: int
    later: int
    until: int
    kind: str
    value: str
    cluster: int
    handle: str
    born: bytes
    last_seen: int
    event_id: bytes
    verdict: str
    rule: str
    shared: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A component as it stands: its holdings, the profile of each, and the profiles as `profile_row` and traits."""

    rows: Mapping[Place, Row]
    profiles: Mapping[Place, int]
    people: Mapping[int, tuple[tuple[Any, ...], str]]

    def names(self) -> dict[int, Identifier]:
        """The identifiers of the aliases."""
        return {row.alias_id: Identifier(row.kind, row.value) for row in self.rows.values()}

    def births(self, before: int, last_seen: Callable[[int, int], int]) -> list[Birth]:
        """What was born before a moment; `last_seen` tells when an alias was last seen before it."""
        edge = start(before)
        return [
            Birth(
                Identifier(row.kind, row.value),
                row.born,
                bool(row.later),
                row.last_seen if row.last_seen < before else last_seen(row.alias_id, before),
                min(self.people[self.profiles[place]][0][3], edge),
            )
            for place, row in self.rows.items()
            if row.born < edge and (not row.later or row.kind in _WEAK)
        ]

    def undisturbed(self, made: Mapping[Place, Holding]) -> dict[int, Group]:
        """The profiles all of whose holdings are what they were, and on one profile still; and which that is now."""
        found: dict[int, Group] = {}
        disturbed: set[int] = set()
        for place, profile in self.profiles.items():
            one = made.get(place)
            if (
                one is None
                or one.until != self.rows[place].until
                or found.setdefault(profile, one.group.root()) is not one.group.root()
            ):
                disturbed.add(profile)
        return {profile: group for profile, group in found.items() if profile not in disturbed}


def standing(db: sqlite3.Connection, aliases: Iterable[int]) -> Standing:
    """What the store says of some aliases."""
    rows: dict[Place, Row] = {}
    profiles: dict[Place, int] = {}
    for *row, profile in db.execute(_ROWS, (json.dumps(sorted(aliases)),)).fetchall():
        place = (row[0], row[1], row[2])
        rows[place], profiles[place] = Row(*row), profile
    found = db.execute(_PEOPLE, (json.dumps(sorted(set(profiles.values()))),)).fetchall()
    return Standing(rows, profiles, {row[0]: (row[:-1], row[-1]) for row in found})


class Rewriting:
    """The writing of refolded components. Every call is in the engine's transaction."""

    def __init__(self, db: sqlite3.Connection, holdings: Holdings) -> None:
        """Work on the engine's connection, beside the cache."""
        self._db = db
        self._holdings = holdings

    def write(self, before: Standing, holdings: Sequence[Holding], *, retell: bool) -> None:
        """Let the store say what a refold made of a component.

        `retell` says that what its people said is to be looked up, also where nobody's holdings changed.
        """
        made = {(one.alias_id, one.since, int(one.later)): one for one in holdings}
        whole = {} if retell else before.undisturbed(made)
        self._number(made, before)
        self._write_rows(made, before)
        self._tell(made, before, whole)
        self._holdings.forget(before.names().values())

    def tell_alone(self, alias: int) -> None:
        """Let an identifier that joins nobody, which is on a profile of its own, have what events said about it."""
        rows = self._db.execute("SELECT traits, at, event_id FROM claims WHERE alias_id = ?", (alias,)).fetchall()
        said = traits.newest(*(traits.told(body.decode(text), at, event_id) for text, at, event_id in rows))
        self._db.execute(
            "UPDATE people SET traits = ? WHERE profile = (SELECT c.profile FROM holdings h"
            " JOIN clusters c ON c.cluster = h.cluster WHERE h.alias_id = ?)",
            (body.encode(said).decode(), alias),
        )

    def _number(self, made: Mapping[Place, Holding], before: Standing) -> None:
        """Give the profiles the numbers that most of their aliases have in the store, so that little is written."""
        groups: dict[Group, Counter[int]] = {}
        for place, one in made.items():
            votes = groups.setdefault(one.group.root(), Counter())
            if place in before.profiles:
                votes[before.profiles[place]] += 1
        free = set(before.people)
        claims = sorted(
            ((count, number, group) for group, votes in groups.items() for number, count in votes.items()),
            key=lambda one: (-one[0], one[1], one[2].born),
        )
        for _, number, group in claims:
            if not group.number and number in free:
                group.number = number
                free.remove(number)
        for group in groups:
            if not group.number:
                group.number = self._holdings.profile_number()
                self._db.execute("INSERT INTO clusters VALUES (?,?)", (group.number, group.number))
        self._db.executemany("DELETE FROM people WHERE profile = ?", [(one,) for one in free])
        self._db.executemany("DELETE FROM clusters WHERE profile = ?", [(one,) for one in free])
        known = {number: row for number, (row, _) in before.people.items()}
        self._holdings.write_profiles(one for one in groups if known.get(one.number) != profile_row(one))

    def _write_rows(self, made: Mapping[Place, Holding], before: Standing) -> None:
        wanted: dict[Place, Row] = {}
        for place, one in made.items():
            profile = one.group.root().number
            cluster = before.rows[place].cluster if before.profiles.get(place) == profile else profile
            link = one.link
            wanted[place] = Row(
                *place, one.until, *one.id, cluster, one.handle, one.born, one.last_seen,
                link.event_id, link.verdict, link.rule, one.shared,
            )  # fmt: skip
        gone = sorted(before.rows.keys() - wanted.keys())
        self._db.executemany("DELETE FROM holdings WHERE alias_id = ? AND since = ? AND later = ?", gone)
        self._db.executemany(_INSERT, sorted(row for place, row in wanted.items() if before.rows.get(place) != row))

    def _tell(self, made: Mapping[Place, Holding], before: Standing, whole: Mapping[int, Group]) -> None:
        """Let people have what events said about them; of `whole` profiles that is known already."""
        told: dict[Group, traits.Told] = {one.group.root(): {} for one in made.values()}
        for profile, group in whole.items():
            told[group] = traits.newest(told[group], body.decode(before.people[profile][1]))
        for place, one in made.items():
            if before.profiles.get(place) not in whole:
                group = one.group.root()
                for at, event_id, text in self._claims(one):
                    told[group] = traits.newest(told[group], traits.told(body.decode(text), at, event_id))
        rows = [(body.encode(said).decode(), group.number) for group, said in told.items()]
        known = {number: text for number, (_, text) in before.people.items()}
        self._db.executemany(
            "UPDATE people SET traits = ? WHERE profile = ?", [one for one in rows if known.get(one[1], "{}") != one[0]]
        )

    def _claims(self, one: Holding) -> list[tuple[int, bytes, str]]:
        query = "SELECT at, event_id, traits FROM claims WHERE alias_id = ? AND at >= ? AND at < ?"
        return self._db.execute(query, (one.alias_id, one.since, one.until)).fetchall()
