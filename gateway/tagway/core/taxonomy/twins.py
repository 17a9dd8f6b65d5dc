"""Twins: the web's and the server's copy of one fact, and repeats of a fact by the same sender.

Copies find each other by a key of the event's properties within a window of event time, whichever arrives
first. A copy comes from another *channel*: another source, another side, or another topic of the same source
(`orders/create` and `orders/paid` tell of one order). Each channel has at most one copy of a fact, so that two
quick adds on the page pair with two adds on the server. What the same channel says again is a repeat: it is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

import msgspec

from tagway.core import body, money
from tagway.core.events import Event, Side
from tagway.core.identity.legal import unwrapped
from tagway.core.moments import SECOND
from tagway.core.taxonomy.schema import Schema
from tagway.core.taxonomy.shape import Property, Shape

Kind = Literal["missing", "type", "value", "cents", "id_format", "time_skew"]

SKEW: Final = 10 * SECOND
"""Copies whose times are further apart than this say so."""
MOST: Final = 64
"""Of the copies with one key only so many are looked at, the latest: a fact that is told for ever stays cheap."""
_LISTED: Final = 200
_SORTED: Final = msgspec.json.Encoder(decimal_format="number", order="sorted")


class Keys(NamedTuple):
    """The keys of one event: `twin` and `dedupe` (None: never a repeat) as 64-bit hashes, and what the twin's is of."""

    twin: int
    dedupe: int | None
    parts: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def words(self) -> str:
        """The twin's key in words."""
        return ", ".join(f"{part}={value}" for part, value in zip(self.parts, self.values, strict=True))


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """One event as a copy of a fact; `seq` is its place in the store, `first` the event id of its first copy.

    `at` and `received_at` are in microseconds; `deliverable` is whether it may go to destinations at all.
    """

    seq: int
    event_id: bytes
    channel: tuple[str, Side, str]
    at: int
    received_at: int
    dedupe: int | None
    deliverable: bool
    first: bytes | None = None

    @property
    def side(self) -> Literal["web", "server"]:
        """Which of the two sides it is on: apps are the web's, providers the server's."""
        return sided(self.channel[1])


class Difference(NamedTuple):
    """One thing that two copies disagree on: a JSON pointer, how, and both values (None where there is none)."""

    pointer: str
    kind: Kind
    web: Any
    server: Any


def sided(side: Side) -> Literal["web", "server"]:
    """The web's side or the server's."""
    return "web" if side in ("web", "app") else "server"


def keys(schema: Schema, event: Event, ids: Mapping[str, str], shop: str) -> Keys | None:
    """The keys of an event; None when it cannot have twins or lacks a part of every key."""
    if schema.twin is None:
        return None
    for parts in schema.twin.keys:
        values = tuple([_part(name, event, ids) for name in parts])
        if all(values):
            return Keys(_hash(shop, schema.key, *parts, *values), _dedupe(schema, event, ids, shop), parts, values)
    return None


def _dedupe(schema: Schema, event: Event, ids: Mapping[str, str], shop: str) -> int | None:
    values = [_part(name, event, ids) for name in schema.dedupe]
    # Without its first part the key says nothing of its own.
    return _hash(shop, schema.key, "dedupe", *values) if values and values[0] else None


def _part(name: str, event: Event, ids: Mapping[str, str]) -> str:
    value = event.properties if name == "properties" else event.properties.get(name)
    if value is None:
        return ids.get(name, "")
    if isinstance(value, str):
        return _bare(value).casefold() if name == "email" else _bare(value)
    return _SORTED.encode(dict(value) if isinstance(value, Mapping) else value).decode()


def _bare(value: str) -> str:
    """An id without the wrapping that one side gives it: `gid://shopify/Order/4509?x=1` is 4509."""
    return unwrapped(value.strip())


def _hash(*parts: str) -> int:
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)


def first_of(copy: Copy, others: Sequence[Copy], seconds: float) -> Copy | None:
    """The earlier arrived copy of the same fact from another channel; None when this is the first of its fact.

    Of several the one with the same dedupe key counts, then the nearest in time.
    """
    near = [
        one for one in others
        if one.channel != copy.channel and one.first is None and abs(one.at - copy.at) <= seconds * SECOND
    ]  # fmt: skip
    if not near:
        return None
    taken = {one.first for one in others if one.channel == copy.channel}
    free = [one for one in near if one.event_id not in taken]
    return min(free, key=lambda one: (one.dedupe != copy.dedupe, abs(one.at - copy.at), one.seq), default=None)


