"""Values that webhooks and pixel share, so that both sides of one shop end in the same strings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tagway import Identifier, mapping

_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]")
# Attribute names under which scripts and apps put a browser's ids into a cart (RudderStack's is documented).
_ATTRIBUTE_KINDS: Final = {
    "anonymousid": "anonymous_id",
    "ajsanonymousid": "anonymous_id",
    "rudderanonymousid": "anonymous_id",
    "segmentanonymousid": "anonymous_id",
    "tagwayanonymousid": "anonymous_id",
    "clientid": "client_id",
    "gaclientid": "client_id",
    "deviceid": "device_id",
}


def token(*pointers: str) -> mapping.Field:
    """A cart or checkout token, without the `?key=` that storefronts append and the `gid://` before it."""
    return mapping.Field(pointers, _as_token)


def variant_title(*pointers: str) -> mapping.Field:
    """A variant's title; Shopify's placeholder for "no variants" is no title."""
    return mapping.Field(pointers, _as_variant_title)


def attribute_ids(attributes: Any) -> tuple[Identifier, ...]:
    """The identifiers that scripts left in cart or note attributes: `[{name|key, value}]`, or an object."""
    found = []
    for name, value in _pairs(attributes):
        kind = _ATTRIBUTE_KINDS.get(_NOT_LETTERS.sub("", name.lower()))
        if kind is not None and isinstance(value, str) and value.strip():
            found.append(Identifier(kind, value.strip()))
    return tuple(found)


def _pairs(attributes: Any) -> list[tuple[str, Any]]:
    if isinstance(attributes, Mapping):
        return [(str(name), value) for name, value in attributes.items()]
    if not isinstance(attributes, list):
        return []
    entries = [one for one in attributes if isinstance(one, dict)]
    return [(str(one.get("name") or one.get("key") or ""), one.get("value")) for one in entries]


def _as_token(value: Any, _: mapping.Given) -> Any:
    value = mapping.as_identifier(value)
    return value.split("?", 1)[0] or None if isinstance(value, str) else value


def _as_variant_title(value: Any, _: mapping.Given) -> Any:
    value = mapping.as_text(value)
    return None if value == "Default Title" else value
