"""Mailchimp: audience webhooks, form fields with brackets (`data[merges][EMAIL]`).

No signature; the secret is in the URL: give the source a `path_token`. When a webhook is saved, Mailchimp GETs its
URL and wants 200: that makes no event. There is no delivery id: a repeated body is the same event. `fired_at` is UTC
without an offset. (Mailchimp's webhook guide; samples in public repositories.)

`upemail` is a change of address: one person, both addresses in one event. `cleaned` means undeliverable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from tagway import (
    DeadLetter,
    Event,
    Identifier,
    PayloadError,
    Request,
    Route,
    Source,
    captures,
    hookimpl,
    mapping,
    moments,
)

_NAMES: Final[dict[str, str]] = {
    "subscribe": "Email Captured",
    "unsubscribe": "Email Unsubscribed",
    "profile": "identify",
    "upemail": "identify",
    "cleaned": "Email Cleaned",
    "campaign": "Campaign Sent",
}
_EMAIL: Final = mapping.text("/data/email", "/data/merges/EMAIL", "/data/new_email")
_SUBSCRIBE: Final = mapping.Table({"email": _EMAIL, "form_id": mapping.identifier("/data/list_id")})
_ADDRESS: Final = mapping.Table({"email": _EMAIL})
_PERSON: Final = mapping.Table(
    {
        "email": _EMAIL,
        "phone": mapping.text("/data/merges/PHONE"),
        "first_name": mapping.text("/data/merges/FNAME"),
        "last_name": mapping.text("/data/merges/LNAME"),
    }
)
_CONTEXT: Final = mapping.Table(
    {
        "list_id": mapping.identifier("/data/list_id"),
        "web_id": mapping.identifier("/data/web_id"),
        "campaign_id": mapping.identifier("/data/campaign_id"),
        "action": mapping.text("/data/action"),
        "reason": mapping.text("/data/reason"),
        "subject": mapping.text("/data/subject"),
        "status": mapping.text("/data/status"),
    }
)


class Mailchimp(Source):
    """Mailchimp's webhook."""

    name = "mailchimp"
    routes = (Route(path="/webhooks/{source}", methods=("POST", "GET")),)
    headers = frozenset(("content-type",))
    side = "provider"
    forms = True

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """One event for a delivery, none for the GET of saving. Raises `PayloadError` without a `type`."""
        if request.method == "GET":
            return []
        document = request.fields()
        kind = mapping.string(document.get("type"))
        if not kind:
            raise PayloadError("expected a `type`", pointer="/type")
        return [_event(kind, document)]


def _event(kind: str, document: Mapping[str, Any]) -> Event:
    calls: dict[str, Literal["track", "identify"]] = {"profile": "identify", "upemail": "identify"}
    return Event(
        type=calls.get(kind, "track"),
        name=_NAMES.get(kind, kind),
        raw_name=kind,
        timestamp=moments.of(document, "/fired_at", form="iso_utc"),
        identifiers=_identifiers(kind, document),
        properties=_properties(kind, document),
        traits=_PERSON.read(document) if kind in ("subscribe", "profile", "upemail") else {},
        context=_CONTEXT.read(document),
        side="provider",
        mapping=mapping.Origins(lambda: _SUBSCRIBE.origins(document=document) | _PERSON.origins("/traits", document)),
    )


def _properties(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "subscribe":
        found = _SUBSCRIBE.read(document)
        return {**found, "capture_source": "other", "consent": True, "provider": "mailchimp"}
    return {} if kind in ("profile", "upemail", "campaign") else _ADDRESS.read(document)


def _identifiers(kind: str, document: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """The address, of a changed one the old beside the new, and what the store put into merge fields."""
    data = document.get("data")
    data = data if isinstance(data, dict) else {}
    merges = data.get("merges")
    passed = captures.identifiers_in(merges, captures.PASSED_IN) if isinstance(merges, dict) else ()
    old = data.get("old_email") if kind == "upemail" else None
    addresses = [mapping.string(one) for one in (_ADDRESS.read(document).get("email"), old)]
    return (*passed, *(Identifier("email", text) for text in addresses if text))


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Mailchimp())
