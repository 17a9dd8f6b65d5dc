"""Customer.io: the Track API (v1 and v2), Pipelines, and reporting webhooks.

Three surfaces of one vendor. Track and Pipelines are what a store sends (keys: `site_id:api_key`, or the
Pipelines key); reporting webhooks tell what became of a message and are signed:
hex HMAC-SHA256 over `v0:{X-CIO-Timestamp}:{raw body}`. Pipelines are Segment's calls.

Pitfalls that are handled: Track v1 carries the person in the path, percent-encoded (split first, decoded after);
an identifier may be an email address; times are Unix seconds; `id` of an event is its only message id.
(docs.customer.io: Track API, reporting webhooks; the node and Python clients.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote

from tagway import (
    Access,
    DeadLetter,
    Event,
    Example,
    Identifier,
    PayloadError,
    Proof,
    RefusedError,
    Request,
    Route,
    Source,
    body,
    captures,
    hookimpl,
    mapping,
    moments,
    signatures,
)

from tagway_plugins.calls import dialect

Object = Mapping[str, Any]

# The browser SDK, a fork of analytics.js, sends to the short forms.
_PIPELINES: Final = ("track", "identify", "page", "screen", "group", "alias", "batch", *dialect.SHORT)
_CUSTOMERS: Final = "/api/v1/customers/"
_REPORTING: Final = "/webhooks/"
_VIEWS: Final = ("page", "screen")
_NOT_TRAITS: Final = frozenset(("anonymous_id", "id", "cio_id", "identifiers"))
_TOLD_ELSEWHERE: Final = frozenset(("customer_id", "identifiers", "recipient", "email_address"))
_NOTHING: Final[Object] = {}
_CHANNELS: Final = {"sms": "SMS", "in_app": "In-App"}
# What Track's other actions are called as events: (v1's last path segment or method, v2's action).
_ACTIONS: Final = {
    "devices": "Device Added",
    "add_device": "Device Added",
    "delete_device": "Device Removed",
    "delete": "Customer Deleted",
    "suppress": "Customer Suppressed",
    "unsuppress": "Customer Unsuppressed",
}


class CustomerIo(Source):
    """What Customer.io takes (Track, Pipelines), and what it reports."""

    name = "customerio"
    routes = (
        Route(path="/webhooks/{source}"),
        Route(path="/api/v1/customers/{identifier:path}", methods=("PUT", "POST", "DELETE")),
        *(Route(path=f"/api/v1/{path}") for path in ("events", "merge_customers", "push/events")),
        Route(path="/api/v2/entity"),
        Route(path="/api/v2/batch"),
        *(Route(path=f"/v1/{call}", sdk=True, dialect=True) for call in _PIPELINES),
        Route(path="/v1/projects/{write_key}/settings", methods=("GET",), settings=True, dialect=True),
    )
    headers = frozenset(("x-cio-signature", "x-cio-timestamp"))
    signature_header = "x-cio-signature"
    scheme = signatures.Hmac(
        header="x-cio-signature",
        encodings=("hex",),
        signed="v0:{timestamp}:{body}",
        timestamp_header="x-cio-timestamp",
    )
    kind = "collect"
    side = "server"

    def verify(self, request: Request, access: Access) -> Proof:
        """Check the signature of a reporting webhook; a source that has only write keys takes none."""
        if access.write_keys and not access.secrets:
            raise RefusedError("no_proof", "reporting webhooks need the signing key as one of this source's `secrets`")
        return super().verify(request, access)

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a request, one per element of a batch. Raises `PayloadError`."""
        path = request.path
        if _CUSTOMERS not in path and "/api/" not in path and not path.startswith(_REPORTING):
            return dialect.read(request)
        document = _document(request)
        if _CUSTOMERS in path:
            return [_of_customer(request, document)]
        if path.endswith("/api/v1/events"):
            return [_sent(document, (), "")]
        if path.endswith("/api/v1/push/events"):
            return [_push(document)]
        if path.endswith("/api/v1/merge_customers"):
            return [_merge(document, "")]
        return _entities(document) if "/api/v2/" in path else [_report(document)]

    def settings(self, endpoint: str, key: str) -> Mapping[str, Any]:
        """What the Pipelines browser SDK asks before it starts."""
        return dialect.settings("Customer.io Data Pipelines", endpoint, key)

    def examples(self) -> Sequence[Example]:
        """An event of a known person, and the report of a message that was opened."""
        headers = {"Content-Type": "application/json"}
        return (
            Example(name="track", path="/api/v1/customers/42/events", body=body.encode(_TRACK), headers=headers),
            Example(name="email_opened", path="/webhooks/customerio", body=body.encode(_OPENED), headers=headers),
        )


def _document(request: Request) -> dict[str, Any]:
    """The body as an object; a DELETE has none."""
    return {} if not request.body and request.method == "DELETE" else request.document()


