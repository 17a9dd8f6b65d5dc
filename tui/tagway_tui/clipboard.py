"""What is copied: to the clipboard of the terminal (OSC 52), with a word about what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagway.clock import now

from tagway_tui import sample
from tagway_tui.copies import as_ascii, as_curl, as_json

if TYPE_CHECKING:
    from tagway.config import SourceConfig

    from tagway_tui.app import TagwayApp


class Clipboard:
    """Copies text, events and requests."""

    def __init__(self, app: TagwayApp) -> None:
        """For one screen."""
        self._app = app

    def copy(self, text: str, what: str) -> None:
        """Copy text; it is ASCII whatever was in it."""
        self._app.copy_to_clipboard(as_ascii(text))
        self._app.say(f"copied {what}")

    def copy_event(self, seq: int) -> None:
        """Copy an event as JSON."""
        event = self._app.feed.event(seq) if self._app.feed else None
        if event is None:
            self._app.say("this event is no longer stored", severity="warning")
        else:
            self.copy(as_json(event), "the event as JSON, not masked")

    def copy_request(self, seq: int) -> None:
        """Copy the request that an event came from, as cURL to the gateway of this folder."""
        request = self._app.feed.request(seq) if self._app.feed else None
        if request is None or request.body is None:
            self._app.say("the request is no longer in the log", severity="warning")
            return
        source = self._app.config.sources.get(request.source)
        url = (self._app.seen.presence.url or "http://127.0.0.1:8787") + request.path
        if source is not None and source.path_token and not request.path.endswith(f"/{source.path_token}"):
            url += f"/{source.path_token}"
        headers = {**_opened(source), **_typed(request.body), **(request.headers or {})}
        query = f"?{request.query}" if request.query else ""
        self.copy(as_curl(url + query, request.method, headers, request.body), "the request as cURL, with its key")

    def copy_sample(self) -> None:
        """Copy a first call as cURL."""
        to = self._app.sample_address()
        if to is None:
            self._app.say("no gateway here takes a sample", severity="warning")
        else:
            self.copy(sample.curl(to, now()), "a cURL command")


def _opened(source: SourceConfig | None) -> dict[str, str]:
    """The write key, which the log does not keep: without it a pasted request would be refused."""
    return {"x-write-key": source.write_keys[0]} if source is not None and source.write_keys else {}


def _typed(raw: bytes) -> dict[str, str]:
    form = raw and raw.lstrip()[:1] not in (b"{", b"[")
    return {"content-type": "application/x-www-form-urlencoded" if form else "application/json"}
