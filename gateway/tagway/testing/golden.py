"""Golden pairs: a request beside the events that a plugin must make of it.

`orders_create.in.json` says what the vendor sends; `orders_create.out.json` lists what it becomes. The request:

    {"about": "why this case is here",
     "method": "POST", "path": "/webhooks/shopify", "query": "", "headers": {"X-Shopify-Topic": "orders/create"},
     "received_at": "2025-10-09T08:53:20Z", "options": {},
     "body": {...}}

Only the body is needed: `body` (JSON, numbers digit by digit), `text` (anything else that is text, a form for
example) or `base64`. `options` is the source's `[sources.x.options]` table.

The events are what `Source.normalize` yields, before the taxonomy looks at them, so that an output changes
only when the plugin does; members that are empty are left out, identifiers are written `kind:value`, amounts
with all their digits. To write the outputs anew, on purpose, run the tests with `TAGWAY_WRITE_GOLDEN=1`, and
read the difference before you commit it.
"""

from __future__ import annotations

import base64
import difflib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from tagway.core import body, moments
from tagway.core.events import DeadLetter, Event, Request
from tagway.errors import PayloadError
from tagway.hookspecs import Source
from tagway.testing.requests import RECEIVED_AT, request_to

Json = dict[str, Any]

WRITE: Final = "TAGWAY_WRITE_GOLDEN"
"""The environment variable that makes `check` write outputs instead of comparing with them."""
_IN: Final = ".in.json"
_BODIES: Final = ("body", "text", "base64")
_KEYS: Final = frozenset(("about", "method", "path", "query", "headers", "received_at", "options", *_BODIES))


@dataclass(frozen=True, slots=True)
class GoldenPair:
    """One pair, by the file of its request."""

    file: Path

    def __str__(self) -> str:
        return f"{self.file.parent.name}/{self.name}"

    @property
    def name(self) -> str:
        """The pair's name: the file's, without `.in.json`."""
        return self.file.name.removesuffix(_IN)

    @property
    def out(self) -> Path:
        """The file that lists the expected events."""
        return self.file.with_name(f"{self.name}.out.json")

    def configured(self, source: Source) -> Source:
        """The source with the pair's options."""
        return source.configured(self._given().get("options", {}))

    def request(self, source: Source) -> Request:
        """The request, as if `source` had received it. Raises ValueError for a file that is not one."""
        return self._request(source, self._given())

    def check(self, source: Source) -> None:
        """Raise AssertionError unless `source` makes of the request what the output says."""
        configured = self.configured(source)
        got = _pretty(normalized(configured, self.request(configured)))
        if os.environ.get(WRITE):
            self.out.write_text(got, encoding="utf-8")
        elif not self.out.is_file():
            raise AssertionError(f"{self.out} is missing; {WRITE}=1 writes it")
        elif (wanted := self.out.read_text(encoding="utf-8")) and _exact(got) != _exact(wanted):
            raise AssertionError(f"{self} became something else; {WRITE}=1 accepts it.\n{_difference(wanted, got)}")

    def _given(self) -> Json:
        given = body.decode(self.file.read_bytes())
        unknown = sorted(set(given) - _KEYS)
        if unknown or sum(key in given for key in _BODIES) != 1:
            raise ValueError(f"{self.file}: wants one of {', '.join(_BODIES)}; unknown keys: {', '.join(unknown)}")
        return dict(given)

    def _request(self, source: Source, given: Json) -> Request:
        return request_to(
            source,
            _bytes(given),
            method=given.get("method", "POST"),
            path=given.get("path", ""),
            query=given.get("query", ""),
            headers=given.get("headers", {}),
            received_at=moments.read(given.get("received_at")) or RECEIVED_AT,
            options=given.get("options", {}),
        )


def golden_pairs(folder: Path) -> list[GoldenPair]:
    """The pairs of a folder and the folders in it, sorted by name. Raises ValueError when there is none."""
    pairs = [GoldenPair(file) for file in sorted(folder.rglob(f"*{_IN}"))]
    if not pairs:
        raise ValueError(f"there is no *{_IN} in {folder}")
    return pairs


def normalized(source: Source, request: Request) -> list[Json]:
    """What a source makes of a request, as the output of a golden pair lists it."""
    try:
        return [_written(item) for item in source.normalize(request)]
    except PayloadError as error:
        return [{"dead_letter": {"code": error.code, "message": error.message, "pointer": error.pointer}}]


def _written(item: Event | DeadLetter) -> Json:
    if isinstance(item, DeadLetter):
        return {"dead_letter": {"code": item.code, "message": item.message, "pointer": item.pointer}}
    event: Json = {
        "type": item.type,
        "name": item.name,
        "raw_name": item.raw_name,
        "message_id": item.message_id,
        "timestamp": "" if item.moment is None else moments.write(item.moment),
        "side": item.side,
        "schema": item.schema,
        "test": item.test,
        "item": item.item,
        "identifiers": sorted(f"{kind}:{value}" for kind, value in item.identifiers),
        "properties": item.properties,
        "traits": item.traits,
        "asks": item.asks,
        "context": item.context,
    }
    return {key: value for key, value in event.items() if value}


def _bytes(given: Json) -> bytes:
    if "base64" in given:
        return base64.b64decode(given["base64"], validate=True)
    return str(given["text"]).encode() if "text" in given else body.encode(given["body"])


def _pretty(events: list[Json]) -> str:
    return msgspec.json.format(body.encode(events), indent=2).decode() + "\n"


def _exact(text: str) -> Any:
    """The document with amounts as their digits, so that 600.0 and 600.00 differ; in any order of keys."""
    return json.loads(text, parse_float=lambda digits: ("amount", digits))


def _difference(wanted: str, got: str) -> str:
    expected = msgspec.json.format(wanted, indent=2).splitlines()
    return "\n".join(difflib.unified_diff(expected, got.splitlines(), "expected", "got", lineterm="", n=2))
