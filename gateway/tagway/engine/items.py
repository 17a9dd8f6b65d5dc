"""One item on its way through the engine: its id, what identity and the search for copies see of it, what is kept.

An `Item` is filled stage by stage by `tagway.engine.fold`; what can be told of one without the store is told here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from tagway.core.erasure import Mentions, Remains, fingerprint
from tagway.core.events import COOKIE_HEADER, DeadLetter, Event, Identifier, Request
from tagway.core.identity import Evidence, traits
from tagway.core.moments import DAY, MINUTE
from tagway.core.taxonomy import Judged
from tagway.core.taxonomy.twins import Keys
from tagway.engine.pairing import Arrived
from tagway.errors import PayloadError
from tagway.log import Entry
from tagway.store.record import Recorded

NOBODY: Final = bytes(16)
"""The event id of what was erased."""


class Item(msgspec.Struct):
    """One item on its way through the stages."""

    entry: Entry
    event_id: bytes
    pointer: str = ""
    judged: Judged | None = None
    dead: DeadLetter | None = None
    plugin: str = ""
    timestamp: int = 0
    at: int = 0
    duplicate_of: bytes | None = None
    erased: bool = False
    keys: Keys | None = None
    alias_id: int | None = None
    ids: dict[str, str] = {}  # each item's own: msgspec copies it


def dead_item(entry: Entry, letter: DeadLetter, place: int, plugin: str) -> Item:
    """The item that a dead letter becomes; `place` tells those of one request apart."""
    event_id = _hash(entry.source, f"dead:{place}", entry.body or b"")
    return Item(entry, event_id, pointer=letter.pointer, dead=letter, plugin=plugin, timestamp=entry.received_at)


def strip(item: Item, judged: Judged, identifiers: Sequence[Identifier]) -> None:
    """Take a forgotten person's identifiers out of somebody else's event."""
    mentions = Mentions(identifiers, short=True)
    event = replace(
        judged.event,
        properties=mentions.scrubbed(judged.event.properties),
        traits=mentions.scrubbed(judged.event.traits),
        context=mentions.scrubbed(judged.event.context),
    )
    violations = tuple(replace(one, got=mentions.scrubbed_text(one.got)) for one in judged.violations)
    item.judged = msgspec.structs.replace(judged, event=event, violations=violations)
    item.ids = {kind: value for kind, value in item.ids.items() if not mentions.is_one(value)}


def evidence(item: Item, judged: Judged, shop: str) -> Evidence:
    """What identity learns of an item. An unproven request may not claim a time far from now."""
    at = item.timestamp
    if not item.entry.verified:
        at = max(item.entry.received_at - 30 * DAY, min(at, item.entry.received_at + 5 * MINUTE))
    said = traits.claims(judged.event)
    return Evidence(
        event_id=item.event_id,
        at=at,
        ids=judged.identifiers,
        traits=said,
        shop=shop,
        repeated=item.duplicate_of == item.event_id,
    )


def recorded(item: Item) -> Recorded:
    """What the store keeps of an item."""
    judged = item.judged
    if item.erased:
        return Recorded(
            event_id=NOBODY, entry=item.entry, event=_nowhere(item),
            status="erased", timestamp=item.entry.received_at, at=item.entry.received_at,
        )  # fmt: skip
    if judged is None:
        return Recorded(
            event_id=item.event_id, entry=item.entry, event=_nowhere(item), dead=item.dead, plugin=item.plugin,
            status="dead_letter", timestamp=item.timestamp,
        )  # fmt: skip
    return Recorded(
        event_id=item.event_id,
        entry=item.entry,
        event=judged.event,
        status="duplicate" if item.duplicate_of else "violating" if judged.violating else "accepted",
        duplicate_of=item.duplicate_of,
        schema=judged.schema,
        timestamp=item.timestamp,
        at=item.at,
        alias_id=item.alias_id,
        anonymous_id=item.ids.get("anonymous_id") or item.ids.get("client_id"),
        user_id=item.ids.get("user_id"),
        email=item.ids["email"].strip().lower() if "email" in item.ids else None,
        cart_id=item.ids.get("cart_token"),
        violations=judged.violations,
        twin_key=item.keys.twin if item.keys else None,
        dedupe_key=item.keys.dedupe if item.keys else None,
    )


def _nowhere(item: Item) -> Event:
    """What keeps the place of an item that is no event, or none any more."""
    return Event(name="", side="server", item=item.pointer)


def arrived(seq: int, item: Item, judged: Judged) -> Arrived:
    """What the search for copies compares of an item; `seq` is the one that it will have."""
    return Arrived(
        seq=seq, event_id=item.event_id, judged=judged, source=item.entry.source, ids=item.ids, at=item.timestamp,
        received_at=item.entry.received_at,
    )  # fmt: skip


def dead_letter(error: BaseException) -> DeadLetter:
    """What is left of a request that a plugin could not, or did not know how to, read."""
    if isinstance(error, PayloadError):
        return DeadLetter(code=error.code, message=error.message, pointer=error.pointer)
    return DeadLetter(code="plugin_error", message=f"{type(error).__name__}: {error}")


def event_id(entry: Entry | Request, event: Event) -> bytes:
    """The event's id: a hash of source and message id, or of the raw item where there is none.

    An item that carries neither an id nor a time of its own is told apart by when it was received.
    """
    if event.message_id:
        return _hash(entry.source, event.message_id)
    at = entry.received_at if event.moment is None else event.moment
    rewritten = entry.erased if isinstance(entry, Entry) else ""
    whole = Remains.read(rewritten).fingerprint if rewritten else fingerprint(entry.body or b"")
    return _hash(entry.source, f"raw:{event.item}:{event.type}:{event.name}:{at}", whole)


def of_browser(event: Event, entry: Entry) -> Event:
    """The event with the anonymous id of the gateway's own cookie, where it carries none itself."""
    cookie = (entry.headers or {}).get(COOKIE_HEADER)
    if cookie is None or any(one.kind == "anonymous_id" for one in event.identifiers):
        return event
    return replace(event, identifiers=(*event.identifiers, Identifier("anonymous_id", cookie)))


def cookie_of(item: Item) -> tuple[Identifier, ...]:
    """The id of the gateway's own cookie, where the item took it for its own."""
    cookie = (item.entry.headers or {}).get(COOKIE_HEADER)
    return (Identifier("anonymous_id", cookie),) if cookie and item.ids.get("anonymous_id") == cookie else ()


def _hash(source: str, text: str, rest: bytes = b"") -> bytes:
    # The length keeps ("ab", "c") and ("a", "bc") apart.
    return hashlib.blake2b(
        f"{len(source)}:{source}{text}".encode("utf-8", "surrogatepass") + rest, digest_size=16
    ).digest()