def is_repeat(copy: Copy, others: Iterable[Copy], seconds: float) -> bool:
    """Whether the same channel has said the same before."""
    return copy.dedupe is not None and any(
        one.dedupe == copy.dedupe and one.channel == copy.channel and abs(one.at - copy.at) <= seconds * SECOND
        for one in others
    )


def held_until(copy: Copy, truth: str, hold: float) -> int | None:
    """Until when a first copy waits for the declared truth (microseconds); None when it goes at once."""
    if hold <= 0 or copy.side == truth_side(truth):
        return None
    return copy.received_at + int(hold * SECOND)


def truth_side(truth: str) -> Literal["web", "server"]:
    """The side of a declared truth."""
    return "web" if truth == "web" else "server"


def differences(schema: Schema, web: Event, server: Event, skew: int) -> list[Difference]:
    """What two copies disagree on, field by field, in the schema's order; `skew` is web's time minus server's.

    A planned property that one side lacks is `missing`; what is not planned counts only where both have it.
    """
    found = [Difference("/timestamp", "time_skew", web.moment, server.moment)] if abs(skew) > SKEW else []
    currency = server.properties.get("currency", web.properties.get("currency"))
    found += _objects(schema.properties, web.properties, server.properties, ("properties",), currency)
    return found[:_LISTED]


def _objects(
    shape: Shape, web: Mapping[str, Any], server: Mapping[str, Any], path: tuple[str | int, ...], currency: Any
) -> Iterable[Difference]:
    both = [name for name in web if name in server and name not in shape.names]
    for name in (*shape.properties, *both):
        if name in web or name in server:
            planned = shape.properties.get(name)
            yield from _values(planned, web.get(name), server.get(name), (*path, name), currency)


def _values(
    planned: Property | None, web: Any, server: Any, path: tuple[str | int, ...], currency: Any
) -> Iterable[Difference]:
    if web is None or server is None:
        yield Difference(body.pointer(*path), "missing", web, server)
    elif planned and planned.shape and isinstance(web, Mapping) and isinstance(server, Mapping):
        yield from _objects(planned.shape, web, server, path, currency)
    elif planned and planned.shape and isinstance(web, list) and isinstance(server, list):
        for place, one, other in _lines(web, server):
            if isinstance(one, Mapping) and isinstance(other, Mapping):
                yield from _objects(planned.shape, one, other, (*path, place), currency)
            elif one != other:
                yield Difference(body.pointer(*path, place), "missing", one, other)
    elif (kind := _kind(path[-1], web, server, currency)) is not None:
        yield Difference(body.pointer(*path), kind, web, server)


def _lines(web: Sequence[Any], server: Sequence[Any]) -> Iterable[tuple[int, Any, Any]]:
    """The lines of two copies side by side: by variant, product or SKU where these are unique, else by place.

    A line's place is the web's; lines of the server alone come after them.
    """
    for name in ("variant_id", "product_id", "sku"):
        mine, theirs = _by(name, web), _by(name, server)
        if mine is not None and theirs is not None:
            for key, place in mine.items():
                yield place, web[place], server[theirs[key]] if key in theirs else None
            alone = [place for key, place in theirs.items() if key not in mine]
            yield from ((len(web) + count, None, server[place]) for count, place in enumerate(alone))
            return
    for place in range(max(len(web), len(server))):
        one = web[place] if place < len(web) else None
        yield place, one, server[place] if place < len(server) else None


def _by(name: str, lines: Sequence[Any]) -> dict[str, int] | None:
    found = {
        _bare(str(one[name])): place for place, one in enumerate(lines) if isinstance(one, Mapping) and name in one
    }
    return found if len(found) == len(lines) else None


def _kind(name: str | int, web: Any, server: Any, currency: Any) -> Kind | None:
    """How two values of one property differ; None when they say the same."""
    if _is_number(web) and _is_number(server):
        if web == server:
            return None
        minor = Decimal(1).scaleb(money.exponent(currency if isinstance(currency, str) else None))
        return (
            "cents" if minor != 1 and server and web and (web == server * minor or server == web * minor) else "value"
        )
    if isinstance(web, str) and isinstance(server, str):
        if web.strip() == server.strip() or (name == "email" and web.strip().casefold() == server.strip().casefold()):
            return None
        return "id_format" if _bare(web) == _bare(server) else "value"
    if type(web) is type(server):
        return None if web == server else "value"
    return "id_format" if str(name).endswith("_id") and _bare(str(web)) == _bare(str(server)) else "type"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
