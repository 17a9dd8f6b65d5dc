"""What commands and configuration have decided: the last word per target, for evidence before and after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from tagway.core.events import Identifier
from tagway.core.identity import commands
from tagway.core.identity.commands import Command
from tagway.core.identity.kinds import KINDS
from tagway.core.identity.legal import Refused, normalized
from tagway.core.identity.rules import Rules

T = TypeVar("T")
_EFFECT: Final[Mapping[str, tuple[str, bool]]] = {
    "retract": ("retracted", True),
    "restore": ("retracted", False),
    "approve": ("approved", True),
    "reject": ("approved", False),
    "block": ("blocked", True),
    "unblock": ("blocked", False),
}


class Rulings:
    """What holds now, of commands in any order. Each command costs the same, however many there were."""

    def __init__(self, rules: Rules) -> None:
        """Nothing is commanded yet: the configuration's blocked identifiers hold."""
        self._rules = rules
        self.events: set[bytes] = set()
        """The retracted events."""
        self.people: dict[Identifier, Identifier] = {}
        """Of every approved user_id the one that stands for its person."""
        self._links: set[frozenset[Identifier]] = set()
        self._approved: dict[Identifier, set[Identifier]] = {}
        self._blocked, self._blocked_values = _configured(rules)
        self._last: dict[tuple[str, frozenset[str]], tuple[int, str]] = {}

    def obey(self, command: Command) -> None:
        """Let a command hold, unless a later one on the same target does."""
        if command.action not in _EFFECT or not command.target:
            return
        family, holds = _EFFECT[command.action]
        target = frozenset(_written(command, self._rules))
        given = (command.at, command.id)
        if self._last.get((family, target), given) <= given:
            self._last[family, target] = given
            self._let(family, target, holds=holds)

    def severed(self, one: Identifier, other: Identifier) -> bool:
        """Whether the link of these two is retracted, in whatever event."""
        return bool(self._links) and frozenset((one, other)) in self._links

    def person(self, user: Identifier) -> Identifier:
        """The user_id that stands for the person."""
        return self.people.get(user, user)

    def same_person(self, user: Identifier) -> set[Identifier]:
        """The user_ids approved as one person with this one, itself included."""
        found, waiting = {user}, [user]
        while waiting:
            near = self._approved.get(waiting.pop(), set()) - found
            found |= near
            waiting += near
        return found

    def blocks(self, one: Identifier) -> bool:
        """Whether the identifier is blocked by configuration or command."""
        return one in self._blocked or (bool(self._blocked_values) and one.value in self._blocked_values)

    def _let(self, family: str, target: frozenset[str], *, holds: bool) -> None:
        if family == "retracted" and len(target) == 1:
            _put(self.events, bytes.fromhex(_only(target).removeprefix("event:")), holds=holds)
        elif family == "retracted":
            _put(self._links, frozenset(map(commands.identifier, target)), holds=holds)
        elif family == "blocked":
            _put(self._blocked, commands.identifier(_only(target)), holds=holds)
        else:
            self._approve(*map(commands.identifier, target), holds=holds)

    def _approve(self, one: Identifier, other: Identifier, *, holds: bool) -> None:
        for user, beside in ((one, other), (other, one)):
            _put(self._approved.setdefault(user, set()), beside, holds=holds)
        for user in (one, other):
            together = self.same_person(user)
            self.people.update(dict.fromkeys(together, min(together)))
            if together == {user}:
                del self.people[user]


def rule(commands_given: Iterable[Command], rules: Rules) -> Rulings:
    """Fold commands, in any order, and the configuration's blocked identifiers to what holds now."""
    rulings = Rulings(rules)
    for command in commands_given:
        rulings.obey(command)
    return rulings


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


def _put(into: set[T], one: T, *, holds: bool) -> None:
    into.add(one) if holds else into.discard(one)


def _configured(rules: Rules) -> tuple[set[Identifier], frozenset[str]]:
    full = {one for one in rules.blocked if one.partition(":")[0] in KINDS and one.partition(":")[2]}
    return {commands.identifier(_spelled(one, rules)) for one in full}, frozenset(set(rules.blocked) - full)
