"""Reading calls: one event for a call, one for each of a batch.

Names and properties are the user's own and pass through as sent; the taxonomy maps their spellings. SDKs
differ in small things, and all of them are taken here: explicit nulls or missing keys, traits at the top or
only in `context.traits` (RudderStack's Python and browser SDKs), ids as numbers, a `timestamp` or only an
`originalTimestamp`, `sentAt` on the call or on the batch.
(segment.com/docs, HTTP Tracking API and Spec; the SDKs themselves.)
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tagway import DeadLetter, Event, Identifier, PayloadError, Request, body, mapping, moments

SHORT: Final = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}
"""The short forms of analytics-next's paths."""

Object = Mapping[str, Any]

_CALLS: Final = frozenset(("track", "identify", "page", "screen", "group", "alias"))
# Of the names of schemas and libraries no more is looked at.
_LONGEST: Final = 255
# A key that only one kind of call has, for batches whose items do not tell their type.
_TELLING: Final = (("event", "track"), ("previousId", "alias"), ("groupId", "group"))
_SERVER: Final = re.compile(r"(?:node|python|ruby|java|go|php|\.net|rust|elixir)$")
_APP: Final = re.compile(r"ios|android|kotlin|swift|react-native|flutter")
_IDS: Final = (("user_id", "userId"), ("anonymous_id", "anonymousId"))
# What never leaves the request: traits are told on their own, and an IP address only where it was asked for.
_NOT_CONTEXT: Final = frozenset(("traits", "ip"))
_NOTHING: Final[Object] = {}
_OBJECT: Final = (dict, type(None))
# What a view may say of itself at the top.
_NAMED: Final = ("name", "category")


def read(request: Request) -> Iterable[Event | DeadLetter]:
    """The events of a request. Raises `PayloadError` for a body that is neither a call nor a batch of them."""
    try:
        document = body.decode(request.body)
    except ValueError as error:
        raise PayloadError(str(error)) from None
    if isinstance(document, list):
        document = {"batch": document}
    if not isinstance(document, dict):
        raise PayloadError("expected a JSON object")
    call = request.path.rstrip("/").rsplit("/", 1)[-1]
    call = SHORT.get(call, call)
    if "batch" not in document and call != "batch":
        return [_call(document, call, "", _NOTHING, request.received_at)]
    items = document.get("batch", [])
    if not isinstance(items, list):
        raise PayloadError("expected an array of calls", pointer="/batch")
    at = "/batch" if document.keys() != {"batch"} or request.body.lstrip()[:1] == b"{" else ""
    return [_call(one, "", f"{at}/{place}", document, request.received_at) for place, one in enumerate(items)]


def settings(integration: str, endpoint: str, key: str) -> Object:
    """The settings of analytics-next and its forks: where `integration`, their own delivery, sends to."""
    protocol, _, host = endpoint.rpartition("://")
    return {
        "integrations": {integration: {"apiKey": key, "apiHost": f"{host}/v1", "protocol": protocol or "https"}},
        "plan": {"track": {"__default": {"enabled": True}}},
    }


def _call(call: Any, path: str, at: str, envelope: Object, received_at: int) -> Event | DeadLetter:
    """One call; `path` is the kind that its path says, `envelope` what a batch says for all of its calls."""
    if not isinstance(call, dict):
        return _dead("expected a call: an object with a `type`", at)
    kind = _kind(call, path)
    if (fault := _fault(call, kind, at)) is not None:
        return fault
    original, sent = call.get("originalTimestamp"), call.get("sentAt") or envelope.get("sentAt")
    context = _context(call, envelope, original, sent)
    return Event(
        type=kind,
        name=call["event"].strip() if kind == "track" else kind,
        raw_name=_raw_name(call, kind),
        message_id=mapping.string(mapping.as_identifier(call.get("messageId"))),
        timestamp=_time(call, original, sent, received_at),
        identifiers=_identifiers(call),
        properties=_properties(call, kind),
        traits=_traits(call, kind),
        context=context,
        side=_side(call, context),
        schema=_schema(call, context),
        item=at,
        mapping=_ORIGINS if kind in _PLAIN else _origins(call, kind),
    )


def _fault(call: Object, kind: str | None, at: str) -> DeadLetter | None:
    """Why a call cannot become an event; None when it can."""
    if kind is None:
        return _dead(f"expected one of {', '.join(sorted(_CALLS))}", f"{at}/type")
    if kind == "track" and not (isinstance(name := call.get("event"), str) and name.strip()):
        return _dead("expected the event's name", f"{at}/event")
    for key in ("properties", "traits"):
        if not isinstance(call.get(key), _OBJECT):
            return _dead("expected an object", f"{at}/{key}")
    return None


