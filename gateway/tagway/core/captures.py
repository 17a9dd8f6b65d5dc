"""Addresses that a person gave: events for them, and how to find them where they were not asked for by type.

A popup, a form and a quiz end the same way: with an email or a phone number, and with it the moment in which an
anonymous shopper becomes a person. Each address is an event of its own (`Email Captured`, `SMS Captured`) and
an identifier of every event that came with it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from tagway.core.events import Event, Identifier

_EMAIL: Final = re.compile(
    r"[^@\s,;:<>()\[\]\"\\]{1,64}@(?:[^@\s.,;:<>()\[\]\"\\]{1,63}\.){1,8}[^@\s.,;:<>()\[\]\"\\]{2,63}"
)
_PHONE: Final = re.compile(r"\+?[\d\s().\-/]{7,24}", re.ASCII)
_ASKS_FOR_PHONE: Final = re.compile(
    r"phone|mobile|telef|\btel\b|\bcell\b|handy|whats ?app|\bsms\b|text you", re.IGNORECASE
)
# What a template or a link leaves behind when nobody filled it in: {{email}}, [anonymous_id], %ID%, xxxxx.
_UNFILLED: Final = re.compile(r"\{.*\}|\[.*\]|%[A-Za-z_]+%|<.*>|[xX]{3,}|hidden_value", re.DOTALL)
_MEANT: Final[dict[str, str]] = {
    **dict.fromkeys(("anonymousid", "anonid", "ajsanonymousid", "visitorid", "aid"), "anonymous_id"),
    **dict.fromkeys(("rudderanonymousid", "segmentanonymousid", "tagwayanonymousid"), "anonymous_id"),
    "shopifyy": "anonymous_id",  # The cookie `_shopify_y`: the pixel's clientId.
    **dict.fromkeys(("userid", "customerid", "shopifycustomerid", "uid", "clientuserid"), "user_id"),
    **dict.fromkeys(("clientid", "gaclientid"), "client_id"),
    "deviceid": "device_id",
    **dict.fromkeys(("carttoken", "cartid"), "cart_token"),
    **dict.fromkeys(("checkouttoken", "checkoutid"), "checkout_token"),
    "orderid": "order_id",
    **dict.fromkeys(("email", "emailaddress"), "email"),
    **dict.fromkeys(("phone", "phonenumber"), "phone"),
}


PASSED_IN: Final = frozenset(kind for kind in _MEANT.values() if kind not in ("email", "phone"))
"""The kinds of identifiers that a store puts into a form itself; an email or a phone in it was typed by a person."""


def email_in(text: Any) -> str | None:
    """The email address that a text consists of, as sent; None when it is anything else."""
    if not isinstance(text, str) or len(text) > 254:
        return None
    text = text.strip()
    return text if _EMAIL.fullmatch(text) else None


def phone_in(text: Any, *, question: str = "") -> str | None:
    """The phone number that a text consists of, as sent; None when it is anything else.

    A number in international form is one wherever it stands. Other digits may be a date or an order: they are
    one only where the question (its title, its field's name) asks for it.
    """
    if not isinstance(text, str) or not _PHONE.fullmatch(text.strip()):
        return None
    digits = sum(one.isdigit() for one in text)
    international = text.strip().startswith(("+", "00")) and digits >= 8
    asked = _ASKS_FOR_PHONE.search(question.replace("_", " ")) is not None and digits >= 7
    return text.strip() if digits <= 15 and (international or asked) else None


def filled(value: Any) -> str | None:
    """A hidden or templated field as text; None when it is blank, no scalar, or its placeholder was left in."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return text if text and not _UNFILLED.fullmatch(text) else None


def identifiers_in(fields: Mapping[str, Any], kinds: Collection[str] = ()) -> tuple[Identifier, ...]:
    """Identifiers among fields that a store named itself (hidden fields, custom properties), by their names.

    `anonymous_id`, `anonymousId` and `Anonymous ID` are one name. `kinds` limits what is taken; all without it.
    """
    found = []
    for name, value in fields.items():
        kind = _MEANT.get(re.sub(r"[^a-z0-9]", "", name.lower())) if len(name) < 64 else None
        if kind is not None and (not kinds or kind in kinds) and (text := filled(value)) is not None:
            found.append(Identifier(kind, text))
    return tuple(found)


def captured(event: Event) -> list[Event]:
    """The capture events of one event that carries `email`, `phone` or both in its properties.

    Each keeps one of the two as its property and both as identifiers, so that they belong to one person. An
    event with neither stays an `Email Captured` without one, for its violation to be seen.
    """
    addresses = {key: value for key in ("email", "phone") if (value := event.properties.get(key)) is not None}
    rest = {key: value for key, value in event.properties.items() if key not in ("email", "phone")}
    ids = tuple(Identifier(kind, value) for kind, value in addresses.items() if isinstance(value, str))
    shared = dataclasses.replace(event, identifiers=tuple(dict.fromkeys((*event.identifiers, *ids))))
    return [
        dataclasses.replace(
            shared,
            name="SMS Captured" if key == "phone" else "Email Captured",
            properties={key: addresses[key], **rest} if key else rest,
            message_id=f"{event.message_id}:{key}" if event.message_id and len(addresses) > 1 else event.message_id,
        )
        for key in addresses or ("",)
    ]
