"""The facts that travel through Tagway: requests, events, dead letters, violations, outcomes.

All are frozen values. Times are integers, microseconds since the Unix epoch, UTC (`core.moments` reads and
writes them); amounts are `Decimal` in major units (`core.money`). A value that a payload did not carry is
absent or empty, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from tagway.core import body, forms, moments
from tagway.errors import PayloadError

Side = Literal["web", "server", "app", "provider"]
EventType = Literal["track", "identify", "alias", "page", "screen", "group"]
Severity = Literal["error", "warn", "info"]
Ask = Literal["", "erase_person", "export_person", "erase_source", "one_person"]
"""What an event asks the gateway to do about its person or the data of its source."""

COOKIE_HEADER: Final = "x-tagway-anonymous-id"
"""Under this name the id of the gateway's own cookie is kept with a request; events without an id get it."""

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return NOTHING


class Identifier(NamedTuple):
    """One identifier as a payload carried it: a kind of `core.identity.KINDS` and its value."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The bytes and headers of one HTTP request, as received and as logged.

    `source` is the name in the configuration. `headers` has lower-case names and holds only what the source
    declares in `Source.headers`. `path` is as sent, percent-encoded, without token, key or `/{source}` prefix:
    split it first, decode its parts after. `body` is inflated already; signatures were checked before that. `options`
    is the source's own table of the configuration, so that `normalize` stays a function of its argument.
    """

    source: str
    method: str = "POST"
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes
    received_at: int
    verified: bool = False
    options: Mapping[str, Any] = field(default_factory=_nothing)

    def document(self) -> dict[str, Any]:
        """The body as one JSON object. Raises `PayloadError` for anything else."""
        try:
            found = body.decode(self.body)
        except ValueError as error:
            raise PayloadError(str(error)) from None
        if not isinstance(found, dict):
            raise PayloadError(f"expected a JSON object, got {type(found).__name__}")
        return found

    def fields(self) -> dict[str, Any]:
        """The body as one object, be it JSON or a form (bracketed names nested). Raises `PayloadError`.

        The source has to declare `content-type` among its headers, for multipart forms.
        """
        if self.body.lstrip()[:1] == b"{":
            return self.document()
        try:
            return forms.nested(forms.decode(self.body, self.headers.get("content-type", "")))
        except body.BodyError as error:
            raise PayloadError(str(error)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, as a plugin makes it of one item of a request.

    `name` is canonical where the plugin knows it, otherwise as sent; the taxonomy maps spellings afterwards.
    `raw_name` is the vendor's own name or topic. `identifiers` are in any order, values as sent.
    `item` is the JSON pointer of the item in the request body, and `mapping` tells for canonical pointers
    from which pointer of that item they came (`*` stands for an index): a table shared by all events of a
    mapping, not one per event. An empty `message_id` means that the vendor sends none. `timestamp` is when it
    happened (`moments.of`); without one, or with one that cannot be read, the event counts as of its receipt.

    `asks` makes a vendor's webhook a request of its own: `erase_person` forgets the person of its
    strongest identifier, whom the others join first (Shopify `customers/redact`), `export_person` puts the
    person on the list of data requests (`customers/data_request`), `erase_source` erases all that this source
    has sent (`shop/redact`), `one_person` approves its two user_ids as one person (`customers/merge`). Only a
    verified request is obeyed.
    """

    type: EventType = "track"
    name: str
    raw_name: str = ""
    message_id: str = ""
    timestamp: moments.Told = None
    identifiers: tuple[Identifier, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=_nothing)
    traits: Mapping[str, Any] = field(default_factory=_nothing)
    context: Mapping[str, Any] = field(default_factory=_nothing)
    side: Side = "web"
    schema: str = ""
    test: bool = False
    asks: Ask = ""
    item: str = ""
    mapping: Mapping[str, str] = field(default_factory=_nothing)

    @property
    def moment(self) -> int | None:
        """When it happened, in microseconds; None where the payload tells no time that can be read."""
        return self.timestamp.instead if isinstance(self.timestamp, moments.Unread) else self.timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An item that could not become an event: why, and where in the body (a JSON pointer)."""

    code: str
    message: str
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A fault of an event against its schema, with what to do about it.

    `pointer` is a JSON pointer into the canonical event (`/properties/sku`); `got` is shortened and safe to
    show; `origin` names the raw pointer that the value came from, where the mapping knows it.
    """

    code: str
    pointer: str
    expected: str
    got: str
    resolution: str
    severity: Severity = "error"
    origin: str = ""
