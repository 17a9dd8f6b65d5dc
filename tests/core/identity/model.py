"""A plain model of the identity rules: slow, obvious, and written from the rules alone.

It keeps one list of slots (an identifier as one profile holds it for a time) and looks everything up by
scanning that list. Nothing here is shared with the code that it judges, but the shape of its input.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

PERSON = ["user_id", "email", "phone"]
DEVICE = ["anonymous_id", "device_id", "client_id"]
WEAK = ["checkout_token", "cart_token", "order_id"]
ORDER = PERSON + DEVICE + WEAK
FOREVER = 2**62

Id = tuple[str, str]


@dataclass
class Story:
    """One event as told: its id, its time, its identifiers as listed, and what it says about the person."""

    event: bytes
    at: int
    ids: tuple[Id, ...]
    traits: dict[str, object] = field(default_factory=dict)


@dataclass
class Decided:
    """What people have decided, the last word per target already taken."""

    retracted: set[bytes] = field(default_factory=set)
    severed: set[frozenset[Id]] = field(default_factory=set)
    approved: list[tuple[str, str]] = field(default_factory=list)
    blocked: set[Id] = field(default_factory=set)


@dataclass
class Slot:
    id: Id
    since: int
    handle: str
    profile: int
    birth: tuple[object, ...]
    until: int = FOREVER
    last: int = 0


class Model:
    """The state after all stories: slots, verdicts, and whose each event is."""

    def __init__(self, told: list[Story], decided: Decided, people: int, emails: int, gap: int) -> None:
        self.decided, self.people, self.emails, self.gap = decided, people, emails, gap
        self.slots: list[Slot] = []
        self.verdicts: dict[tuple[bytes, str, str], str] = {}
        self.stories = self._least(told)
        self.shared = self._shared()
        for story in sorted(self.stories, key=self._key):
            self._step(story)

    # Rule 1: a set by event id; of unequal copies the least (time, sorted ids) counts.
    def _least(self, told: list[Story]) -> list[Story]:
        copies: dict[bytes, list[Story]] = {}
        for story in told:
            once = tuple(sorted(dict.fromkeys(story.ids), key=lambda one: ORDER.index(one[0])))
            copies.setdefault(story.event, []).append(Story(story.event, story.at, once, story.traits))
        return [min(same, key=_copy_order) for same in copies.values()]

    def person(self, user: str) -> frozenset[str]:
        """All user_ids that are approved as one person with this one."""
        found = {user}
        while True:
            more = found | {u for pair in self.decided.approved if found & set(pair) for u in pair}
            if more == found:
                return frozenset(found)
            found = more

    # Rule 4: a count over unretracted events, before anything is folded.
    def _shared(self) -> set[Id]:
        live = [story for story in self.stories if story.event not in self.decided.retracted]
        shared = set(self.decided.blocked)
        for one in {one for story in live for one in story.ids}:
            beside = [other for story in live if one in story.ids for other in story.ids if other != one]
            people = {self.person(value) for kind, value in beside if kind == "user_id"}
            if one[0] == "user_id":
                people.discard(self.person(one[1]))
                if len({other for other in beside if other[0] == "email"}) > self.emails:
                    shared.add(one)
            if len(people) > self.people:
                shared.add(one)
        return shared

    # Rule 6: by time, sign-ins before the rest, then event id.
    def _key(self, story: Story) -> tuple[int, int, bytes]:
        signed = any(one[0] in PERSON and one not in self.shared for one in story.ids)
        return (story.at, 0 if signed else 1, story.event)

    def _step(self, story: Story) -> None:
        alone = [one for one in story.ids if one in self.shared]
        ids = [one for one in story.ids if one not in self.shared]
        born, anew = set(), set()
        for place, one in enumerate(ids):
            slot = self._find(one)
            if slot is None:
                born.add(one)
                self._bear(one, story, place, _hash(one))
            elif one[0] in WEAK and story.at - slot.last > self.gap:
                anew.add(one)
                slot.until = story.at
                self._bear(one, story, place, _hash(one, story.at))
            else:
                slot.last = story.at
        for one in alone:
            if self._find(one) is None:
                self._bear(one, story, 0, _hash(one))
        if ids and ids[0] in anew:
            self._say(story, ids[0], "skipped_expired")
        for one in ids[1:]:
            self._say(story, one, self._try(story, ids[0], one, one in born, one in anew))
        for one in alone if ids else alone[1:]:
            self._say(story, one, "skipped_shared")

    # Rules 7 to 11: each identifier against the subject.
    def _try(self, story: Story, subject: Id, one: Id, born: bool, anew: bool) -> str:
        mine, slot = self._now(subject).profile, self._now(one)
        if story.event in self.decided.retracted or frozenset((subject, one)) in self.decided.severed:
            return "retracted"
        if slot.profile == mine:
            return "noop_same_person"
        kind, signed = one[0], subject[0] in PERSON
        fits = not self._two_people(mine, slot.profile)
        if kind not in PERSON:
            fits = fits and not self._both(mine, slot.profile, "email") and not self._both(mine, slot.profile, "phone")
        if kind in DEVICE and not signed:
            fits = fits and not self._both(mine, slot.profile, "anonymous_id")
        if not fits and kind in DEVICE and signed:
            slot.until = story.at
            start = _hash(one, story.at)
            self.slots.append(Slot(one, story.at, start, mine, (*self._key(story), 99), last=story.at))
            return "handed_over"
        if not fits:
            return "skipped_conflict"
        for other in self.slots:
            if other.profile == slot.profile and other is not slot:
                other.profile = mine
        slot.profile = mine
        return "skipped_expired" if anew else "attached" if born else "merged"

    def _bear(self, one: Id, story: Story, place: int, handle: str) -> None:
        number = 1 + max((slot.profile for slot in self.slots), default=0)
        self.slots.append(Slot(one, story.at, handle, number, (*self._key(story), place), last=story.at))

    def _find(self, one: Id) -> Slot | None:
        return next((slot for slot in self.slots if slot.id == one and slot.until == FOREVER), None)

    def _now(self, one: Id) -> Slot:
        slot = self._find(one)
        assert slot is not None
        return slot

    def _both(self, mine: int, other: int, kind: str) -> bool:
        return all(any(slot.profile == side and slot.id[0] == kind for slot in self.slots) for side in (mine, other))

    def _two_people(self, mine: int, other: int) -> bool:
        users = [slot.id[1] for slot in self.slots if slot.profile in (mine, other) and slot.id[0] == "user_id"]
        return len({self.person(user) for user in users}) > 1

    def _say(self, story: Story, one: Id, verdict: str) -> None:
        if verdict != "noop_same_person":
            self.verdicts[story.event, *one] = verdict

    # What came of it.
    def profile_id(self, profile: int) -> str:
        """The handle of the profile's first-born slot."""
        return min((slot for slot in self.slots if slot.profile == profile), key=lambda slot: slot.birth).handle

    def owner(self, one: Id, at: int) -> int:
        """The one profile that holds an identifier at a moment."""
        (found,) = {slot.profile for slot in self.slots if slot.id == one and slot.since <= at < slot.until}
        return found

    def attribution(self) -> dict[bytes, str]:
        """By event with identifiers, the id of the profile that it is on."""
        return {story.event: self.profile_id(self.owner(self._subject(story), story.at)) for story in self._named()}

    def ownership(self) -> set[tuple[str, str, int, int, str, str]]:
        """Every interval that has a length, or is an identifier's first."""
        first = {one: min(slot.birth for slot in self.slots if slot.id == one) for one in {s.id for s in self.slots}}
        return {
            (*slot.id, slot.since, slot.until, self.profile_id(slot.profile), slot.handle)
            for slot in self.slots
            if slot.since < slot.until or slot.birth == first[slot.id]
        }

    def traits(self) -> dict[str, dict[str, tuple[object, int, str]]]:
        """By profile id: trait -> value, when, and by which event it was said last."""
        found: dict[str, dict[str, tuple[object, int, str]]] = {}
        for story in sorted(self._named(), key=lambda one: (one.at, one.event)):
            mine = found.setdefault(self.profile_id(self.owner(self._subject(story), story.at)), {})
            mine.update({name: (value, story.at, story.event.hex()) for name, value in story.traits.items()})
        return {profile: said for profile, said in found.items() if said}

    def _named(self) -> list[Story]:
        return [story for story in self.stories if story.ids]

    def _subject(self, story: Story) -> Id:
        return next((one for one in story.ids if one not in self.shared), story.ids[0])


def _copy_order(story: Story) -> tuple[object, ...]:
    said = json.dumps(dict(sorted(story.traits.items())), separators=(",", ":")) if story.traits else ""
    return (story.at, sorted(story.ids), story.ids, said)


def _hash(one: Id, start: int | None = None) -> str:
    text = f"{one[0]}:{one[1]}" + ("" if start is None else f"\x00{start}")
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
