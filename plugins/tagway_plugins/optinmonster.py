"""OptinMonster: one webhook for each lead of a campaign.

No authentication, by its documentation: give the source a `path_token`. JSON since 2023-11-30, bracketed form fields
before. (campaign, address, time) is the delivery. The test lead is `hello@optinmonster.com`.

Pitfall: an answer with `om_error_message` is shown to the visitor; Tagway's never has one. The lead's IP address is
not kept.
"""

from __future__ import annotations

import hashlib
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
)

_CAPTURE: Final = mapping.Table(
    {
        "email": mapping.text("/lead/email"),
        "phone": mapping.text("/lead/phone"),
        "form_id": mapping.identifier("/campaign/id"),
        "form_name": mapping.text("/campaign/title"),
        "consent": mapping.flag("/lead/privacyConsent"),
        "url": mapping.url("/lead/referrer"),
    }
)
_PERSON: Final = mapping.Table(
    {"first_name": mapping.text("/lead/firstName"), "last_name": mapping.text("/lead/lastName")}
)
_ORIGINS: Final = {**_CAPTURE.origins(), **_PERSON.origins("/traits")}
_TEST: Final = "hello@optinmonster.com"


class OptinMonster(Source):
    """OptinMonster's webhook."""

    name = "optinmonster"
    headers = frozenset(("content-type", "x-optinmonster-webhook-version"))
    side = "provider"
    forms = True

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """The capture of a lead's email, of the phone number, or of both. Raises `PayloadError` without a lead."""
        document = request.fields()
        lead = document.get("lead")
        if not isinstance(lead, dict):
            raise PayloadError("expected a `lead`", pointer="/lead")
        found = _CAPTURE.read(document)
        email, campaign = mapping.string(found.get("email")), mapping.string(found.get("form_id"))
        given = email or mapping.string(found.get("phone"))
        key = (campaign, _digest(given) if given else "", mapping.string(lead.get("timestamp")))
        event = Event(
            name="Email Captured",
            raw_name="lead",
            message_id=":".join(key) if all(key) else "",
            timestamp=moments.of(document, "/lead/timestamp", form="s"),
            identifiers=_ids(document),
            properties={**found, "capture_source": "popup", "provider": "optinmonster"},
            traits=_PERSON.read(document),
            context={name: document[name] for name in ("meta", "smart_tags", "lead_options") if document.get(name)},
            side="provider",
            test=email.lower() == _TEST,
            mapping=_ORIGINS,
        )
        return captures.captured(event)


def _digest(address: str) -> str:
    """An address in a message id: told apart from others, and not readable."""
    return hashlib.blake2b(address.lower().encode(), digest_size=6).hexdigest()


def _ids(document: dict[str, Any]) -> tuple[Identifier, ...]:
    """What the campaign was told to pass on: its meta fields and its smart tags."""
    told = [document.get("meta"), document.get("smart_tags")]
    found = [captures.identifiers_in(one, captures.PASSED_IN) for one in told if isinstance(one, dict)]
    return tuple(dict.fromkeys(identifier for several in found for identifier in several))


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(OptinMonster())
