"""The reachability waterfall: why did only 30 % of the abandoners enter the flow?

Every cart is in exactly one bucket with exactly one cause; the first rule that matches decides. The causes are a
closed set: each has a sentence and the smallest fix. Only recorded facts decide; nothing is guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tagway.core import moments
from tagway.core.wording import counted
from tagway.store.carts import CartFacts
from tagway.store.feed import Feed

# Customer.io lets an anonymous event trigger a campaign only when it is attached within 72 hours of its own time.
TRIGGER_WINDOW: Final = 72 * moments.HOUR
NEAR: Final = 30 * moments.MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a cart is where it is: a code of the closed set, what it means, the smallest fix, and its bucket."""

    code: str
    bucket: str
    text: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the waterfall: how many carts came this far, and what was lost right before it, by cause."""

    name: str
    carts: int
    lost: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """One cart in its bucket."""

    facts: CartFacts
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """All carts of a window, each in one bucket, and the steps from added to reachable."""

    since: int
    carts: tuple[Cart, ...]
    steps: tuple[Step, ...]

    @property
    def share(self) -> float:
        """The share of open carts (not bought) that are reachable in time, 0 to 1."""
        open_, reached = self.steps[0].carts, self.steps[-1].carts
        return reached / open_ if open_ else 0.0

    @property
    def causes(self) -> tuple[tuple[Cause, int], ...]:
        """Why open carts cannot be reached in time, and how many are lost so; the most frequent first."""
        lost = Counter({code: count for step in self.steps for code, count in step.lost})
        return tuple((_CAUSES[code], count) for code, count in lost.most_common())


# bucket: the last step that a cart reached.
_CAUSES: Final = {
    cause.code: cause
    for cause in (
        Cause(
            code="PURCHASED_ALREADY",
            bucket="bought",
            text="The cart became an order.",
            fix="Nothing: a purchased cart must not be recovered.",
        ),
        Cause(
            code="MERGE_PENDING",
            bucket="added",
            text="Its person is being folded again in the background.",
            fix="Wait a moment and look again.",
        ),
        Cause(
            code="NO_STABLE_ID",
            bucket="added",
            text="No event of the cart carries an id of a browser or a person.",
            fix="Send the anonymous id with cart events: by the pixel, the tag, or the cart's note attributes.",
        ),
        Cause(
            code="ALIAS_CONFLICT",
            bucket="identified_id",
            text="Joining it to a person was refused, because two people would have met.",
            fix="Look at `tagway merges --review`; approve or reject.",
        ),
        Cause(
            code="ID_ROTATED",
            bucket="identified_id",
            text="The browser's anonymous id changed during the cart.",
            fix="Keep the id in a first-party cookie; look for a reset() on page load.",
        ),
        Cause(
            code="IDENTIFY_WITHOUT_ANON_ID",
            bucket="identified_id",
            text="An address was given next to it, by an event without the browser's anonymous id.",
            fix="Add the anonymous id to that form as a hidden field.",
        ),
        Cause(
            code="NEVER_IDENTIFIED",
            bucket="identified_id",
            text="Nobody gave a customer id, an email or a phone in this browser.",
            fix="Ask earlier: a popup or a quiz before the cart.",
        ),
        Cause(
            code="NO_ADDRESS",
            bucket="person",
            text="The person is known by an id, but has neither email nor phone.",
            fix="Send email or phone as a trait of identify.",
        ),
        Cause(
            code="NO_CONSENT",
            bucket="person",
            text="The person has declined every channel that there is an address for.",
            fix="Nothing: they must not be messaged.",
        ),
        Cause(
            code="IDENTIFIED_TOO_LATE",
            bucket="reachable",
            text="The address came more than 72 hours after the cart: too late to trigger a campaign.",
            fix="Ask earlier, or send the cart again as an event of the known person.",
        ),
        Cause(
            code="REACHABLE",
            bucket="in_time",
            text="The person can be reached in time.",
            fix="Nothing.",
        ),
    )
}
CODES: Final = tuple(_CAUSES)
_STEPS: Final = ("added", "identified_id", "person", "reachable", "in_time")
STEP_NAMES: Final = {
    "added": "added to cart, not bought",
    "identified_id": "has a stable id",
    "person": "joined to a person",
    "reachable": "has an address and consent",
    "in_time": "reachable in time",
}


def cause(facts: CartFacts) -> Cause:
    """The one cause of a cart; the first rule that matches decides."""
    return _CAUSES[_code(facts)]


def _code(facts: CartFacts) -> str:
    if facts.order_seq is not None:
        return "PURCHASED_ALREADY"
    if facts.folding:
        return "MERGE_PENDING"
    if not facts.stable_id:
        return "NO_STABLE_ID"
    if facts.reachable_at is None:
        return _unreachable(facts)
    if facts.consent and not any(given for _, given in facts.consent):
        return "NO_CONSENT"
    return "IDENTIFIED_TOO_LATE" if facts.reachable_at > facts.last_at + TRIGGER_WINDOW else "REACHABLE"


def _unreachable(facts: CartFacts) -> str:
    if facts.user_id is not None:
        return "NO_ADDRESS"
    if facts.conflict is not None:
        return "ALIAS_CONFLICT"
    if facts.browsers > 1:
        return "ID_ROTATED"
    return "NEVER_IDENTIFIED" if facts.near_miss is None else "IDENTIFY_WITHOUT_ANON_ID"


def waterfall(feed: Feed, since: int = 0) -> Waterfall:
    """The carts with an event at or after `since` (microseconds), bucketed."""
    return arranged(feed.carts(since, NEAR), since)


def arranged(facts: Sequence[CartFacts], since: int = 0) -> Waterfall:
    """Put carts into their buckets and count the steps. Every cart is counted once."""
    carts = tuple(Cart(facts=one, cause=cause(one)) for one in facts)
    open_ = [cart for cart in carts if cart.cause.bucket != "bought"]
    steps = []
    for place, name in enumerate(_STEPS):
        here = [cart for cart in open_ if _STEPS.index(cart.cause.bucket) >= place]
        lost = Counter(cart.cause.code for cart in open_ if _STEPS.index(cart.cause.bucket) == place - 1)
        steps.append(Step(name=STEP_NAMES[name], carts=len(here), lost=tuple(lost.most_common())))
    return Waterfall(since=since, carts=carts, steps=tuple(steps))


def summary(found: Waterfall) -> str:
    """The answer in two sentences: how many open carts can be reached in time, and what most others are lost by."""
    open_, reached = found.steps[0].carts, found.steps[-1].carts
    if not open_:
        return "No cart is open."
    said = f"{found.share:.0%} of {counted(open_, 'open cart')} can be reached in time."
    if not found.causes:
        return said
    cause, count = found.causes[0]
    return f"{said} The largest loss, {count:,} of {open_ - reached:,}: {cause.text}"


def as_json(cart: Cart) -> dict[str, Any]:
    """One cart, as `tagway carts --json` prints it."""
    facts = cart.facts
    return {
        "cart_id": facts.cart_id,
        "code": cart.cause.code,
        "bucket": cart.cause.bucket,
        "text": cart.cause.text,
        "fix": cart.cause.fix,
        "first_at": moments.write(facts.first_at),
        "last_at": moments.write(facts.last_at),
        "events": facts.events,
        "violating": facts.violating,
        "sources": list(facts.sources),
        "profile_id": facts.profile_id,
        "reachable_at": moments.write(facts.reachable_at) if facts.reachable_at is not None else None,
        "order": facts.order_seq,
        "near_miss": facts.near_miss,
        "conflict": facts.conflict,
    }
