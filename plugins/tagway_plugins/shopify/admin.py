"""Shopify Admin webhooks: orders, carts, checkouts, customers, refunds, privacy requests.

Signature: base64 of HMAC-SHA256 over the raw body; no time is signed. After a rotation of the app's secret
Shopify signs with the old one for up to an hour, so several secrets may be live. Webhooks made by a merchant
in the admin's settings are signed with a secret of the shop, not of the app.
(shopify.dev, webhooks, "Verify the origin"; the newer Events deliveries send the same headers without `X-`.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

from tagway import (
    Access,
    DeadLetter,
    Event,
    Example,
    Identifier,
    PayloadError,
    Proof,
    Request,
    Source,
    hookimpl,
    mapping,
    moments,
    signatures,
)

from tagway_plugins.shopify import demo
from tagway_plugins.shopify.resources import CONTEXT, IMPERSONAL, NOBODY, PERSON, UNPLANNED
from tagway_plugins.shopify.topics import CONSENTS, TOPICS, Topic
from tagway_plugins.shopify.values import attribute_ids

_HEADERS: Final = (
    "topic", "shop-domain", "api-version", "webhook-id", "event-id", "triggered-at", "test", "name", "sub-topic",
)  # fmt: skip
_SCHEME: Final = signatures.Hmac(header="x-shopify-hmac-sha256")
_EVENTS_SCHEME: Final = signatures.Hmac(header="shopify-hmac-sha256")
_PAST: Final = {"create": "Created", "update": "Updated", "delete": "Deleted"}
# Topics as RudderStack and GraphQL spell them (`orders_create`, `ORDERS_CREATE`).
_SPELLINGS: Final = {topic.replace("/", "_"): topic for topic in TOPICS}
_NAMING: Final = {"customer_id": "user_id", "email": "email", "phone": "phone"}
# A merge is reported before it is done, and Shopify's own test notification is of one that failed.
_MERGED: Final = ("success", "completed")


class Shopify(Source):
    """Shopify's Admin webhooks, one topic a request."""

    name = "shopify"
    headers = frozenset(f"{prefix}shopify-{name}" for prefix in ("x-", "") for name in (*_HEADERS, "hmac-sha256"))
    signature_header = _SCHEME.header
    scheme = _SCHEME
    topic_header = "x-shopify-topic"
    topic_query = "topic"
    side = "server"
    kind = "webhook"
    severity: ClassVar[Mapping[str, str]] = {
        # Tips and custom items are products of no catalogue, and a subscription's contract names none.
        "property_missing:/properties/products/*/product_id": "info",
        "property_missing:/properties/product_id": "info",
    }

    def verify(self, request: Request, access: Access) -> Proof:
        """Check the HMAC of the raw body, under either header's name. Raises `RefusedError`."""
        scheme = _SCHEME if _SCHEME.header in request.headers else _EVENTS_SCHEME
        if not access.secrets or scheme.header not in request.headers:
            return super().verify(request, access)
        which = scheme.which(request.headers, request.body, access.secrets, access.now)
        return Proof(verified=True, which=which)

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a delivery. Raises `PayloadError` for a body that is no object, or without a topic."""
        document = request.document()
        topic = _topic(request)
        if topic == "customers/merge":
            return [_merge(document, request)]
        return [_event(topic, _known(topic, document), document, request)]

    def examples(self) -> Sequence[Example]:
        """A cart and the order that it becomes."""
        return demo.WEBHOOKS


def _known(topic: str, document: Mapping[str, Any]) -> Topic | None:
    """What Tagway knows of a topic; of a consent, whether it was given."""
    if topic not in CONSENTS:
        return TOPICS.get(topic)
    pointer, given = CONSENTS[topic]
    return given if mapping.path(pointer)(document) == "subscribed" else None


def _event(topic: str, known: Topic | None, document: dict[str, Any], request: Request) -> Event:
    """The event of one delivery; an unknown topic's is named after it and carries the least."""
    if known is None:
        times = ("/updated_at", "/created_at", "/occurredAt")
        table = NOBODY if topic.partition("/")[0] in IMPERSONAL else UNPLANNED
        known = Topic(name=_name_of(topic), table=table, times=times, person="/customer", planned=False)
    given = mapping.Given(currency=_text(mapping.path(known.currency)(document)))
    person = None if known.person is None else mapping.path(known.person)(document)
    properties = {**known.table.read(document, given), **known.derive(document)}
    table, at = known.table, known.person
    return Event(
        name=known.name,
        raw_name=topic,
        message_id=_message_id(topic, document, request),
        timestamp=_time(known.times, document, request),
        identifiers=_identifiers(known, document, properties),
        properties=properties,
        traits=PERSON.read(person),
        context=_context(document, request),
        side="server",
        test=_is_test(document, request),
        mapping=mapping.Origins(lambda: _origins(table, at, document)),
        asks=known.asks,
    )


