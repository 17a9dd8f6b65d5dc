"""Who holds which alias, in the store: a bounded cache in front of it, and the writing of what steps changed.

A `Book` holds the current holding of every identifier of the batch at hand; what it misses is loaded in a
sorted query for each kind. A merge never touches the larger profile's rows: a small profile's
holdings move to the large one's cluster, a larger one's clusters are pointed at it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from weakref import WeakValueDictionary

from tagway.core import body
from tagway.core.events import Identifier
from tagway.core.identity import traits
from tagway.core.identity.book import FOREVER, Book, Group, Holding, Link
from tagway.core.identity.evidence import Fact
from tagway.store.births import Births, by_kind
from tagway.store.recent import Recent

# Up to this size a profile's holdings move; above it, its clusters: so that clusters stay few.
_MOVES_BY_ROW: Final = 32
_COLUMNS: Final = (
    "h.alias_id, h.since, h.later, h.until, h.kind, h.value, h.handle, h.born, h.last_seen, h.event_id, h.verdict,"
    " h.rule, h.shared"
)
_GROUP: Final = "p.profile, p.profile_id, p.born, p.touched, p.person, p.user_id, p.has, p.reachable_at, p.size"
_JOINS: Final = "JOIN clusters c ON c.cluster = h.cluster JOIN people p ON p.profile = c.profile"
_CURRENT: Final = f"""
SELECT {_COLUMNS}, {_GROUP} FROM json_each(?) w
CROSS JOIN holdings h ON h.value = w.value AND h.kind = ? AND h.until = {FOREVER}
{_JOINS}
"""
_INSERT: Final = "INSERT OR REPLACE INTO holdings VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_UPDATE: Final = (
    "UPDATE holdings SET until = ?, last_seen = ?, event_id = ?, verdict = ?, rule = ?, shared = ?, born = ?"
    " WHERE alias_id = ? AND since = ? AND later = ?"
)
_PROFILE: Final = (
    "INSERT INTO people (profile, profile_id, born, touched, person, user_id, has, reachable_at, size, traits)"
    " VALUES (?,?,?,?,?,?,?,?,?,'{}') ON CONFLICT (profile) DO UPDATE SET profile_id = excluded.profile_id,"
    " born = excluded.born, touched = excluded.touched, person = excluded.person, user_id = excluded.user_id,"
    " has = excluded.has, reachable_at = excluded.reachable_at, size = excluded.size"
)


class Holdings:
    """The write side of `holdings`, `clusters` and `people`. One per engine; every call is in its transaction."""

    def __init__(self, db: sqlite3.Connection, cached: int = 100_000) -> None:
        """Work on the engine's connection, with about `cached` to twice as many aliases in memory."""
        self._db = db
        self.births = Births(db)
        self._recent: Recent[Identifier, Holding] = Recent(cached)
        self._groups: WeakValueDictionary[int, Group] = WeakValueDictionary()
        self._next_alias = self._count("SELECT ifnull(max(alias_id), 0) + 1 FROM holdings")
        self._next_profile = self._count("SELECT ifnull(max(profile), 0) + 1 FROM people")

    def current(self, wanted: Iterable[Identifier]) -> dict[Identifier, Holding]:
        """The current holdings of those identifiers that are known; what is missed comes in a query for each kind."""
        found: dict[Identifier, Holding] = {}
        missed: list[Identifier] = []
        for one in wanted:
            holding = self._recent.get(one)
            if holding is None:
                missed.append(one)
            else:
                found[one] = holding
        for parameters in by_kind(missed):
            for row in self._db.execute(_CURRENT, parameters).fetchall():
                holding = self._holding(row)
                found[holding.id] = holding
                self._recent.put(holding.id, holding)
        return found

    def number(self) -> int:
        """A new alias_id."""
        self._next_alias += 1
        return self._next_alias - 1

    def profile_number(self) -> int:
        """A new number for a profile."""
        self._next_profile += 1
        return self._next_profile - 1

    def forget(self, ids: Iterable[Identifier]) -> None:
        """Drop from the cache what was rewritten in the store."""
        for one in ids:
            self.births.forget(one)
            for holding in self._recent.pop(one):
                self._groups.pop(holding.group.root().number, None)

    def write(self, book: Book) -> None:
        """Write what the book's steps made, changed, moved and merged."""
        made, changed, moved, merged = book.made, book.changed, book.moved, book.merged
        touched = book.touched.union(one.group for one in made)
        book.made, book.changed, book.moved, book.touched, book.merged = [], set(), set(), set(), []
        gone = self._moves(merged)
        roots = {group.root() for group in touched}
        self._found(root for root in roots if not root.number)
        self.write_profiles(roots)
        self._move(gone)
        self._db.executemany(_INSERT, [self._row(one) for one in made])
        rows = [_update(one) for one in changed - set(made)]
        rows.sort(key=lambda row: row[-3:])
        self._db.executemany(_UPDATE, rows)
        self._reown(moved - set(made))
        for one in made:
            if one.until == FOREVER:
                self._recent.put(one.id, one)
            if not one.later:
                self.births.note(one.id, one.alias_id, one.since)
        self._recent.age()

    def _reown(self, holdings: Iterable[Holding]) -> None:
        self._db.executemany(
            "UPDATE holdings SET cluster = ? WHERE alias_id = ? AND since = ? AND later = ?",
            [(one.group.root().number, one.alias_id, one.since, one.later) for one in holdings],
        )

    def earlier(self, one: Identifier, alias: int) -> None:
        """An alias may have been seen earlier than known, and what that changes waits: its first holding covers it."""
        (at,) = self._db.execute("SELECT min(at) FROM links WHERE alias_id = ?", (alias,)).fetchone()
        if at is None:
            return
        for holding in self.current([one]).values():
            if not holding.later:
                holding.since = min(holding.since, at)
        self._db.execute("UPDATE holdings SET since = ?1 WHERE alias_id = ?2 AND later = 0 AND since > ?1", (at, alias))

    def reborn(self, holding: Holding, fact: Fact, book: Book) -> None:
        """An identifier that joins nobody was seen earlier than known: its profile was born then."""
        self._db.execute(
            "UPDATE holdings SET since = ? WHERE alias_id = ? AND since = ? AND later = 0",
            (min(holding.since, fact.at), holding.alias_id, holding.since),
        )
        book.reborn(holding, fact)

    def first_born(self, alias: int) -> bytes:
        """The birth of an alias, by the event that first named it."""
        (born,) = self._db.execute("SELECT born FROM holdings WHERE alias_id = ? AND later = 0", (alias,)).fetchone()
        return bytes(born)

    def owner(self, holding: Holding, at: int) -> Group | None:
        """The profile that an alias, given by its current holding, belongs to at a moment; None when to none."""
        if holding.since <= at:
            return holding.group
        row = self._db.execute(
            f"SELECT {_GROUP} FROM holdings h {_JOINS} WHERE h.alias_id = ? AND h.since <= ? AND h.until > ?",
            (holding.alias_id, at, at),
        ).fetchone()
        return self._group(row).root() if row else None

    def tell(self, told: Mapping[Group, traits.Told]) -> None:
        """Let stored profiles have what events said about them."""
        by_profile: dict[int, traits.Told] = {}
        for group, one in told.items():
            number = group.root().number
            by_profile[number] = traits.newest(by_profile.get(number, {}), one)
        for number, one in by_profile.items():
            (mine,) = self._db.execute("SELECT traits FROM people WHERE profile = ?", (number,)).fetchone()
            text = body.encode(traits.newest(body.decode(mine), one)).decode()
            self._db.execute("UPDATE people SET traits = ? WHERE profile = ?", (text, number))

    def _count(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])

    def _holding(self, row: Sequence[Any]) -> Holding:
        alias_id, since, later, until, kind, value, name, born, last_seen, event_id, verdict, rule, shared = row[:13]
        return Holding(
            Identifier(kind, value), name, self._group(row[13:]), since, born, last_seen, Link(event_id, verdict, rule),
            until, bool(later), shared, alias_id,
        )  # fmt: skip

    def _group(self, row: Sequence[Any]) -> Group:
        number, profile_id, born, touched, person, user_id, has, reachable_at, size = row
        group = self._groups.get(number)
        if group is None:
            group = Group(
                profile_id, born, touched, Identifier("user_id", person) if person is not None else None, user_id,
                bool(has & 1), bool(has & 2), bool(has & 4), reachable_at, size, None, number,
            )  # fmt: skip
            self._groups[number] = group
        return group

    def _found(self, roots: Iterable[Group]) -> None:
        """Give new profiles their numbers, and a cluster each."""
        founded = []
        for root in roots:
            root.number = self.profile_number()
            self._groups[root.number] = root
            founded.append((root.number, root.number))
        self._db.executemany("INSERT INTO clusters VALUES (?,?)", founded)

    def _moves(self, merged: Iterable[tuple[Group, Group]]) -> list[tuple[int, Group, bool]]:
        """The stored profiles that went into others: their number, where they went, whether row by row."""
        gone = []
        for small, large in merged:
            if not small.number:
                continue
            if not large.number:
                # The larger one is not stored yet: it takes the smaller one's place.
                large.number, small.number = small.number, 0
                self._groups[large.number] = large
                continue
            gone.append((small.number, small.root(), small.size <= _MOVES_BY_ROW))
        return gone

    def _move(self, gone: Iterable[tuple[int, Group, bool]]) -> None:
        for number, group, by_row in gone:
            root = group.root().number
            if by_row:
                self._db.execute(
                    "UPDATE holdings SET cluster = ? WHERE cluster IN (SELECT cluster FROM clusters WHERE profile = ?)",
                    (root, number),
                )
                self._db.execute("DELETE FROM clusters WHERE profile = ?", (number,))
            else:
                self._db.execute("UPDATE clusters SET profile = ? WHERE profile = ?", (root, number))
            self._carry_traits(number, root)
            self._db.execute("DELETE FROM people WHERE profile = ?", (number,))

    def _carry_traits(self, number: int, root: int) -> None:
        query = "SELECT traits FROM people WHERE profile = ?"
        (theirs,) = self._db.execute(query, (number,)).fetchone()
        if theirs != "{}":
            (mine,) = self._db.execute(query, (root,)).fetchone()
            text = body.encode(traits.newest(body.decode(mine), body.decode(theirs))).decode()
            self._db.execute("UPDATE people SET traits = ? WHERE profile = ?", (text, root))

    def write_profiles(self, roots: Iterable[Group]) -> None:
        """Write profiles that have a number, but for their traits."""
        self._db.executemany(_PROFILE, sorted(profile_row(one) for one in roots))

    def _row(self, one: Holding) -> tuple[Any, ...]:
        return (
            one.alias_id, one.since, one.later, one.until, *one.id, one.group.root().number, one.handle, one.born,
            one.last_seen, *one.link, one.shared,
        )  # fmt: skip


def profile_row(group: Group) -> tuple[Any, ...]:
    """A profile as `people` has it, without its traits."""
    return (
        group.number, group.profile_id, group.born, group.touched, group.person.value if group.person else None,
        group.user_id, group.email + 2 * group.phone + 4 * group.browser, group.reachable_at, group.size,
    )  # fmt: skip


def _update(one: Holding) -> tuple[Any, ...]:
    return (one.until, one.last_seen, *one.link, one.shared, one.born, one.alias_id, one.since, one.later)
