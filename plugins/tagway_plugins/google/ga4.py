"""GA4's Measurement Protocol: `POST /mp/collect`, up to 25 events a request.

Who and when stand once on top: `client_id` (web) or `app_instance_id` (app), `user_id`, `timestamp_micros`.
Google's collector answers 2xx to everything; here each event is held against its schema. The protocol has no
message id: a purchase is known by its `transaction_id`.
(developers.google.com, Measurement Protocol for GA4.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from tagway import (
    DeadLetter,
    Event,
    Example,
    Identifier,
    PayloadError,
    Request,
    Route,
    Source,
    body,
    hookimpl,
    mapping,
    moments,
)

from tagway_plugins.google import commerce

_IDS: Final = mapping.Table(
    {
        "client_id": mapping.identifier("/client_id"),
        "device_id": mapping.identifier("/app_instance_id"),
        "user_id": mapping.identifier("/user_id"),
    }
)
_MESSAGE_ID: Final = mapping.Table({"id": mapping.identifier("/event_id", "/message_id", "/unique_event_id")})
_IDS_OF_EVENT: Final = frozenset(("event_id", "message_id", "unique_event_id"))


class Ga4(Source):
    """Events of the Measurement Protocol; `api_secret` in the query is the write key."""

    name = "ga4"
    routes = (Route(path="/mp/collect"),)
    kind = "collect"
    side = "web"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for each in `events`. Raises `PayloadError`."""
        document = request.document()
        events = document.get("events")
        if not isinstance(events, list):
            raise PayloadError("expected an array of events", pointer="/events")
        ids = tuple(Identifier(*one) for one in _IDS.read(document).items() if isinstance(one[1], str))
        traits = _traits(document.get("user_properties"))
        found = [_event(one, place, document, ids, traits) for place, one in enumerate(events)]
        return [one for item in found for one in (commerce.events(item) if isinstance(item, Event) else [item])]

    def examples(self) -> Sequence[Example]:
        """A purchase, as a server sends it."""
        headers = {"Content-Type": "application/json"}
        path = "/mp/collect?measurement_id=G-DEMO&api_secret=demo"
        return (Example(name="purchase", path=path, body=body.encode(_PURCHASE), headers=headers),)


def _event(
    one: Any, place: int, document: Mapping[str, Any], ids: tuple[Identifier, ...], traits: Mapping[str, Any]
) -> Event | DeadLetter:
    at = f"/events/{place}"
    if not isinstance(one, dict) or not isinstance(name := one.get("name"), str) or not name.strip():
        return DeadLetter(code="payload", message="expected an event with a `name`", pointer=at)
    params = one.get("params")
    if not isinstance(params, dict | None):
        return DeadLetter(code="payload", message="expected an object of parameters", pointer=f"{at}/params")
    params = params or {}
    kind = commerce.KINDS.get(name)
    message_id = commerce.message_id(name, _MESSAGE_ID.read(params).get("id"), params)
    kept, context = commerce.told(params, _IDS_OF_EVENT)
    if name == "sign_up":
        kept["user_id"] = document.get("user_id")
    return Event(
        type=kind.type if kind else "track",
        name=kind.name if kind else name,
        raw_name=name,
        message_id=message_id,
        timestamp=_time(one, document),
        identifiers=ids,
        properties=commerce.properties(name, kept),
        traits=traits,
        context=context,
        side="app" if "app_instance_id" in document else "web",
        item=at,
        mapping=mapping.Origins(lambda: commerce.origins(name, kept, {"": "/params", "user_id": ""})),
    )


def _time(one: Mapping[str, Any], document: Mapping[str, Any]) -> moments.Told:
    """The event's own time, else the one of the request."""
    return moments.of(one, "/timestamp_micros", form="us") or moments.of(document, "/timestamp_micros", form="us")


def _traits(properties: Any) -> dict[str, Any]:
    """User properties are objects: `{"plan": {"value": "pro"}}`."""
    if not isinstance(properties, dict):
        return {}
    return {key: one["value"] for key, one in properties.items() if isinstance(one, dict) and "value" in one}


_PURCHASE: Final = {
    "client_id": "1762000000.1700000000",
    "user_id": "7188389789809",
    "timestamp_micros": 1_793_527_500_000_000,
    "events": [
        {
            "name": "purchase",
            "params": {
                "transaction_id": "5820982911946154508",
                "currency": "EUR",
                "value": Decimal("49.80"),
                "tax": Decimal("7.95"),
                "shipping": Decimal("4.90"),
                "items": [
                    {
                        "item_id": "8213868347682",
                        "sku": "CNDL-OAK-S",
                        "item_name": "Oak Moss Candle",
                        "price": Decimal("24.90"),
                        "quantity": 2,
                    }
                ],
            },
        }
    ],
}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Ga4())
