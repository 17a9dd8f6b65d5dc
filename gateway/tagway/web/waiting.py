"""`Prefer: wait=N`: the verdict in the answer, for a caller that holds the inspect token."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from tagway.errors import RefusedError
from tagway.store.feed import Feed
from tagway.web import trust
from tagway.web.reading import Reading

_WAIT: Final = re.compile(rb"(?:^|[,;\s])wait=(\d{1,4})", re.IGNORECASE)
_LONGEST: Final = 60
_LOOK: Final = 0.01
_SHOWN: Final = ("event_id", "name", "status", "profile_id", "violations")


class Outcomes:
    """Waits until the engine has folded a request, and says what became of it."""

    def __init__(self, reading: Reading, token: str) -> None:
        """Read by `reading`, for callers with the token."""
        self._reading, self._token = reading, token

    def wanted(self, headers: Mapping[bytes, bytes]) -> int:
        """How many seconds a caller waits; 0 for one that does not, or may not."""
        found = _WAIT.search(headers[b"prefer"])
        return min(int(found[1]), _LONGEST) if found and trust.has_token(headers, self._token) else 0

    async def of(self, seq: int, seconds: int) -> list[dict[str, Any]] | None:
        """The outcomes of a logged request; None when the engine took longer."""

        def ask(feed: Feed) -> list[dict[str, Any]] | None:
            return feed.outcomes(seq)

        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                outcomes = await self._reading.read(ask)
            except RefusedError:  # the store is not there yet
                outcomes = None
            if outcomes is not None:
                return [_told(one) for one in outcomes]
            await asyncio.sleep(_LOOK)
        return None


def _told(event: Mapping[str, Any]) -> dict[str, Any]:
    """An outcome: what a sender's test asks for, and of a dead letter why it is one."""
    told = {name: event[name] for name in _SHOWN}
    return told | {"dead_letter": event["dead_letter"]} if event["dead_letter"] else told