def _of_customer(request: Request, document: Object) -> Event | DeadLetter:
    """Track v1 about one person: `/api/v1/customers/{identifier}[/{what}]`."""
    identifier, _, what = request.path.rsplit(_CUSTOMERS, 1)[1].partition("/")
    person = _person({"id": unquote(identifier)})
    what = what.partition("/")[0]
    if what == "events":
        return _sent(document, person, "")
    if what == "" and request.method != "DELETE":
        return _identify(document, person, "")
    if what == "devices" and request.method == "DELETE":
        what = "delete_device"
    return _acted(what or "delete", document, person, "")


def _entities(document: Object) -> Iterable[Event | DeadLetter]:
    """Track v2: one entity, or a batch of them."""
    batch = document.get("batch")
    if batch is None:
        return [_entity(document, "")]
    if not isinstance(batch, list):
        raise PayloadError("expected an array of entities", pointer="/batch")
    return [_entity(one, f"/batch/{place}") for place, one in enumerate(batch)]


def _entity(one: Any, at: str) -> Event | DeadLetter:
    if not isinstance(one, dict) or not isinstance(action := one.get("action"), str) or not action:
        return _dead("expected an entity: an object with an `action`", f"{at}/action")
    if one.get("type", "person") != "person":
        name = f"{one.get('type')} {action}".title()
        return _event(one, name=name, properties=_object(one, "attributes"), at=at, origins=_OF_ATTRIBUTES)
    person = _person(one.get("identifiers"))
    if action in ("event", *_VIEWS):
        view = {"type": action} if action in _VIEWS else {}
        return _sent({**one, **view, "data": one.get("attributes")}, person, at, "/attributes")
    if action == "identify":
        return _identify(_object(one, "attributes"), person, at, one)
    return _merge(one, at) if action == "merge" else _acted(action, one, person, at)


def _sent(one: Object, person: tuple[Identifier, ...], at: str, data_at: str = "/data") -> Event | DeadLetter:
    """An event or a view that a store sent; anonymous ones carry an `anonymous_id`."""
    origins = {"/properties": data_at}
    name, data = one.get("name"), one.get("data")
    if not isinstance(name, str) or not name.strip():
        return _dead("expected the event's name", f"{at}/name")
    if not isinstance(data, dict | None):
        return _dead("expected an object", at + data_at)
    view = one.get("type") if one.get("type") in _VIEWS else ""
    properties = data or {}
    if view == "page" and "url" not in properties and name.startswith("http"):
        properties, origins = {**properties, "url": name}, {**origins, "/properties/url": "/name"}
    return _event(
        one,
        type_=view or "track",
        name=view or name.strip(),
        raw_name=name,
        ids=(*person, *_anonymous(one)),
        properties=properties,
        at=at,
        origins=origins,
    )


def _identify(attributes: Object, person: tuple[Identifier, ...], at: str, envelope: Object = _NOTHING) -> Event:
    """A person and what is known of them; an `anonymous_id` among it joins the anonymous history."""
    traits = {key: value for key, value in attributes.items() if key not in _NOT_TRAITS}
    if (created := moments.from_unix(attributes.get("created_at"), "s")) is not None:
        traits["created_at"] = moments.write(created)
    ids = (*person, *(_anonymous(attributes) or _anonymous(envelope)))
    origins = {"/traits": "/attributes" if envelope else ""}
    return _event(envelope, type_="identify", name="identify", ids=ids, traits=traits, at=at, origins=origins)


def _acted(action: str, one: Object, person: tuple[Identifier, ...], at: str) -> Event:
    """Any other action on a person; of a device its platform and its id."""
    device = _object(one, "device")
    token = mapping.as_identifier(device.get("id") or device.get("token"))
    ids = (*person, Identifier("device_id", token)) if isinstance(token, str) else person
    name = _ACTIONS.get(action) or action.replace("_", " ").title()
    platform = {"platform": device["platform"]} if device.get("platform") else {}
    origins = {"/properties": "/device"}
    return _event(one, name=name, raw_name=action, ids=ids, properties=platform, at=at, origins=origins)


def _merge(one: Object, at: str) -> Event:
    """Two people are one: `secondary` goes into `primary`."""
    kept, gone = _person(one.get("primary")), _person(one.get("secondary"))
    previous = {"previous_id": gone[0].value} if gone else {}
    key = next((key for key, value in _object(one, "secondary").items() if gone and str(value) == gone[0].value), "id")
    return _event(
        one,
        type_="alias",
        name="alias",
        raw_name="merge",
        ids=(*kept, *gone),
        properties=previous,
        at=at,
        origins={"/properties/previous_id": f"/secondary/{key}"},
    )


