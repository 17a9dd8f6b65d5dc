"""Klaviyo: system webhooks about messages and subscriptions, and the events of its onsite forms.

Signature of system webhooks: `Klaviyo-Signature: <hex HMAC-SHA256 of raw body followed by Klaviyo-Timestamp>`. Three
public implementations agree; one says that the body alone is signed, so this is not confirmed by the vendor. The
window is not documented; `external_id` tells a repeated event. These events name a profile of Klaviyo's and neither
email nor phone: they join nobody, and the profile id is kept in the context.

Onsite forms fire the browser event `klaviyoForms`. A page that forwards it sends its `detail`, bare or in an envelope:

    {"event": "klaviyoForms", "detail": {"type": "submit", "formId": "...", "metaData": {"$email": "..."}},
     "anonymousId": "...", "messageId": "...", "timestamp": "..."}

Browsers cannot sign: give these a source of their own (`[sources.klaviyo_forms] plugin = "klaviyo"`, with a
`path_token`). The Webhook action of a flow sends whatever the merchant wrote: of it the person is kept, and the
plugin `mapping` reads the rest.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from tagway import (
    DeadLetter,
    Event,
    PayloadError,
    Request,
    Source,
    body,
    captures,
    hookimpl,
    mapping,
    moments,
    signatures,
)

_TOPIC: Final = re.compile(r"event:klaviyo\.(?P<action>\w+)")
# What a topic is called here; no canonical event is among them, because none tells an address.
_NAMES: Final[dict[str, str]] = {
    "received_email": "Email Delivered",
    "opened_email": "Email Opened",
    "clicked_email": "Email Clicked",
    "bounced_email": "Email Bounced",
    "dropped_email": "Email Dropped",
    "marked_email_as_spam": "Email Marked as Spam",
    "subscribed_to_email_marketing": "Email Subscribed",
    "unsubscribed_from_email_marketing": "Email Unsubscribed",
    "sent_sms": "SMS Sent",
    "received_sms": "SMS Received",
    "clicked_sms": "SMS Clicked",
    "failed_to_deliver_sms": "SMS Failed",
    "subscribed_to_sms_marketing": "SMS Subscribed",
    "unsubscribed_from_sms_marketing": "SMS Unsubscribed",
}
_CONTEXT: Final = mapping.Table(
    {
        "klaviyo_profile_id": mapping.text("/payload/data/relationships/profile/data/id"),
        "klaviyo_metric_id": mapping.text("/payload/data/relationships/metric/data/id"),
        "event_properties": mapping.raw("/payload/data/attributes/event_properties"),
    }
)
_TIMES: Final = ("/payload/data/attributes/timestamp", "/payload/data/attributes/datetime")
_SHOWN: Final[dict[str, str]] = {"open": "popup", "embedOpen": "embed"}
_FORM: Final = mapping.Table({"form_id": mapping.identifier("/formId"), "form_name": mapping.text("/formName")})
_GIVEN: Final = mapping.Table(
    {
        "email": mapping.text("/metaData/$email", "/metaData/email"),
        "phone": mapping.text("/metaData/$phone_number", "/metaData/phone_number"),
    }
)
_PERSON: Final = mapping.Table(
    {
        "first_name": mapping.text("/metaData/$first_name", "/metaData/first_name"),
        "last_name": mapping.text("/metaData/$last_name", "/metaData/last_name"),
    }
)


class Klaviyo(Source):
    """Klaviyo's webhooks and onsite forms."""

    name = "klaviyo"
    headers = frozenset(("klaviyo-timestamp", "klaviyo-webhook-id"))
    signature_header = "klaviyo-signature"
    scheme = signatures.Hmac(
        header=signature_header,
        encodings=("hex",),
        signed="{body}{timestamp}",
        timestamp_header="klaviyo-timestamp",
    )
    side = "provider"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """The events of a webhook, or those of one form event. Raises `PayloadError` for anything else."""
        document = request.document()
        if isinstance(document.get("data"), list):
            return list(_webhook(document["data"]))
        detail = document.get("detail", document)
        if isinstance(detail, dict) and "formId" in detail:
            return _form(document, detail)
        ids = captures.identifiers_in(document)
        if not ids:
            raise PayloadError(
                "expected a list in `data`, a form event with a `formId`, or an address", pointer="/data"
            )
        # The webhook of a flow: whatever the merchant wrote, but it says who is meant.
        return [Event(name="Flow Webhook Received", raw_name="flow webhook", identifiers=ids, side="provider")]


def _webhook(items: list[Any]) -> Iterator[Event | DeadLetter]:
    for place, one in enumerate(items):
        item = body.pointer("data", place)
        if not isinstance(one, dict) or not mapping.string(one.get("topic")):
            yield DeadLetter(code="payload", message="expected an object with a `topic`", pointer=item)
            continue
        topic = mapping.string(one["topic"])
        context = _CONTEXT.read(one)
        said = context.get("event_properties")
        yield Event(
            name=_name(topic),
            raw_name=topic,
            message_id=mapping.string(one.get("external_id")),
            timestamp=moments.of(one, *_TIMES, form=_moment),
            identifiers=captures.identifiers_in(said, ("email", "phone")) if isinstance(said, dict) else (),
            context=context,
            side="provider",
            item=item,
        )


def _name(topic: str) -> str:
    match = _TOPIC.fullmatch(topic)
    if match is None:
        return topic
    return _NAMES.get(match["action"]) or match["action"].replace("_", " ").title()


def _moment(value: Any) -> int | None:
    """Klaviyo writes Unix seconds in some payloads and ISO 8601 in others."""
    return moments.from_unix(value) or moments.read(value)


def _form(envelope: Mapping[str, Any], detail: Mapping[str, Any]) -> list[Event]:
    kind = mapping.string(detail.get("type"))
    meta = detail.get("metaData")
    hidden = (
        *_outer_ids(envelope),
        *(captures.identifiers_in(meta, captures.PASSED_IN) if isinstance(meta, dict) else ()),
    )
    event = Event(
        name=f"klaviyoForms {kind}".strip(),
        raw_name=f"klaviyoForms {kind}".strip(),
        message_id=mapping.string(envelope.get("messageId")),
        timestamp=moments.of(envelope, "/timestamp", form=_moment),
        identifiers=tuple(dict.fromkeys(hidden)),
        properties={**_FORM.read(detail), "provider": "klaviyo"},
        traits=_PERSON.read(detail),
        context={"url": url} if (url := mapping.string(envelope.get("url"))) else {},
        side="web",
        mapping=mapping.Origins(lambda: _origins(detail, "" if detail is envelope else "/detail")),
    )
    if kind in _SHOWN:
        return [_changed(event, name="Popup Shown", form_type=_SHOWN[kind])]
    given = _GIVEN.read(detail)
    if kind in ("submit", "stepSubmit") and given:
        return captures.captured(_changed(event, name="Email Captured", **given, capture_source="popup"))
    return [event]


def _origins(detail: Mapping[str, Any], at: str) -> dict[str, str]:
    """Where the values of a form event come from; `at` is where its detail stands."""
    found = [table.origins(document=detail) for table in (_FORM, _GIVEN)] + [_PERSON.origins("/traits", detail)]
    return {to: at + source for one in found for to, source in one.items()}


def _outer_ids(envelope: Mapping[str, Any]) -> Iterable[Any]:
    return captures.identifiers_in({key: value for key, value in envelope.items() if key != "detail"})


def _changed(event: Event, name: str, **properties: Any) -> Event:
    return dataclasses.replace(event, name=name, properties={**event.properties, **properties})


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Klaviyo())
