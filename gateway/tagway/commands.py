"""Commands on their way into the log: what `POST /commands` and the command line write."""

from __future__ import annotations

from typing import Any

from tagway.core import body
from tagway.core.identity import commands
from tagway.log import Entry


def entry(document: Any, *, now: int) -> Entry:
    """The log's row for a command document (`core.identity.commands`), given at `now` (microseconds).

    Raises `PayloadError` that says what is wrong with the document; nothing of it is looked up here, so a
    command for something unknown is taken, and says so once it is folded.
    """
    command = commands.parse(document, at=now)
    return Entry(kind="command", source="", received_at=now, body=body.encode(commands.document(command)))
