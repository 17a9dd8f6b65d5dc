"""Postscript: webhooks about SMS subscribers and their messages.

`Postscript-Signature` is no signature but a fixed token of the shop (GET /api/v2/webhooks/token): it proves the sender
and nothing about the body. `webhook_id` is the subscription; what tells a repeated delivery is the event with the
`id` of its `event_data`. `event_time` carries no offset and is taken as UTC (unconfirmed). The list of events is open,
and one of them is spelled in two ways. (Postscript's API description, developers.postscript.io.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from tagway import (
    DeadLetter,
    Event,
    Identifier,
    PayloadError,
    Request,
    Source,
    captures,
    hookimpl,
    mapping,
    moments,
    signatures,
)

_NAMES: Final[dict[str, str]] = {
    "subscriber.opt_in": "SMS Captured",
    "subscriber.opt_out": "SMS Unsubscribed",
    "incoming_message": "SMS Received",
    "email_collected": "Email Captured",
    "test": "Webhook Tested",
}
# Where a subscriber opted in (keyword, popup, checkout) is not told; emails are collected by popups.
_SOURCES: Final[dict[str, str]] = {"SMS Captured": "other", "Email Captured": "popup"}
_SHOP: Final = re.compile(r"(?:shop\.)+")
_ADDRESSES: Final = mapping.Table(
    {
        "email": mapping.text("/event_data/email", "/event_data/email_address"),
        "phone": mapping.text("/event_data/phone_number", "/event_data/phone", "/event_data/from_number"),
    }
)
_IDS: Final[dict[str, str]] = {"shopify_customer_id": "user_id"}
_CONTEXT: Final = mapping.Table(
    {
        "shop_id": mapping.identifier("/resource_id"),
        "subscriber_id": mapping.identifier("/event_data/subscriber_id"),
        "text": mapping.text("/event_data/body", "/event_data/message", "/event_data/text"),
        "keyword": mapping.text("/event_data/keyword"),
    }
)


class Postscript(Source):
    """Postscript's webhook."""

    name = "postscript"
    signature_header = "postscript-signature"
    scheme = signatures.Token(header=signature_header)
    side = "provider"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a delivery. Raises `PayloadError` without an `event`."""
        document = request.document()
        raw = mapping.string(document.get("event"))
        if not raw:
            raise PayloadError("expected an `event`", pointer="/event")
        data = document.get("event_data")
        data = data if isinstance(data, dict) else {}
        kind = _SHOP.sub("", raw, count=1)
        name = _NAMES.get(kind, raw)
        data_id = mapping.string(mapping.as_identifier(data.get("id")))
        return [
            Event(
                name=name,
                raw_name=raw,
                message_id=f"{kind}:{data_id}" if data_id else "",
                timestamp=moments.of(document, "/event_time", form="iso_utc"),
                identifiers=_identifiers(data),
                properties=_properties(name, _ADDRESSES.read(document)),
                context=_CONTEXT.read(document),
                side="provider",
                test=kind == "test",
                mapping=mapping.Origins(lambda: _ADDRESSES.origins(document=document)),
            )
        ]


def _properties(name: str, found: dict[str, Any]) -> dict[str, Any]:
    source = _SOURCES.get(name)
    if source is None:
        return found
    wanted = "phone" if name == "SMS Captured" else "email"
    return {
        **({wanted: found[wanted]} if wanted in found else {}),
        "capture_source": source,
        **({"consent": True} if wanted == "phone" else {}),
        "provider": "postscript",
    }


def _identifiers(data: dict[str, Any]) -> tuple[Identifier, ...]:
    addresses = [
        Identifier(kind, value)
        for kind, value in _ADDRESSES.read({"event_data": data}).items()
        if isinstance(value, str)
    ]
    known = {name: data.get(key) for key, name in _IDS.items()}
    return tuple(dict.fromkeys((*captures.identifiers_in(known), *addresses)))


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Postscript())
