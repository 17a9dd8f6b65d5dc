"""Justuno: the HTTP client of a workflow, with the body that the merchant wrote.

Method, encoding (JSON, form, form-data) and names are the merchant's, values come from templates like `{{email}}`. No
signature, but static headers: send one of the source's `secrets` in `X-Webhook-Secret`, or give it a `path_token`.
This plugin reads the usual names, wherever they stand at the top; a body of another shape is for the plugin `mapping`.
(hub.justuno.com/knowledge/webhooks.)

Pitfall: a template that had no value is sent as it was written, `{{phone}}`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from tagway import (
    DeadLetter,
    Event,
    Request,
    Route,
    Source,
    captures,
    hookimpl,
    mapping,
    moments,
    signatures,
)

_CAPTURE: Final = mapping.Table(
    {
        "email": mapping.text("/email", "/Email", "/email_address", "/emailAddress"),
        "phone": mapping.text("/phone", "/Phone", "/phone_number", "/phoneNumber", "/sms"),
        "form_id": mapping.identifier("/promotion_id", "/promotionId", "/promo_id", "/form_id", "/formId", "/popup_id"),
        "form_name": mapping.text("/promotion_name", "/promotionName", "/form_name", "/formName"),
        "offer": mapping.text("/coupon", "/coupon_code", "/couponCode", "/offer"),
        "consent": mapping.flag("/consent", "/opt_in", "/optIn", "/accepts_marketing"),
        "url": mapping.url("/url", "/page_url", "/pageUrl"),
    }
)
_PERSON: Final = mapping.Table(
    {
        "first_name": mapping.text("/first_name", "/firstName", "/fname"),
        "last_name": mapping.text("/last_name", "/lastName", "/lname"),
    }
)
_ID: Final = mapping.Table({"id": mapping.identifier("/event_id", "/eventId", "/message_id", "/messageId", "/id")})
_USUAL: Final = {pointer.removeprefix("/") for table in (_CAPTURE, _PERSON, _ID) for pointer in table.pointers()} | {
    "timestamp",
    "created_at",
    "event",
}


class Justuno(Source):
    """Justuno's workflow webhooks."""

    name = "justuno"
    signature_header = "x-webhook-secret"
    scheme = signatures.Token(header=signature_header)
    routes = (Route(path="/webhooks/{source}", methods=("POST", "PUT", "GET")),)
    headers = frozenset(("content-type",))
    side = "provider"
    forms = True

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """The capture of an email, of a phone number, or of both. Raises `PayloadError` without any field."""
        fields = {key: value for key, value in _fields(request).items() if _is_filled(value)}
        event = Event(
            name="Email Captured",
            raw_name=mapping.string(fields.get("event")) or "webhook",
            message_id=mapping.string(_ID.read(fields).get("id")),
            timestamp=moments.of(fields, "/timestamp", "/created_at"),
            identifiers=captures.identifiers_in(fields, captures.PASSED_IN),
            properties={**_CAPTURE.read(fields), "capture_source": "popup", "provider": "justuno"},
            traits=_PERSON.read(fields),
            context={"fields": rest} if (rest := _unread(fields)) else {},
            side="provider",
            mapping=mapping.Origins(lambda: _CAPTURE.origins(document=fields) | _PERSON.origins("/traits", fields)),
        )
        return captures.captured(event)


def _fields(request: Request) -> Mapping[str, Any]:
    """The fields of the body, or of the query where there is no body."""
    return (request if request.body else dataclasses.replace(request, body=request.query.encode())).fields()


def _unread(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the merchant sends beside the usual names and ids: a country, answers of the popup."""
    rest = {name: value for name, value in fields.items() if name not in _USUAL}
    return {name: one for name, one in rest.items() if not captures.identifiers_in({name: one}, captures.PASSED_IN)}


def _is_filled(value: Any) -> bool:
    return not isinstance(value, str) or captures.filled(value) is not None


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Justuno())
