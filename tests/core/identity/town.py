"""The model of a town in which people are forgotten: what evidence is left, by rules 1, 2 and 5 alone.

The town keeps what was told and commanded as far as it still counts; `model` is what that comes to. Forgetting
is resolved once, by what is true at that moment; later stories are judged as they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tagway.core.identity.commands import Command

from tests.core.identity.histories import GAP, RULES, decided
from tests.core.identity.model import DEVICE, FOREVER, ORDER, Id, Model, Slot, Story

# Blocks that forgetting leaves are later than all that is commanded in a test.
LAST = 10_000
Erased = tuple[Id, int, int]


@dataclass
class Town:
    """What counts so far, and which identifiers are erased for which times; `judged` is what was of the forgotten."""

    told: list[Story] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    erased: list[Erased] = field(default_factory=list)
    judged: set[tuple[bytes, int, tuple[Id, ...], bool]] = field(default_factory=set)

    def model(self) -> Model:
        return Model(list(self.told), decided(self.commands), RULES.people, RULES.emails, GAP)

    def tell(self, batch: Iterable[Story]) -> None:
        shared = self.model().shared
        left = []
        for story in batch:
            one = _left(story, self.erased, shared)
            if one is not story:
                self.judged.add((story.event, story.at, story.ids, one is None))
            left.append(one)
        self.told += [one for one in left if one is not None]

    def command(self, command: Command) -> None:
        self.commands.append(command)

    def allow(self, one: Id) -> None:
        self.erased = [erased for erased in self.erased if erased[0] != one]

    def forget(self, one: Id, now: int) -> None:
        model = self.model()
        slots = _visible(model)
        mine = [slot for slot in slots if slot.id == one]
        start = max((since for erased, since, _ in self.erased if erased == one), default=-FOREVER)
        spans = [(one, start, max(now, start) + 1) if one[0] in DEVICE else (one, -FOREVER, FOREVER)]
        if mine:
            last = max(mine, key=lambda slot: slot.until)
            if last.id[0] in DEVICE and self._is_forgotten(last, model):
                return
            spans = [_span(slot, model, now) for slot in slots if slot.profile == last.profile]
        self.erased += spans
        names = {span[0] for span in spans}
        beside = {other for story in model.stories if names & set(story.ids) for other in story.ids} & model.shared
        left = [_left(story, spans, model.shared) for story in model.stories]
        self.told = [story for story in left if story is not None]
        self._void(spans, slots)
        for place, other in enumerate(sorted(beside - model.decided.blocked - names)):
            self.command(Command(action="block", target=(":".join(other),), at=LAST, id=f"{len(self.erased)}:{place}"))

    def _is_forgotten(self, last: Slot, model: Model) -> bool:
        """Whether somebody had the device after that, and is forgotten already."""
        seen = max([last.since, *_seen(last, model)])
        return any(one == last.id and last.since < since and seen < until for one, since, until in self.erased)

    def _void(self, spans: Iterable[Erased], slots: Sequence[Slot]) -> None:
        """A command that names an identifier which nobody has any more names nobody."""
        gone = set()
        for one, _, until in spans:
            owners = {slot.profile for slot in slots if slot.id == one}
            if until == FOREVER or len(owners) < 2:
                gone.add(":".join(one))
        self.commands = [command for command in self.commands if not gone & set(command.target)]


def _left(story: Story, erased: Iterable[Erased], shared: set[Id]) -> Story | None:
    gone = {one for one, since, until in erased if one in story.ids and since <= story.at < until}
    if not gone:
        return story
    ids = tuple(sorted(dict.fromkeys(story.ids), key=lambda one: ORDER.index(one[0])))
    strongest = next((one for one in ids if one not in shared), ids[0])
    return None if strongest in gone else replace(story, ids=tuple(one for one in ids if one not in gone))


def _span(slot: Slot, model: Model, now: int) -> Erased:
    if slot.id[0] not in DEVICE:
        return slot.id, -FOREVER, FOREVER
    return slot.id, slot.since, min(slot.until, max([now, slot.since, *_seen(slot, model)]) + 1)


def _seen(slot: Slot, model: Model) -> list[int]:
    return [story.at for story in model.stories if slot.id in story.ids and slot.since <= story.at < slot.until]


def _visible(model: Model) -> list[Slot]:
    """The intervals that have a length, or are an identifier's first."""
    first = {one: min(slot.birth for slot in model.slots if slot.id == one) for one in {s.id for s in model.slots}}
    return [slot for slot in model.slots if slot.since < slot.until or slot.birth == first[slot.id]]
