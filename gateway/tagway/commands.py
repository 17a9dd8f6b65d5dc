"""Commands on their way into the log: what `POST /commands` and the command line write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tagway.core import body
from tagway.core.events import Ask, Identifier
from tagway.core.identity import commands
from tagway.core.identity.kinds import RANK
from tagway.core.identity.legal import Refused, normalized
from tagway.log import Entry


def entry(document: Any, *, now: int) -> Entry:
    """The log's row for a command document (`core.identity.commands`), given at `now` (microseconds).

    Raises `PayloadError` that says what is wrong with the document; nothing of it is looked up here, so a
    command for something unknown is taken, and says so once it is folded.
    """
    command = commands.parse(document, at=now)
    return Entry(kind="command", source="", received_at=now, body=body.encode(commands.document(command)))


def asked(ask: Ask, identifiers: Iterable[Identifier], request: Entry, event_id: bytes) -> Entry | None:
    """The command that a vendor's proven webhook comes to; None where it is not ours to carry out.

    Its time and id follow from the request, so that asking twice is asking once.
    """
    legal = (one for one in identifiers if not isinstance(normalized(one), Refused))
    known = sorted(legal, key=lambda one: RANK[one.kind])
    users = [f"{one.kind}:{one.value}" for one in known if one.kind == "user_id"]
    target: str | list[str]
    if ask == "erase_source":
        action, target = "erase_source", f"source:{request.source}"
    elif ask == "erase_person" and known:
        action, target = "forget", f"{known[0].kind}:{known[0].value}"
    elif ask == "one_person" and len(users) == len(set(users)) == 2:
        action, target = "approve", users
    else:
        return None
    return entry({"action": action, "target": target, "id": f"ask:{event_id.hex()}"}, now=request.received_at)