def _push(one: Object) -> Event:
    """What a device did with a push message."""
    what = mapping.as_text(one.get("event"))
    token = mapping.as_identifier(one.get("device_id"))
    ids = (Identifier("device_id", token),) if isinstance(token, str) else ()
    delivery = mapping.as_text(one.get("delivery_id"))
    name = f"Push {what}".title() if isinstance(what, str) else "Push Event"
    return _event(
        one, name=name, ids=ids, properties={"delivery_id": delivery} if delivery else {}, at="", origins=_OF_BODY
    )


def _report(one: Object) -> Event | DeadLetter:
    """A reporting webhook: what became of a message, or of a subscription."""
    what, metric, data = one.get("object_type"), one.get("metric"), _object(one, "data")
    if not isinstance(what, str) or not isinstance(metric, str) or not what or not metric:
        return _dead("expected a reporting webhook: `object_type` and `metric`", "/metric")
    identifiers = _object(data, "identifiers")
    known = {
        "id": identifiers.get("id") or data.get("customer_id"),
        "email": identifiers.get("email")
        or data.get("email_address")
        or (data.get("recipient") if what == "email" else None),
        "phone": data.get("recipient") if what == "sms" else None,
    }
    words = f"{_CHANNELS.get(what, what.replace('_', ' ').title())} {metric.replace('_', ' ').title()}"
    properties = {key: value for key, value in data.items() if key not in _TOLD_ELSEWHERE}
    return _event(
        one, name=words, raw_name=f"{what}.{metric}", ids=_person(known), properties=properties, at="", side="provider"
    )


def _event(
    one: Object, *, name: str, at: str, type_: Any = "track", raw_name: str = "", ids: tuple[Identifier, ...] = (),
    properties: Object = _NOTHING, traits: Object = _NOTHING, side: Any = "server",
    origins: Mapping[str, str] = MappingProxyType({"/properties": "/data"}),
) -> Event:  # fmt: skip
    message_id = mapping.as_identifier(one.get("event_id") or one.get("id")) if type_ != "identify" else None
    return Event(
        type=type_,
        name=name,
        raw_name=raw_name or name,
        message_id=message_id if isinstance(message_id, str) else "",
        timestamp=moments.of(one, "/timestamp", form="s"),
        identifiers=ids,
        properties=properties,
        traits=traits,
        side=side,
        item=at,
        mapping=origins,
    )


def _person(identifiers: Any) -> tuple[Identifier, ...]:
    """A person's identifiers; an `id` may be an email address where a workspace identifies people by it."""
    if not isinstance(identifiers, dict):
        return ()
    found = []
    for kind, key in (("user_id", "id"), ("email", "email"), ("phone", "phone")):
        value = mapping.as_identifier(identifiers.get(key))
        if isinstance(value, str):
            found.append(Identifier("email" if kind == "user_id" and captures.email_in(value) else kind, value))
    return tuple(found)


def _anonymous(one: Object) -> tuple[Identifier, ...]:
    value = mapping.as_identifier(one.get("anonymous_id"))
    return (Identifier("anonymous_id", value),) if isinstance(value, str) else ()


def _object(one: Object, key: str) -> Object:
    value = one.get(key)
    return value if isinstance(value, dict) else _NOTHING


def _dead(message: str, pointer: str) -> DeadLetter:
    return DeadLetter(code="payload", message=message, pointer=pointer)


_OF_ATTRIBUTES: Final = {"/properties": "/attributes"}
_OF_BODY: Final = {"/properties": ""}
_TRACK: Final = {
    "name": "Product Viewed",
    "id": "01JDEMO0000000000000000001",
    "timestamp": 1_793_527_260,
    "data": {
        "product_id": "8213868347682",
        "sku": "CNDL-OAK-S",
        "name": "Oak Moss Candle",
        "price": 24.9,
        "currency": "EUR",
    },
}
_OPENED: Final = {
    "event_id": "01JDEMO0000000000000000002",
    "object_type": "email",
    "metric": "opened",
    "timestamp": 1_793_530_000,
    "data": {
        "customer_id": "42",
        "identifiers": {"id": "42", "email": "mara@example.com"},
        "delivery_id": "RPILAgABcRhIBqSp7kiPekGBIeVh",
        "recipient": "mara@example.com",
        "subject": "You left something behind",
    },
}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(CustomerIo())


@hookimpl
def register_aliases(register: Callable[[str, Mapping[str, str], Mapping[str, str]], None]) -> None:
    """Register the semantic names of Customer.io that are not ours."""
    register("customerio", _EVENTS, {"list_id": "collection_id", "category": "collection_name", "revenue": "subtotal"})


_EVENTS: Final = {
    "Product Added": "Added to Cart",
    "Product Removed": "Removed from Cart",
    "Product List Viewed": "Collection Viewed",
    "Signed Up": "Customer Created",
}
