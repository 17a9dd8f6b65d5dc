"""Commands: what people decide about identities, as documents in the log. Pure.

A command has no place in event time: per target the last one (by time, then id) holds, for evidence before and
after it. A document is `{"action", "target", "id"?}`; the target is one text or a list of them:

    retract, restore         `event:<32 hex digits>`, or the two identifiers of a link
    approve, reject          two `user_id`s that are, or are not, one person
    block, unblock           an identifier that joins nobody
    forget, allow            an identifier whose person is erased; one that may come back
    erase_source             `source:NAME`: all that a source has sent so far
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from tagway.core import body
from tagway.core.events import Identifier
from tagway.core.identity.kinds import KINDS
from tagway.errors import PayloadError

_EVENT: Final = re.compile(r"event:[0-9a-f]{32}")
_SOURCE: Final = re.compile(r"source:[a-z0-9][a-z0-9_-]{0,63}")
_IDENTIFIER: Final = re.compile(rf"(?:{'|'.join(KINDS)}):.{{1,1000}}", re.DOTALL)
_USER: Final = re.compile(r"user_id:.{1,1000}", re.DOTALL)
# action -> the targets that it takes: each a sequence of patterns
ACTIONS: Final[Mapping[str, tuple[tuple[re.Pattern[str], ...], ...]]] = MappingProxyType(
    {
        "retract": ((_EVENT,), (_IDENTIFIER, _IDENTIFIER)),
        "restore": ((_EVENT,), (_IDENTIFIER, _IDENTIFIER)),
        "approve": ((_USER, _USER),),
        "reject": ((_USER, _USER),),
        "block": ((_IDENTIFIER,),),
        "unblock": ((_IDENTIFIER,),),
        "forget": ((_IDENTIFIER,),),
        "allow": ((_IDENTIFIER,),),
        "erase_source": ((_SOURCE,),),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: what to do to which target, when it was given (microseconds), and an id of its own.

    `target` is one text, or two for a link or a pair of people, sorted, identifiers as given (`identifier`
    takes them apart, `core.identity` normalizes them). `resolved` is what a `forget` came to when it was
    carried out (`core.erasure`); empty before that.
    """

    action: str
    target: tuple[str, ...]
    at: int
    id: str
    resolved: Mapping[str, Any] = field(default_factory=dict)


def parse(document: Any, *, at: int) -> Command:
    """Check a command's document and make it a `Command`; without an `id` it gets one of what it says and when.

    Raises `PayloadError` that says which part is wrong and what is expected.
    """
    if not isinstance(document, Mapping):
        raise PayloadError('a command is a JSON object: {"action": …, "target": …}')
    if unknown := sorted(set(document) - {"action", "target", "id"}):
        raise PayloadError(f"unknown key {str(unknown[0])[:100]!r}; a command has `action`, `target` and `id`")
    action = document.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise PayloadError(f"`action` must be one of {', '.join(ACTIONS)}", pointer="/action")
    target = _target(action, document.get("target"))
    given = document.get("id", "")
    if not isinstance(given, str) or len(given) > 200:
        raise PayloadError("`id` must be a text of at most 200 characters", pointer="/id")
    return Command(action=action, target=target, at=at, id=given or _id(action, target, at))


def document(command: Command) -> dict[str, Any]:
    """The command as the JSON document that the log keeps."""
    return {
        "action": command.action,
        "target": list(command.target),
        "id": command.id,
        **({"resolved": command.resolved} if command.resolved else {}),
    }


def from_log(data: bytes, *, at: int) -> Command:
    """The command of a log row, which is either as given or already resolved. Raises `PayloadError`."""
    try:
        given = body.decode(data)
    except body.BodyError as error:
        raise PayloadError(str(error)) from None
    if isinstance(given, dict) and given.get("resolved"):
        return Command(action=given["action"], target=(), at=at, id=given["id"], resolved=given["resolved"])
    return parse(given, at=at)


def identifier(text: str) -> Identifier:
    """Take `KIND:VALUE` apart. Raises `PayloadError` when the kind is unknown, or the value empty or too long."""
    kind, _, value = text.partition(":")
    if kind not in KINDS:
        raise PayloadError(f"expected KIND:VALUE, where KIND is one of {', '.join(KINDS)}")
    if not _IDENTIFIER.fullmatch(text):
        fault = "has more than 1,000 characters" if value else "is empty"
        raise PayloadError(f"expected KIND:VALUE, but the value of this {kind} {fault}")
    return Identifier(kind, value)


def _target(action: str, target: Any) -> tuple[str, ...]:
    parts = (target,) if isinstance(target, str) else target
    if isinstance(parts, Sequence) and all(isinstance(part, str) for part in parts):
        # A pair has no direction.
        ordered = tuple(sorted(parts))
        for patterns in ACTIONS[action]:
            matches = len(patterns) == len(ordered) == len(set(ordered))
            if matches and all(one.fullmatch(part) for one, part in zip(patterns, ordered, strict=True)):
                return ordered
    raise PayloadError(f"`target` of {action!r} must be {_EXPECTED[action]}", pointer="/target")


_EXPECTED: Final = {
    "retract": "`event:<32 hex digits>` or a list of two `KIND:VALUE`",
    "restore": "`event:<32 hex digits>` or a list of two `KIND:VALUE`",
    "approve": "a list of two different `user_id:VALUE`",
    "reject": "a list of two different `user_id:VALUE`",
    "block": "`KIND:VALUE`",
    "unblock": "`KIND:VALUE`",
    "forget": "`KIND:VALUE`",
    "allow": "`KIND:VALUE`",
    "erase_source": "`source:NAME`",
}


def _id(action: str, target: tuple[str, ...], at: int) -> str:
    text = "\x00".join((action, *target, str(at)))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
