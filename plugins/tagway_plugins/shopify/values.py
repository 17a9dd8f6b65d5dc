"""Values that webhooks and pixel share, so that both sides of one shop end in the same strings."""

from __future__ import annotations

from typing import Any, Final

from tagway import Identifier, captures, mapping

_KINDS: Final = ("anonymous_id", "client_id", "device_id")


def variant_title(*pointers: str) -> mapping.Field:
    """A variant's title; Shopify's placeholder for "no variants" is no title."""
    return mapping.Field(pointers, _as_variant_title)


def attribute_ids(attributes: Any) -> tuple[Identifier, ...]:
    """The identifiers that scripts left in cart or note attributes: `[{name|key, value}]`, or an object."""
    if isinstance(attributes, list):
        entries = [one for one in attributes if isinstance(one, dict)]
        attributes = {mapping.string(one.get("name") or one.get("key")): one.get("value") for one in entries}
    return captures.identifiers_in(attributes, _KINDS) if isinstance(attributes, dict) else ()


def _as_variant_title(value: Any, _: mapping.Given) -> Any:
    value = mapping.as_text(value)
    return None if value == "Default Title" else value
