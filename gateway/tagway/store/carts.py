"""What the store knows of each cart, for the reachability waterfall: one row a cart, facts only."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, Final

from tagway.core import body
from tagway.store import attribution

# Events that show intent to buy; a cart is counted from the first of them on.
INTENT: Final = (
    "Added to Cart",
    "Removed from Cart",
    "Cart Viewed",
    "Cart Updated",
    "Checkout Started",
    "Checkout Step Completed",
    "Payment Info Entered",
)

_CARTS: Final = f"""
SELECT e.cart_id, min(e.timestamp) AS first_at, max(e.timestamp) AS last_at, count(*) AS events,
    count(DISTINCT e.anonymous_id) AS browsers, max(e.seq) AS last_seq,
    sum(e.status = 'violating') AS violating, group_concat(DISTINCT e.source) AS sources
FROM events e
WHERE e.cart_id IS NOT NULL AND e.status IN ('accepted', 'violating')
    AND e.name IN ({",".join("?" * len(INTENT))})
    {{one}}
GROUP BY e.cart_id HAVING max(e.timestamp) >= ? ORDER BY last_at DESC, e.cart_id
"""
_ALL: Final = _CARTS.format(one="")
_ONE: Final = _CARTS.format(one="AND e.cart_id = ?")
# The cart's person is whoever its last event belongs to.
_PERSON: Final = f"""
SELECT p.profile_id, p.user_id, p.reachable_at,
    EXISTS (SELECT 1 FROM aliases x WHERE x.profile_id = p.profile_id
        AND x.kind IN ('user_id', 'email', 'phone', 'anonymous_id', 'device_id', 'client_id')) AS stable
FROM events e {attribution.ATTRIBUTED}
WHERE e.seq = ?
"""
_STATE: Final = "SELECT email, phone, consent, folding FROM profiles WHERE profile_id = ?"
_ORDER: Final = """
SELECT min(e.seq) FROM events e
WHERE e.name = 'Order Completed' AND e.status IN ('accepted', 'violating', 'duplicate') AND e.cart_id = ?
"""
_PERSONS_ORDER: Final = """
SELECT min(e.seq) FROM aliases a
JOIN events e ON e.alias_id = a.alias_id AND e.at >= a.since AND e.at < a.until
WHERE a.profile_id = ? AND e.name = 'Order Completed' AND e.timestamp >= ? AND e.cart_id IS NULL
"""
_CONFLICTS: Final = """
SELECT profile_id, other_profile_id, lower(hex(event_id)) FROM merges WHERE verdict = 'skipped_conflict' ORDER BY id
"""
# Addresses given by events that no browser can be tied to: near a cart, they are the near miss.
_LOOSE_ADDRESSES: Final = """
SELECT e.timestamp, e.seq FROM events e
WHERE e.name IN ('Email Captured', 'SMS Captured', 'Quiz Completed', 'identify')
    AND e.email IS NOT NULL AND e.anonymous_id IS NULL AND e.cart_id IS NULL AND e.status IN ('accepted', 'violating')
    AND NOT EXISTS (SELECT 1 FROM aliases a JOIN aliases d ON d.profile_id = a.profile_id AND d.kind = 'anonymous_id'
        WHERE a.alias_id = e.alias_id)
ORDER BY e.timestamp
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartFacts:
    """What is recorded of one cart; times in microseconds, `*_seq` are events.

    `near_miss` is the one event close to it that gave an address without a browser; `conflict` the event id of
    a refused merge of its person. `consent` has each channel that the person has an address for, and False where
    they declined it. `folding` says that the person is still to be folded again.
    """

    cart_id: str
    first_at: int
    last_at: int
    events: int
    violating: int
    browsers: int
    last_seq: int
    sources: tuple[str, ...]
    profile_id: str | None
    user_id: str | None
    reachable_at: int | None
    stable_id: bool
    consent: tuple[tuple[str, bool], ...]
    folding: bool
    order_seq: int | None
    conflict: str | None
    near_miss: int | None


def carts(db: sqlite3.Connection, since: int, near: int, cart_id: str | None = None) -> list[CartFacts]:
    """The carts with an event at or after `since`, the latest first; or the one with an id.

    `near` (microseconds) is how far from a cart's events an address counts as a near miss.
    """
    conflicts: dict[str, str] = {}
    for *profiles, event_id in db.execute(_CONFLICTS).fetchall():
        conflicts.update(dict.fromkeys(profiles, event_id))
    addresses = [(at, seq) for at, seq in db.execute(_LOOSE_ADDRESSES).fetchall()]
    query, wanted = (_ALL, ()) if cart_id is None else (_ONE, (cart_id,))
    found = db.execute(query, (*INTENT, *wanted, since)).fetchall()
    return [_facts(db, row, conflicts, _near_miss(addresses, row, near)) for row in found]


def _near_miss(addresses: list[tuple[int, int]], row: sqlite3.Row, near: int) -> int | None:
    """The one loose address near a cart; two could be anybody's."""
    first = bisect_left(addresses, (row["first_at"] - near, 0))
    close = [seq for at, seq in addresses[first : first + 2] if at <= row["last_at"] + near]
    return close[0] if len(close) == 1 else None


def _facts(db: sqlite3.Connection, row: sqlite3.Row, conflicts: dict[str, str], near_miss: int | None) -> CartFacts:
    person = db.execute(_PERSON, (row["last_seq"],)).fetchone()
    profile_id = person["profile_id"]
    order = db.execute(_ORDER, (row["cart_id"],)).fetchone()[0]
    if order is None and profile_id is not None:
        order = db.execute(_PERSONS_ORDER, (profile_id, row["first_at"])).fetchone()[0]
    state = db.execute(_STATE, (profile_id,)).fetchone()
    return CartFacts(
        cart_id=row["cart_id"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        events=row["events"],
        violating=row["violating"],
        browsers=row["browsers"],
        last_seq=row["last_seq"],
        sources=tuple(row["sources"].split(",")),
        profile_id=profile_id,
        user_id=person["user_id"],
        reachable_at=person["reachable_at"],
        stable_id=bool(person["stable"]) or row["browsers"] > 0,
        consent=_consent(state) if state else (),
        folding=bool(state and state["folding"]),
        order_seq=order,
        conflict=conflicts.get(profile_id),
        near_miss=near_miss,
    )


def _consent(state: sqlite3.Row) -> tuple[tuple[str, bool], ...]:
    """Whether each channel that there is an address for may be used: a person who said nothing has not declined."""
    given: dict[str, Any] = body.decode(state["consent"])
    addresses = (("email", state["email"]), ("sms", state["phone"]))
    return tuple((channel, (given[channel] or {}).get("value") is not False) for channel, one in addresses if one)