def _side(call: Object, context: Object) -> Any:
    """Where a call comes from: RudderStack says so, of Segment's SDKs the library's name does."""
    if (channel := call.get("channel")) in ("server", "mobile"):
        return "server" if channel == "server" else "app"
    library = context.get("library")
    name = library.get("name") if isinstance(library, dict) else None
    if not isinstance(name, str) or channel == "web":
        return "web"
    return _side_of(name[:_LONGEST])


@functools.lru_cache(maxsize=256)  # the SDKs of a store are few
def _side_of(library: str) -> str:
    name = library.lower()
    return "server" if _SERVER.search(name) else "app" if _APP.search(name) else "web"


def _schema(call: Object, context: Object) -> str:
    """The version that an event names: `schema` (order_completed/1-0-0), or Segment's `protocols.event_version` (1)."""
    protocols = context.get("protocols")
    named = call.get("schema") or (protocols.get("event_version") if isinstance(protocols, dict) else None)
    return str(named)[:_LONGEST] if isinstance(named, str | int) and not isinstance(named, bool) else ""


def _time(call: Object, original: Any, sent: Any, received_at: int) -> moments.Told:
    """The caller's own time, which nearly always stands alone; else what the SDK's clock says, held against ours."""
    own = moments.told(call.get("timestamp"), "/timestamp")
    if not original:
        return own
    clock = moments.told(original, "/originalTimestamp")
    at = moments.corrected(
        timestamp=own if isinstance(own, int) else None,
        original=clock if isinstance(clock, int) else None,
        sent_at=moments.read(sent),
        received_at=received_at,
    )
    if isinstance(own, int):
        return at
    unread = next((one for one in (own, clock) if isinstance(one, moments.Unread)), None)
    return at if unread is None else dataclasses.replace(unread, instead=at)


def _kind(call: Object, path: str) -> Any:
    kind = call.get("type") or path
    if isinstance(kind, str) and kind in _CALLS:
        return kind
    return None if kind else next((told for key, told in _TELLING if call.get(key)), None)


def _raw_name(call: Object, kind: str) -> str:
    """The name as sent: of pages, screens and groups it is in `name`."""
    name = call.get("event") if kind == "track" else call.get("name")
    return name if isinstance(name, str) and name else kind


def _identifiers(call: Object) -> tuple[Identifier, ...]:
    found = []
    for name, key in _IDS:
        if (sent := call.get(key)) and isinstance(value := mapping.as_identifier(sent), str):
            found.append(Identifier(name, value))
    return tuple(found)


def _properties(call: Object, kind: str) -> Object:
    properties: Object = call.get("properties") or _NOTHING
    if kind == "track" or kind == "identify":
        return properties
    named = {key: call[key] for key in _NAMED if call.get(key) and key not in properties}
    if kind == "group":  # A group's traits are not its member's.
        return {**(call.get("traits") or {}), "group_id": mapping.as_identifier(call.get("groupId"))}
    if kind == "alias":
        previous = mapping.as_identifier(call.get("previousId"))
        return {**properties, "previous_id": previous} if previous else properties
    return {**named, **properties} if named else properties


def _traits(call: Object, kind: str) -> Object:
    traits: Object = _NOTHING if kind == "group" else call.get("traits") or _NOTHING
    context = call.get("context")
    within = context.get("traits") if isinstance(context, dict) and kind != "group" else None
    return {**within, **traits} if isinstance(within, dict) and within else traits


def _context(call: Object, envelope: Object, original: Any, sent: Any) -> Object:
    """The call's context over the batch's, with what the times and the integrations of the call were."""
    merged: dict[str, Any] = {}
    for one in (envelope.get("context"), call.get("context")):
        if isinstance(one, dict):
            merged.update(one)
    for key in _NOT_CONTEXT & merged.keys():
        del merged[key]
    integrations = call.get("integrations") or envelope.get("integrations")
    if isinstance(integrations, dict) and integrations:
        merged["integrations"] = integrations
    if original:
        merged["original_timestamp"] = original
        if sent:
            merged["sent_at"] = sent
    return merged


def _dead(message: str, pointer: str) -> DeadLetter:
    return DeadLetter(code="payload", message=message, pointer=pointer)


_ORIGINS: Final = {"/properties": "/properties", "/traits": "/traits"}
_PLAIN: Final = ("track", "identify")


def _origins(call: Object, kind: str) -> Object:
    """Where the values of other calls come from: some of their properties stand at the top of the call."""
    if kind == "group":
        return {"/properties": "/traits", "/properties/group_id": "/groupId"}
    if kind == "alias":
        return {**_ORIGINS, "/properties/previous_id": "/previousId"}
    within: Object = call.get("properties") or _NOTHING
    return {**_ORIGINS, **{f"/properties/{key}": f"/{key}" for key in _NAMED if call.get(key) and key not in within}}
