"""Privy: one webhook for each contact that a display captured.

No signature; Privy's help advises Basic auth in the URL (`https://name:password@...`): `secrets = ["name:password"]`,
or a `path_token`. The answer must be 200. `created_at` and `updated_at` are null, so an event happened when it was
received; a contact is told once for each display, which makes (contact, display) the delivery.
(help.privy.com, article 163. Not privy.io, which is another.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from tagway import DeadLetter, Event, Request, Source, captures, hookimpl, mapping, moments, signatures

_CAPTURE: Final = mapping.Table(
    {
        "email": mapping.text("/email"),
        "phone": mapping.text("/phone", "/phone_number", "/custom_fields/phone", "/custom_fields/Phone"),
        "form_id": mapping.identifier("/display/id"),
        "form_name": mapping.text("/display/title"),
    }
)
_PERSON: Final = mapping.Table({"first_name": mapping.text("/first_name"), "last_name": mapping.text("/last_name")})


class Privy(Source):
    """Privy's webhook."""

    name = "privy"
    scheme = signatures.Basic()
    signature_header = scheme.header
    side = "provider"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """The capture of a contact's email, of the phone number, or of both."""
        document = request.document()
        found = _CAPTURE.read(document)
        contact, display = mapping.string(document.get("id")), mapping.string(found.get("form_id"))
        custom = document.get("custom_fields")
        event = Event(
            name="Email Captured",
            raw_name="contact",
            message_id=f"{contact}:{display}" if contact and display else "",
            timestamp=moments.of(document, "/created_at"),
            identifiers=captures.identifiers_in(custom, captures.PASSED_IN) if isinstance(custom, dict) else (),
            properties={**found, "capture_source": "popup", "provider": "privy"},
            traits=_PERSON.read(document),
            context={"custom_fields": custom} if custom else {},
            side="provider",
            mapping=mapping.Origins(lambda: _CAPTURE.origins(document=document) | _PERSON.origins("/traits")),
        )
        return captures.captured(event)


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Privy())
