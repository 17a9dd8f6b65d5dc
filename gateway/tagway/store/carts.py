"""What the store knows of each cart, for the reachability waterfall: one row a cart, facts only.

One statement begins with the carts that are asked for and finds the rest by cart and by person, so that it costs
what these carts cost, however large the store is.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

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

_ONE: Final = "= :cart_id"
_SINCE: Final = "IN (SELECT r.cart_id FROM events r WHERE r.timestamp >= :since AND r.cart_id IS NOT NULL)"
_ALL: Final = "IS NOT NULL"
_ORDER: Final = "Order Completed"
_MEANT: Final = f"FILTER (WHERE e.name <> '{_ORDER}' AND e.status <> 'duplicate')"
# The plus keeps SQLite from walking all events of a status for those of some carts.
_INTENTS: Final = f"""
SELECT e.cart_id, min(e.timestamp) {_MEANT} AS first_at, max(e.timestamp) {_MEANT} AS last_at,
    min(e.at) {_MEANT} AS counted_from, count(*) {_MEANT} AS events, max(e.seq) {_MEANT} AS last_seq,
    count(*) FILTER (WHERE e.name <> '{_ORDER}' AND e.status = 'violating') AS violating,
    count(DISTINCT e.anonymous_id) {_MEANT} AS browsers, group_concat(DISTINCT e.source) {_MEANT} AS sources,
    min(e.seq) FILTER (WHERE e.name = '{_ORDER}') AS order_seq
FROM events e
WHERE e.cart_id {{which}} AND +e.status IN ('accepted', 'violating', 'duplicate')
    AND e.name IN ({", ".join(f"'{name}'" for name in (*INTENT, _ORDER))})
GROUP BY e.cart_id HAVING last_at >= :since
"""
_HELD: Final = "FROM clusters x JOIN holdings y ON y.cluster = x.cluster"
_PERSONS_ORDER: Final = f"""
SELECT min(o.seq) {_HELD}
JOIN events o ON o.alias_id = y.alias_id AND o.at >= max(y.since, i.counted_from) AND o.at < y.until
WHERE x.profile = p.profile AND o.name = '{_ORDER}' AND +o.cart_id IS NULL
"""
_STABLE: Final = f"""
SELECT 1 {_HELD}
WHERE x.profile = p.profile AND y.kind IN ('user_id', 'email', 'phone', 'anonymous_id', 'device_id', 'client_id')
"""
_FOLDING: Final = (
    "SELECT x.profile FROM refolds r CROSS JOIN holdings y USING (alias_id) JOIN clusters x USING (cluster)"
)
# The last join that was refused because two people would have met, by the identifier that was tried or its subject.
_CONFLICT: Final = f"""
SELECT lower(hex(event_id)) FROM (
    SELECT v.id, v.event_id {_HELD}
    CROSS JOIN verdicts v ON v.kind = y.kind AND v.value = y.value AND v.at >= y.since AND v.at < y.until
    WHERE x.profile = p.profile AND v.verdict = 'skipped_conflict'
    UNION ALL
    SELECT v.id, v.event_id {_HELD}
    JOIN verdicts v ON v.subject_kind = y.kind AND v.subject_value = y.value AND v.at >= y.since AND v.at < y.until
    WHERE x.profile = p.profile AND +v.verdict = 'skipped_conflict')
ORDER BY id DESC LIMIT 1
"""
# An address given by an event that no browser can be tied to: the one near a cart; two could be anybody's.
_NEAR_MISS: Final = """
SELECT CASE WHEN count(*) = 1 THEN min(seq) END FROM (
    SELECT n.seq FROM events n
    WHERE n.email IS NOT NULL AND n.anonymous_id IS NULL AND n.cart_id IS NULL
        AND n.timestamp BETWEEN i.first_at - :near AND i.last_at + :near
        AND n.name IN ('Email Captured', 'SMS Captured', 'Quiz Completed', 'identify')
        AND +n.status IN ('accepted', 'violating')
        AND NOT EXISTS (SELECT 1 FROM holdings y JOIN clusters x ON x.cluster = y.cluster
            JOIN clusters m ON m.profile = x.profile JOIN holdings d ON d.cluster = m.cluster
            WHERE y.alias_id = n.alias_id AND d.kind = 'anonymous_id')
    LIMIT 2)
"""
# The cart's person is whoever its last event belongs to.
_CARTS: Final = f"""
SELECT i.*, p.profile_id, p.user_id, p.reachable_at, EXISTS ({_STABLE}) AS stable,
    EXISTS (SELECT 1 {_HELD} WHERE x.profile = p.profile AND y.kind = 'email') AS email,
    EXISTS (SELECT 1 {_HELD} WHERE x.profile = p.profile AND y.kind = 'phone') AS phone,
    p.traits -> '$.accepts_email.value' AS accepts_email, p.traits -> '$.accepts_sms.value' AS accepts_sms,
    ifnull(p.profile IN ({_FOLDING}), 0) AS folding, ifnull(i.order_seq, ({_PERSONS_ORDER})) AS bought_by,
    CASE WHEN p.reachable_at IS NULL AND p.user_id IS NULL THEN ({_CONFLICT}) END AS conflict,
    CASE WHEN p.reachable_at IS NULL THEN ({_NEAR_MISS}) END AS near_miss
FROM ({_INTENTS}) i CROSS JOIN events e ON e.seq = i.last_seq {attribution.ATTRIBUTED}
ORDER BY i.last_at DESC, i.cart_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartFacts:
    """What is recorded of one cart; times in microseconds, `*_seq` are events.

    Where the person cannot be reached, `near_miss` is the one event close to the cart that gave an address without
    a browser, and, where nobody is known either, `conflict` the event id of the last refused merge. `consent` has
    each channel that the person has an address for, and False where they declined it. `folding` says that the person
    is still to be folded again.
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
    which = _ONE if cart_id is not None else _SINCE if since > 0 else _ALL
    values = {"cart_id": cart_id, "since": since, "near": near}
    return [_facts(row) for row in db.execute(_CARTS.format(which=which), values).fetchall()]


def _facts(row: sqlite3.Row) -> CartFacts:
    return CartFacts(
        cart_id=row["cart_id"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        events=row["events"],
        violating=row["violating"],
        browsers=row["browsers"],
        last_seq=row["last_seq"],
        sources=tuple(row["sources"].split(",")),
        profile_id=row["profile_id"],
        user_id=row["user_id"],
        reachable_at=row["reachable_at"],
        stable_id=bool(row["stable"]) or row["browsers"] > 0,
        consent=_consent(row),
        folding=bool(row["folding"]),
        order_seq=row["bought_by"],
        conflict=row["conflict"],
        near_miss=row["near_miss"],
    )


def _consent(row: sqlite3.Row) -> tuple[tuple[str, bool], ...]:
    """Whether each channel that there is an address for may be used: a person who said nothing has not declined."""
    channels = (("email", row["email"], row["accepts_email"]), ("sms", row["phone"], row["accepts_sms"]))
    return tuple((channel, given != "false") for channel, address, given in channels if address)
