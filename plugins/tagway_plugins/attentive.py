"""Attentive: webhooks about subscribers and messages.

Signature: `x-attentive-hmac-sha256: <hex HMAC-SHA256 of the raw body>`; one public mock writes base64, so that is taken
too. There is no delivery id: a repeated body is the same event. Times are milliseconds; deliveries come out of order
for up to three days, and `email.*` events may carry no phone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from tagway import DeadLetter, Event, PayloadError, Request, Source, captures, hookimpl, mapping, moments, signatures

# Where the address was given is not told, so `capture_source` is `other`.
_CAPTURES: Final[dict[str, str]] = {"sms.subscribed": "phone", "email.subscribed": "email"}
_NAMES: Final[dict[str, str]] = {
    "sms.unsubscribed": "SMS Unsubscribed",
    "sms.sent": "SMS Sent",
    "sms.inbound_message": "SMS Received",
    "sms.message_link_click": "SMS Clicked",
    "email.unsubscribed": "Email Unsubscribed",
    "email.sent": "Email Sent",
    "email.opened": "Email Opened",
    "email.message_link_click": "Email Clicked",
    "custom_attribute.set": "Custom Attribute Set",
}
_ADDRESSES: Final = mapping.Table(
    {"email": mapping.text("/subscriber/email"), "phone": mapping.text("/subscriber/phone")}
)
_IDS: Final = ("user_id", "anonymous_id", "client_id", "device_id")
_CONTEXT: Final = mapping.Table(
    {
        "company": mapping.raw("/company"),
        "message": mapping.raw("/message"),
        "link": mapping.raw("/link"),
        "custom_attribute": mapping.raw("/customAttribute", "/custom_attribute"),
    }
)
_ORIGINS: Final = _ADDRESSES.origins()


class Attentive(Source):
    """Attentive's webhook."""

    name = "attentive"
    signature_header = "x-attentive-hmac-sha256"
    scheme = signatures.Hmac(header=signature_header, encodings=("hex", "base64"))
    side = "provider"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a delivery. Raises `PayloadError` without a `type`."""
        document = request.document()
        kind = mapping.string(document.get("type"))
        if not kind:
            raise PayloadError("expected a `type`", pointer="/type")
        found = _ADDRESSES.read(document)
        wanted = _CAPTURES.get(kind)
        return [
            Event(
                name={"phone": "SMS Captured", "email": "Email Captured"}.get(wanted or "") or _NAMES.get(kind, kind),
                raw_name=kind,
                timestamp=moments.of(document, "/timestamp", form="ms"),
                identifiers=captures.identifiers_in(_subscriber(document), (*_IDS, "email", "phone")),
                properties=_capture(found, wanted) if wanted else found,
                context=_CONTEXT.read(document),
                side="provider",
                mapping=_ORIGINS,
            )
        ]


def _capture(found: dict[str, object], wanted: str) -> dict[str, object]:
    """The address that was subscribed; the other one is an identifier, as all are."""
    address = {wanted: found[wanted]} if wanted in found else {}
    return {**address, "capture_source": "other", "consent": True, "provider": "attentive"}


def _subscriber(document: dict[str, object]) -> dict[str, object]:
    """The subscriber's addresses, and the ids of other systems that stand beside or below them."""
    subscriber = document.get("subscriber")
    if not isinstance(subscriber, dict):
        return {}
    below = [one for one in subscriber.values() if isinstance(one, dict)]
    return {key: value for one in (*below, subscriber) for key, value in one.items()}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Attentive())