def _merge(document: dict[str, Any], request: Request) -> Event:
    """Two customers became one, which is an approval; until Shopify says so, the ids are told but join nobody."""
    ids = {name: value for name, value in _MERGE.read(document).items() if isinstance(value, str)}
    status = _text(document.get("status")) or ""
    done = status.lower() in _MERGED and not document.get("errors") and len(ids) == len(_MERGE_IDS)
    return Event(
        type="alias" if done else "track",
        name="alias" if done else "Customer Merge Unfinished",
        raw_name="customers/merge",
        message_id=_message_id("customers/merge", document, request),
        timestamp=_time((), document, request),
        identifiers=tuple(Identifier("user_id", value) for value in ids.values()) if done else (),
        properties={name: ids[key] for key, name in (_DONE if done else _NOT_DONE).items() if key in ids},
        context={**_context(document, request), "status": status},
        side="server",
        test=_is_test(document, request),
        mapping=_MERGE.origins() if done else {},
        asks="one_person" if done else "",
    )


_DONE: Final = {"previous_id": "previous_id"}
_NOT_DONE: Final = {"user_id": "kept_id", "previous_id": "deleted_id"}
_MERGE_IDS: Final = {
    "user_id": "/admin_graphql_api_customer_kept_id",
    "previous_id": "/admin_graphql_api_customer_deleted_id",
}
_MERGE: Final = mapping.Table({name: mapping.identifier(pointer) for name, pointer in _MERGE_IDS.items()})


def _origins(table: mapping.Table, person: str | None, document: Mapping[str, Any]) -> dict[str, str]:
    """Where an event's values come from."""
    names = {} if person is None else PERSON.origins("/traits")
    return table.origins(document=document) | {to: f"{person}{source}" for to, source in names.items()}


def _identifiers(known: Topic, document: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """What no schema finds: a browser's ids in the cart's attributes, and whom a privacy request or topic means."""
    found = attribute_ids(document.get("note_attributes") or document.get("attributes"))
    if known.asks:
        return (*found, *_meant(document))
    if known.planned:
        return found
    named = ((kind, properties.get(name)) for name, kind in _NAMING.items())
    return (*found, *(Identifier(kind, value) for kind, value in named if isinstance(value, str)))


def _meant(document: Mapping[str, Any]) -> Iterable[Identifier]:
    """The person of a privacy request. Its `customer.id` may be missing, its ids strings or numbers."""
    customer = document.get("customer")
    orders = document.get("orders_to_redact") or document.get("orders_requested")
    if isinstance(customer, dict):
        for kind, key in (("user_id", "id"), ("email", "email"), ("phone", "phone")):
            if isinstance(value := mapping.as_identifier(customer.get(key)), str):
                yield Identifier(kind, value)
    for order in orders if isinstance(orders, list) else ():
        if isinstance(value := mapping.as_identifier(order), str):
            yield Identifier("order_id", value)


def _message_id(topic: str, document: Mapping[str, Any], request: Request) -> str:
    """What tells a repeated delivery.

    An event id is the same for all that one action of the merchant fires, so it needs topic and resource beside it;
    then it also unites the deliveries of two subscriptions. The webhook id is stable over retries only.
    """
    event = _header(request, "event-id")
    if event:
        resource = mapping.as_identifier(document.get("id") or document.get("admin_graphql_api_id"))
        return f"{topic}:{event}:{_text(resource) or ''}"
    return _header(request, "webhook-id")


def _time(pointers: tuple[str, ...], document: Mapping[str, Any], request: Request) -> moments.Told:
    """When it happened; a delete stub or a merge knows only when its delivery was triggered."""
    return moments.of(document, *pointers) or moments.told(_header(request, "triggered-at"))


def _context(document: Mapping[str, Any], request: Request) -> dict[str, Any]:
    found = CONTEXT.read(document)
    shop = _header(request, "shop-domain") or _text(document.get("shop_domain"))
    return {**found, "shop": shop} if shop else found


def _is_test(document: Mapping[str, Any], request: Request) -> bool:
    return _header(request, "test").lower() == "true" or document.get("test") is True


def _topic(request: Request) -> str:
    """The topic of a delivery: its header, or `?topic=` where a forwarder put it."""
    topic = _header(request, "topic") or parse_qs(request.query).get("topic", [""])[0]
    topic = topic.strip().lower()
    if not topic:
        raise PayloadError("the topic is missing: Shopify sends it in the header X-Shopify-Topic")
    # Some of Shopify's newer topics are spelled with a dot: `customer.tags_added`.
    return topic if "/" in topic or "." in topic else _SPELLINGS.get(topic, topic.replace("_", "/", 1))


def _name_of(topic: str) -> str:
    """An unknown topic as Object and Action: `draft_orders/create` is "Draft Order Created"."""
    resource, _, action = topic.replace(".", "/").rpartition("/")
    singular = resource.removesuffix("s")
    words = f"{singular} {_PAST.get(action, action)}".replace("/", " ").replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def _header(request: Request, name: str) -> str:
    return request.headers.get(f"x-shopify-{name}") or request.headers.get(f"shopify-{name}") or ""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Shopify())
