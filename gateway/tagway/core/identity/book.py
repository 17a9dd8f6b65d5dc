"""The book of who holds what, and the one step that an event makes in it.

Everything that folds goes through `Book.step`: the full fold, the refold of a component, and the event that
arrives in order. So they agree because they are the same lines. Profiles are groups that only ever grow,
merged by a pointer; each keeps what the guards ask for (is there a person, an email, a phone, a browser), so
that every guard is one comparison.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeVar

from tagway.core.events import Identifier
from tagway.core.identity.evidence import KEY, Fact, birth, event_of, moment
from tagway.core.identity.kinds import DEVICE, PERSON, WEAK
from tagway.core.identity.rulings import Rulings

FOREVER: Final = 2**62
JOINED: Final = frozenset({"attached", "merged", "handed_over", "skipped_expired"})
_PERSON: Final = frozenset(PERSON)
_DEVICE: Final = frozenset(DEVICE)
_WEAK: Final = frozenset(WEAK)
How = Literal["born", "seen", "epoch"]


class Link(NamedTuple):
    """Why an alias is where it is: the event, the verdict and the rule."""

    event_id: bytes
    verdict: str
    rule: str


@dataclass(slots=True, eq=False, weakref_slot=True)
class Group:
    """A profile in the making.

    `born` is the birth of its first-born alias, whose handle is its `profile_id`; `touched` is the key of the latest
    event that named one of its aliases. `user_id` is the least of its approved ones, and `person` stands for them.
    `number` is the store's own; 0 until it is stored.
    """

    profile_id: str
    born: bytes
    touched: bytes
    person: Identifier | None = None
    user_id: str | None = None
    email: bool = False
    phone: bool = False
    browser: bool = False
    reachable_at: int | None = None
    size: int = 1
    into: Group | None = None
    number: int = 0

    def root(self) -> Group:
        """The profile that this one became by merges."""
        group = self
        while group.into is not None:
            if group.into.into is not None:
                group.into = group.into.into
            group = group.into
        return group


@dataclass(slots=True, eq=False)
class Holding:
    """An alias as one profile holds it, for [since, until) in event time.

    `later` tells the intervals and epochs after the first; `born` is the birth of this holding: the key of the
    event that began it, and the place in it. `shared` is the rule by which the identifier joins nobody, empty
    when it may join. `last_seen` is kept up for weak identifiers only, whose gaps matter.
    """

    id: Identifier
    handle: str
    group: Group
    since: int
    born: bytes
    last_seen: int
    link: Link
    until: int = FOREVER
    later: bool = False
    shared: str = ""
    alias_id: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one identifier of one event, tried against the event's subject.

    `profile_id` is the subject's profile as it was then, `other_profile_id` the identifier's.
    """

    event_id: bytes
    at: int
    id: Identifier
    subject: Identifier
    verdict: str
    rule: str
    profile_id: str
    other_profile_id: str


class _Seen(NamedTuple):
    """An identifier of the event at hand: its holding, how it came there, and whose it was before."""

    holding: Holding
    how: How
    before: Group


def handle(one: Identifier, start: int | None = None) -> str:
    """The id that an alias gives to a profile that it founds: 16 hex digits; `start` tells later holdings apart."""
    text = f"{one.kind}:{one.value}" if start is None else f"{one.kind}:{one.value}\x00{start}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(slots=True, eq=False)
