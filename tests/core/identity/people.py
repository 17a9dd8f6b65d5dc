"""Short words for identity tests: events, and who is with whom after them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import permutations

from tagway.core.erasure import Tombstones
from tagway.core.events import Identifier
from tagway.core.identity import Evidence
from tagway.core.identity.commands import Command
from tagway.core.identity.fold import Folded, fold
from tagway.core.identity.rules import Rules
from tagway.core.identity.rulings import rule

_KINDS = {
    "U": "user_id",
    "m": "email",
    "p": "phone",
    "a": "anonymous_id",
    "d": "device_id",
    "g": "client_id",
    "k": "checkout_token",
    "c": "cart_token",
    "o": "order_id",
}


def identifier(text: str) -> Identifier:
    """`kind:value`, or a short name: `U1`, `m1` (an email), `p1` (a phone), `a1`, `d1`, `g1`, `k1`, `c1`, `o1`."""
    kind, colon, value = text.partition(":")
    if colon:
        return Identifier(kind, value)
    kind = _KINDS[text[0]]
    value = {"email": f"{text}@example.com", "phone": f"+45120000{text[1:]:0>2}"}.get(kind, text)
    return Identifier(kind, value)


def event(at: int, *ids: str, name: str = "", traits: dict[str, object] | None = None) -> Evidence:
    """An event at a time with identifiers; its id is made of its name, or of what it is."""
    text = name or f"{at}:{ids}"
    return Evidence(
        event_id=hashlib.blake2b(text.encode(), digest_size=16).digest(),
        at=at,
        ids=tuple(map(identifier, ids)),
        traits=tuple((traits or {}).items()),
    )


def command(action: str, *target: str, at: int = 0) -> Command:
    """A command; `target` in the short names, or the event of an `event:…`."""
    written = [one if one.startswith("event:") else ":".join(identifier(one)) for one in target]
    return Command(action=action, target=tuple(sorted(written)), at=at, id=f"{at}:{action}:{target}")


class People:
    """What evidence comes to."""

    def __init__(
        self,
        *evidence: Evidence,
        rules: Rules | None = None,
        commands: Sequence[Command] = (),
        tombstones: Tombstones | None = None,
    ) -> None:
        self.rules = rules or Rules()
        self.folded: Folded = fold(evidence, self.rules, rule(commands, self.rules), tombstones)

    def profile(self, one: str, at: int | None = None) -> str:
        """The id of the profile that holds an identifier, now or at a time."""
        wanted = identifier(one)
        held = [
            one for one in self.folded.holdings
            if one.id == wanted and (one.until == 2**62 if at is None else one.since <= at < one.until)
        ]  # fmt: skip
        assert len(held) == 1, f"{one} is held {len(held)} times"
        return held[0].group.root().profile_id

    def together(self, *ids: str) -> bool:
        """Whether identifiers are one person now."""
        return len({self.profile(one) for one in ids}) == 1

    def on(self, one: Evidence) -> str | None:
        """The id of the profile that an event is on; None when it has no identifier."""
        subject = self.folded.subjects[one.event_id]
        return self.profile(":".join(subject), one.at) if subject else None

    def verdict(self, of: Evidence, one: str) -> str:
        """The verdict on an identifier of an event."""
        found = [d.verdict for d in self.folded.decisions if (d.event_id, d.id) == (of.event_id, identifier(one))]
        return found[0] if found else "noop_same_person"

    def groups(self) -> set[frozenset[str]]:
        """The profiles as sets of `kind:value`, the current holdings only."""
        found: dict[int, set[str]] = {}
        for one in self.folded.holdings:
            if one.until == 2**62:
                found.setdefault(id(one.group.root()), set()).add(":".join(one.id))
        return {frozenset(one) for one in found.values()}


def orders(evidence: Sequence[Evidence]) -> Iterable[tuple[Evidence, ...]]:
    """Every order of arrival of a few events."""
    return permutations(evidence)
