"""What a request would become: plugin and taxonomy, without a log, a store or a gateway.

An author's first tool (`tagway normalize`) and the way the corpus is held against its facts. The shape is that
of `tagway events --json`, but for what only the store knows (sequence number, profile, reachability), with the
event's `identifiers` in their place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tagway.core import body, moments
from tagway.core.events import DeadLetter, Event, Identifier, Request
from tagway.core.identity.legal import normalized
from tagway.core.taxonomy import Judged, Taxonomy
from tagway.engine.items import dead_letter, event_id
from tagway.hookspecs import Source

Json = dict[str, Any]


def preview(source: Source, request: Request, taxonomy: Taxonomy, region: str = "") -> list[Json]:
    """The events and dead letters that a request would become, in the order of the body.

    `region` is the country in which the store's local phone numbers are read.
    """
    rows: list[Json] = []
    seen: set[bytes] = set()
    for item in _items(source, request):
        if isinstance(item, DeadLetter):
            rows.append(_dead(request, item))
            continue
        try:
            key = event_id(request, item)
            judged = taxonomy.judge(item, request.source, request.received_at)
            row = _event(request, item, judged, key, region, repeated=key in seen)
            body.encode(row)
        except Exception as error:  # noqa: BLE001 - as in the engine: what a plugin made may be no event at all
            row = _dead(request, dead_letter(error))
        else:
            seen.add(key)
        rows.append(row)
    return rows


def _items(source: Source, request: Request) -> Iterator[Event | DeadLetter]:
    try:
        yield from source.normalize(request)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as in the engine: a plugin is third-party code
        yield dead_letter(error)


def _event(request: Request, event: Event, judged: Judged, key: bytes, region: str, *, repeated: bool) -> Json:
    violating = any(one.severity == "error" for one in judged.violations)
    first: dict[str, str] = {}
    told: list[Identifier] = []
    for sent in judged.identifiers:
        one = normalized(sent, region=region)
        # What identity would refuse is told as it was sent, and is nobody's.
        told.append(one if isinstance(one, Identifier) else sent)
        if isinstance(one, Identifier):
            first.setdefault(one.kind, one.value)
    return {
        "event_id": key.hex(),
        "message_id": event.message_id,
        "name": judged.event.name,
        "type": event.type,
        "status": "duplicate" if repeated else "violating" if violating else "accepted",
        "source": request.source,
        "side": event.side,
        "verified": request.verified,
        "schema": judged.schema,
        "timestamp": moments.write(request.received_at if event.moment is None else event.moment),
        "received_at": moments.write(request.received_at),
        "anonymous_id": first.get("anonymous_id") or first.get("client_id"),
        "user_id": first.get("user_id"),
        "email": first.get("email"),
        "cart_id": first.get("cart_token"),
        "identifiers": [{"kind": kind, "value": value} for kind, value in dict.fromkeys(told)],
        "properties": dict(judged.event.properties),
        "traits": dict(judged.event.traits),
        "violations": [_violation(one) for one in judged.violations],
        "dead_letter": None,
        "raw_event": event.raw_name,
        "test": event.test,
        "item": event.item,
    }


def _violation(one: Any) -> Json:
    return {name: getattr(one, name) for name in one.__slots__}


def _dead(request: Request, dead: DeadLetter) -> Json:
    return {
        "name": "",
        "status": "dead_letter",
        "source": request.source,
        "received_at": moments.write(request.received_at),
        "item": dead.pointer,
        "dead_letter": {"code": dead.code, "message": dead.message, "pointer": dead.pointer},
    }
