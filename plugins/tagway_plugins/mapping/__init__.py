"""A source without Python: `[sources.x] plugin = "mapping"`, and the body's fields by JSON pointer.

    [sources.reviews]
    plugin = "mapping"
    secrets = ["env:REVIEWS_SECRET"]
    [sources.reviews.options]
    event = "/type"                              # a pointer, or the name itself: "Email Captured"
    events = { "review.created" = "Review Submitted" }
    items = "/data"                              # one event for each element; without it, the body is the event
    message_id = "/id"
    timestamp = "/created_at"
    time_format = "iso"                          # iso, iso_utc (no offset, UTC), s, ms, us
    side = "server"                              # web, server, app, provider
    type = "track"                               # or identify, page, screen, group, alias
    test = "/test"                               # true marks a test delivery
    identity = { email = "/customer/email", anonymous_id = "/meta/anon" }
    properties = { order_id = "/order/id", total = "/order/total", currency = "/order/currency" }
    traits = { first_name = "/customer/first_name" }
    constants = { provider = "reviews" }
    signature = { scheme = "hmac-sha256-hex", header = "X-Reviews-Signature" }

A property is read as its canonical name says (`total` as an amount, `order_id` as an id), or by the reader that is
named: `{ minor = "/amount_cents" }`; a list of objects is `{ each = "/lines", fields = { sku = "/sku" } }`. Event,
time, test and identity are looked for in the item first and then in the whole body, because envelopes carry them.
Bodies may be JSON or forms. The signature's scheme is one of hmac-sha256-base64, -base64url, -hex, hmac-sha1-base64,
-hex (with `prefix`, `signed = "{timestamp}.{body}"`, `timestamp_header`, `tolerance` in seconds), stamped-hex, -base64
(`t=...,v1=...`), standard-webhooks, svix, salted-sha256-hex, token and basic. Where `message_id` finds nothing, a
delivery of standard-webhooks or svix is told from its repeats by the id in its headers.

`options` reads the table above and names the key of every fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tagway import DeadLetter, Event, Identifier, PayloadError, Request, Source, body, hookimpl, signatures
from tagway import mapping as tables

from tagway_plugins.mapping.options import Mapped, read


class Unmapped(Source):
    """The plugin before it is configured: it only knows how to be."""

    name = "mapping"
    side = "provider"
    forms = True

    def configured(self, options: Mapping[str, Any]) -> Source:
        """The source that the options describe. Raises `ConfigError` that names the key."""
        return MappedSource(read(options))

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """Nothing can be read without options."""
        raise PayloadError(f"the source {request.source!r} has no options that say how to read it")


class MappedSource(Source):
    """A source as its options describe it."""

    name = "mapping"
    forms = True

    def __init__(self, mapped: Mapped) -> None:
        """Take what the options say."""
        self._mapped = mapped
        self.side = mapped.side
        self.scheme = mapped.scheme
        self.signature_header = mapped.scheme.header if mapped.scheme else ""
        self._id_header = f"{mapped.scheme.prefix}id" if isinstance(mapped.scheme, signatures.Standard) else ""
        self.headers = frozenset(("content-type", *filter(None, [self._id_header])))

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for the body, or for each element of its list. Raises `PayloadError` where there is no list."""
        return list(self._events(_document(request), request.headers.get(self._id_header, "")))

    def _events(self, document: Any, delivery: str) -> Iterator[Event | DeadLetter]:
        if self._mapped.items is None:
            yield self._event(document, document, "", delivery)
            return
        items = tables.path(self._mapped.items)(document)
        if not isinstance(items, list):
            raise PayloadError("expected a list of events", pointer=self._mapped.items)
        for place, one in enumerate(items):
            item = f"{self._mapped.items}{body.pointer(place)}"
            if isinstance(one, dict):
                yield self._event(one, document, item, delivery)
            else:
                yield DeadLetter(code="payload", message="expected an object", pointer=item)

    def _event(self, one: Any, document: Any, item: str, delivery: str) -> Event | DeadLetter:
        mapped = self._mapped
        sent = mapped.event(one, document)
        if not sent:
            return DeadLetter(code="payload", message="the pointer of `event` finds no name", pointer=item)
        ids = ((kind, tables.string(find(one, document))) for kind, find in mapped.identity.items())
        given = tables.Given(currency=tables.string(mapped.currency(one)))
        return Event(
            type=mapped.type,
            name=mapped.events.get(sent, sent),
            raw_name=sent,
            message_id=tables.string(mapped.message_id(one)) or (delivery and delivery + item),
            timestamp=mapped.time(one, document),
            identifiers=tuple(Identifier(kind, value) for kind, value in ids if value),
            properties={**mapped.constants, **mapped.properties.read(one, given)},
            traits=mapped.traits.read(one, given),
            side=mapped.side,
            test=tables.as_flag(mapped.test(one, document)) is True,
            item=item,
            mapping=mapped.origins,
        )


def _document(request: Request) -> Any:
    """The body: any JSON, or a form as an object."""
    if request.body.lstrip()[:1] == b"[":
        try:
            return body.decode(request.body)
        except body.BodyError as error:
            raise PayloadError(str(error)) from None
    return request.fields()


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Unmapped())
