"""The taxonomy: canonical names, schemas, violations."""

from __future__ import annotations

from dataclasses import dataclass

from tagway.core.events import Event, Identifier, Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An event in canonical spelling, the schema it was held against, its identifiers and its faults."""

    event: Event
    schema: str
    identifiers: tuple[Identifier, ...]
    violations: tuple[Violation, ...]


class Taxonomy:
    """Schemas compiled once; `judge` is the hot path."""

    def judge(self, event: Event, source: str) -> Judged:
        """Recognize the event's name and spellings, hold it against its schema, collect its identifiers."""
        del source
        kinds = {
            "cart_id": "cart_token",
            "checkout_id": "checkout_token",
            "order_id": "order_id",
            "email": "email",
            "phone": "phone",
        }
        found = [
            Identifier(kinds[key], value)
            for key, value in event.properties.items()
            if key in kinds and isinstance(value, str)
        ]
        found += [
            Identifier(key, value)
            for key, value in event.traits.items()
            if key in ("email", "phone") and isinstance(value, str)
        ]
        return Judged(event=event, schema="", identifiers=(*event.identifiers, *found), violations=())