class Book:
    """The current holding of every identifier, and what the steps changed.

    `made`, `changed`, `moved` (to another profile, in place), `touched` and `merged` (which group became part
    of which) collect what a store has to write.
    """

    rulings: Rulings
    weak_gap: int
    current: dict[Identifier, Holding] = field(default_factory=dict)
    made: list[Holding] = field(default_factory=list)
    changed: set[Holding] = field(default_factory=set)
    moved: set[Holding] = field(default_factory=set)
    touched: set[Group] = field(default_factory=set)
    merged: list[tuple[Group, Group]] = field(default_factory=list)

    def step(self, fact: Fact, key: bytes) -> list[Decision]:
        """Take one event, whose key is `key`; exact when no later one has named an identifier of the profiles involved.

        Every identifier is born or seen; then each is tried against the strongest that may join.
        """
        decisions: list[Decision] = []
        for one, rule in fact.shared:
            self._alone(one, rule, fact)
        if fact.ids:
            agreed = self._agreed(fact)
            if agreed is not None:
                self.touch(agreed, key)
            else:
                seen = [self._see(one, fact, key, place) for place, one in enumerate(fact.ids)]
                self._try_all(fact, key, seen, decisions)
                self._touch(seen, key)
        if fact.shared:
            self._skip_shared(fact, decisions)
        return decisions

    def bear(self, one: Identifier, born: bytes, *, later: bool = False) -> Holding:
        """A holding on a profile of its own, until it is joined; a `later` one ends the epoch before it."""
        at = moment(born)
        if later:
            self._close(self.current[one], at)
        name = handle(one, at if later else None)
        group = Group(name, born, born[:KEY])
        if one.kind == "user_id":
            group.person, group.user_id = self.rulings.person(one), one.value
        elif one.kind == "email":
            group.email, group.reachable_at = True, at
        elif one.kind == "phone":
            group.phone, group.reachable_at = True, at
        elif one.kind == "anonymous_id":
            group.browser = True
        link = Link(event_of(born), "attached", "first_sighting")
        return self._hold(Holding(one, name, group, at, born, at, link, later=later))

    def join(self, mine: Group, other: Holding, key: bytes, link: Link) -> None:
        """Let what another profile holds be of this one, by the verdict in `link` and from an event's key on."""
        if link.verdict == "handed_over":
            self._hand_over(other, mine.root(), key, link)
        else:
            self._merge(mine.root(), other.group.root())
            other.link = link
            self.changed.add(other)

    def touch(self, group: Group, key: bytes) -> None:
        """An event that matters to a profile: what comes later and is earlier than it comes late."""
        group.touched = max(group.touched, key)
        self.touched.add(group)

    def _alone(self, one: Identifier, rule: str, fact: Fact) -> None:
        """An identifier that joins nobody is on a profile of its own; in one instant the least event is its first."""
        holding = self.current.get(one)
        if holding is None:
            self.bear(one, birth(fact.alone_key, 0)).shared = rule
        elif holding.shared and fact.at == holding.since and birth(fact.alone_key, 0) < holding.born:
            self.reborn(holding, fact)

    def reborn(self, holding: Holding, fact: Fact) -> None:
        """An identifier that joins nobody was seen earlier than known: its profile was born then."""
        # What waits to be folded again may cover more than its first sighting so far.
        holding.since, holding.last_seen = min(holding.since, fact.at), fact.at
        holding.born = holding.group.born = birth(fact.alone_key, 0)
        holding.link = Link(fact.event_id, "attached", "first_sighting")
        if holding.group.reachable_at is not None:
            holding.group.reachable_at = fact.at
        self.changed.add(holding)
        self.touched.add(holding.group)

    def _agreed(self, fact: Fact) -> Group | None:
        """The profile that holds all that an event names already, so that there is nothing to try; None otherwise."""
        if fact.retracted:
            return None
        subject = fact.ids[0]
        found: Group | None = None
        for one in fact.ids:
            holding = self.current.get(one)
            if holding is None or one.kind in _WEAK or self.rulings.severed(subject, one):
                return None
            group = holding.group.root()
            if found is not None and group is not found:
                return None
            found = group
        return found

    def _see(self, one: Identifier, fact: Fact, key: bytes, place: int) -> _Seen:
        holding = self.current.get(one)
        if holding is None:
            holding = self.bear(one, birth(key, place))
            return _Seen(holding, "born", holding.group)
        if one.kind in _WEAK:
            if fact.at - holding.last_seen > self.weak_gap:
                return _Seen(self.bear(one, birth(key, place), later=True), "epoch", holding.group.root())
            holding.last_seen = fact.at
            self.changed.add(holding)
        return _Seen(holding, "seen", holding.group)

    def _hold(self, holding: Holding) -> Holding:
        self.current[holding.id] = holding
        self.made.append(holding)
        return holding

    def _close(self, holding: Holding, at: int) -> None:
        holding.until = at
        self.changed.add(holding)

    def _try_all(self, fact: Fact, key: bytes, seen: list[_Seen], decisions: list[Decision]) -> None:
        subject = seen[0]
        if subject.how == "epoch":
            decisions.append(_decided(fact, subject, subject, "skipped_expired", "weak_gap"))
        for other in seen[1:]:
            verdict, rule = self._verdict(fact, subject.holding, other)
            if verdict == "noop_same_person":
                continue
            decisions.append(_decided(fact, subject, other, verdict, rule))
            if verdict in JOINED:
                self.join(subject.holding.group, other.holding, key, Link(fact.event_id, verdict, rule))

    def _verdict(self, fact: Fact, subject: Holding, tried: _Seen) -> tuple[str, str]:
        other = tried.holding
        if fact.retracted:
            return "retracted", "retracted_event"
        if self.rulings.severed(subject.id, other.id):
            return "retracted", "retracted_link"
        mine, theirs = subject.group.root(), other.group.root()
        if mine is theirs:
            return "noop_same_person", ""
        signed = subject.id.kind in _PERSON
        obstacle = _obstacle(mine, theirs, other.id.kind, signed=signed)
        if obstacle:
            return ("handed_over" if signed and other.id.kind in _DEVICE else "skipped_conflict"), obstacle
        if tried.how == "epoch":
            return "skipped_expired", "weak_gap"
        return ("attached" if tried.how == "born" else "merged"), _rule(other.id.kind, signed=signed)

    def _hand_over(self, holding: Holding, to: Group, key: bytes, link: Link) -> None:
        """The device is the signer-in's from now on; in one instant the last sign-in has it."""
        at = moment(key)
        if holding.later and holding.since == at:
            holding.group, holding.born, holding.link = to, birth(key, 0), link
            self.changed.add(holding)
            self.moved.add(holding)
        else:
            self._close(holding, at)
            name = handle(holding.id, at)
            self._hold(Holding(holding.id, name, to, at, birth(key, 0), at, link, later=True))
            self.current[holding.id].alias_id = holding.alias_id
        to.size += 1
        to.browser = to.browser or holding.id.kind == "anonymous_id"

    def _merge(self, mine: Group, theirs: Group) -> None:
        """Small into large: what is kept of a profile is the same whichever way it goes."""
        large, small = (mine, theirs) if mine.size >= theirs.size else (theirs, mine)
        small.into = large
        large.size += small.size
        if small.born < large.born:
            large.born, large.profile_id = small.born, small.profile_id
        large.user_id = _least(large.user_id, small.user_id)
        large.person = large.person or small.person
        large.email = large.email or small.email
        large.phone = large.phone or small.phone
        large.browser = large.browser or small.browser
        large.reachable_at = _least(large.reachable_at, small.reachable_at)
        large.touched = max(large.touched, small.touched)
        self.merged.append((small, large))

    def _touch(self, seen: Iterable[_Seen], key: bytes) -> None:
        groups = {
            group for one in seen for group in (one.holding.group, self.current[one.holding.id].group, one.before)
        }
        for group in {group.root() for group in groups}:
            self.touch(group, key)

    def _skip_shared(self, fact: Fact, decisions: list[Decision]) -> None:
        subject = fact.subject
        if subject is None:
            return
        mine = self.current[subject].group.root().profile_id
        for one, rule in fact.shared:
            if one != subject:
                theirs = self.current[one].group.profile_id
                decisions.append(Decision(fact.event_id, fact.at, one, subject, "skipped_shared", rule, mine, theirs))


_T = TypeVar("_T", int, str)


def _least(one: _T | None, other: _T | None) -> _T | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _decided(fact: Fact, subject: _Seen, tried: _Seen, verdict: str, rule: str) -> Decision:
    mine = subject.holding.group.root().profile_id
    theirs = tried.before.root().profile_id
    return Decision(fact.event_id, fact.at, tried.holding.id, subject.holding.id, verdict, rule, mine, theirs)


def _obstacle(mine: Group, theirs: Group, kind: str, *, signed: bool) -> str:
    """What keeps two profiles apart, for an identifier of this kind; empty when nothing does."""
    if mine.person is not None and theirs.person is not None and mine.person != theirs.person:
        return "two_people"
    if kind in _PERSON:
        return ""
    if mine.email and theirs.email:
        return "two_emails"
    if mine.phone and theirs.phone:
        return "two_phones"
    if kind in _DEVICE and not signed and mine.browser and theirs.browser:
        return "two_browsers"
    return ""


def _rule(kind: str, *, signed: bool) -> str:
    if kind in _PERSON:
        return "person_id"
    if kind in _WEAK:
        return "weak_id"
    return "sign_in" if signed else "device"
