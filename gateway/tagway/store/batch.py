"""A batch of evidence while it is resolved: what was read, what counts, and what waits to be folded again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tagway.core import body
from tagway.core.events import Identifier
from tagway.core.identity import Evidence
from tagway.core.identity.book import FOREVER, Book, Decision
from tagway.core.identity.evidence import Fact, precedence
from tagway.core.identity.legal import Refused
from tagway.store.links import Sighting


class Told(NamedTuple):
    """A piece of evidence as read: its fact, None when it is a forgotten person's."""

    evidence: Evidence
    fact: Fact | None
    refused: tuple[Refused, ...]
    stripped: tuple[Identifier, ...]

    @property
    def claims(self) -> str:
        """What it says about its person, as the store keeps it; empty when nothing."""
        return body.encode(dict(sorted(self.evidence.traits))).decode() if self.evidence.traits else ""


class Standing(NamedTuple):
    """The copy of an event that counts so far; `stored` when the store has it already."""

    fact: Fact
    claims: str
    stored: Sighting | None = None

    def yields_to(self, told: Told) -> bool:
        """Whether another copy of the event counts instead: the least does, whichever came first."""
        if told.fact is None:
            return False
        return (*precedence(told.fact), told.claims) < (*precedence(self.fact), self.claims)


@dataclass(slots=True, eq=False)
class Batch:
    """What is known while a batch is resolved.

    `waiting` has what earlier batches found to be shared, or not any more, and did not refold yet; `owed` says
    whether any refold is. `winners` has the copy that counts of every event, `shared` the rule of every
    identifier that joins nobody. `seeds` are the aliases whose component has to be folded again, with the moment of
    the earliest event that changed; `changed` those that became shared (the rule) or ceased to be (empty).
    `unsaid` tells whether something that was said of people went.
    """

    book: Book
    waiting: dict[int, str]
    owed: bool
    winners: dict[bytes, Standing] = field(default_factory=dict)
    replaced: list[Sighting] = field(default_factory=list)
    numbers: dict[Identifier, int] = field(default_factory=dict)
    aliases: dict[tuple[Identifier, ...], tuple[int, ...]] = field(default_factory=dict)
    names: dict[int, Identifier] = field(default_factory=dict)
    shared: dict[Identifier, str] = field(default_factory=dict)
    changed: dict[int, str] = field(default_factory=dict)
    seeds: dict[int, int] = field(default_factory=dict)
    unsaid: bool = False
    decisions: list[Decision] = field(default_factory=list)

    def number(self, one: Identifier, alias: int) -> None:
        """Note an identifier's alias_id."""
        self.numbers[one] = alias
        self.names[alias] = one

    def seed(self, alias: int, since: int) -> None:
        """Let an alias's component be folded again, from a moment on."""
        self.seeds[alias] = min(self.seeds.get(alias, FOREVER), since)
