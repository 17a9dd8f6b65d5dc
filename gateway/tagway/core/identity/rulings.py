"""What commands and configuration have decided: the last word per target, for evidence before and after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tagway.core.events import Identifier
from tagway.core.identity import commands
from tagway.core.identity.commands import Command
from tagway.core.identity.kinds import KINDS
from tagway.core.identity.legal import Refused, normalized
from tagway.core.identity.rules import Rules

_EFFECT: Final[Mapping[str, tuple[str, bool]]] = {
    "retract": ("retracted", True),
    "restore": ("retracted", False),
    "approve": ("approved", True),
    "reject": ("approved", False),
    "block": ("blocked", True),
    "unblock": ("blocked", False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """What holds now. `people` maps an approved user_id to the one that stands for its person."""

    events: frozenset[bytes] = frozenset()
    links: frozenset[frozenset[Identifier]] = frozenset()
    people: Mapping[Identifier, Identifier]
    blocked: frozenset[Identifier] = frozenset()
    blocked_values: frozenset[str] = frozenset()

    def severed(self, one: Identifier, other: Identifier) -> bool:
        """Whether the link of these two is retracted, in whatever event."""
        return bool(self.links) and frozenset((one, other)) in self.links

    def person(self, user: Identifier) -> Identifier:
        """The user_id that stands for the person."""
        return self.people.get(user, user)

    def same_person(self, user: Identifier) -> frozenset[Identifier]:
        """The user_ids approved as one person with this one, itself included."""
        person = self.person(user)
        return frozenset({user, person, *(one for one, other in self.people.items() if other == person)})

    def blocks(self, one: Identifier) -> bool:
        """Whether the identifier is blocked by configuration or command."""
        return one in self.blocked or (bool(self.blocked_values) and one.value in self.blocked_values)


def rule(commands_given: Iterable[Command], rules: Rules) -> Rulings:
    """Fold commands, in any order, and the configuration's blocked identifiers to what holds now."""
    last: dict[tuple[str, frozenset[str]], Command] = {}
    for command in sorted(commands_given, key=lambda one: (one.at, one.id)):
        if command.action in _EFFECT and command.target:
            last[_EFFECT[command.action][0], frozenset(_written(command, rules))] = command
    held: dict[str, list[frozenset[str]]] = {"retracted": [], "approved": [], "blocked": []}
    lifted: set[str] = set()
    for (family, target), command in last.items():
        if _EFFECT[command.action][1]:
            held[family].append(target)
        elif family == "blocked":
            lifted |= target
    events = [_only(one) for one in held["retracted"] if len(one) == 1]
    configured, values = _configured(rules)
    return Rulings(
        events=frozenset(bytes.fromhex(one.removeprefix("event:")) for one in events),
        links=frozenset(frozenset(map(commands.identifier, one)) for one in held["retracted"] if len(one) == 2),
        people=_people(held["approved"]),
        blocked=frozenset(commands.identifier(one) for one in ({*configured, *map(_only, held["blocked"])} - lifted)),
        blocked_values=values,
    )


def target_ids(command: Command, rules: Rules) -> tuple[Identifier, ...]:
    """The identifiers that a command is about, normalized; none for an event."""
    return tuple(commands.identifier(one) for one in _written(command, rules) if not one.startswith("event:"))


def _written(command: Command, rules: Rules) -> list[str]:
    return [one if one.startswith("event:") else _spelled(one, rules) for one in command.target]


def _spelled(text: str, rules: Rules) -> str:
    sent = commands.identifier(text)
    found = normalized(sent, region=rules.region)
    kind, value = sent if isinstance(found, Refused) else found
    return f"{kind}:{value}"


def _only(target: frozenset[str]) -> str:
    (one,) = target
    return one


def _configured(rules: Rules) -> tuple[set[str], frozenset[str]]:
    full = {one for one in rules.blocked if one.partition(":")[0] in KINDS and one.partition(":")[2]}
    return {_spelled(one, rules) for one in full}, frozenset(set(rules.blocked) - full)


def _people(pairs: Iterable[frozenset[str]]) -> dict[Identifier, Identifier]:
    """Approved pairs as classes: every member to the least of them."""
    people: dict[Identifier, set[Identifier]] = {}
    for pair in pairs:
        together = set().union(*(people.get(one, {one}) for one in map(commands.identifier, pair)))
        people.update(dict.fromkeys(together, together))
    return {one: min(together) for one, together in people.items()}
