"""Why: for an event, a person or a cart, the verdict, each stage with its evidence, where it stops, the smallest fix.

The stages are those of the way of one event: received, schema, identity, address. The first that failed is where
it stops; what comes after it is not guessed. Delivery joins them once there are destinations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tagway.answers import carts
from tagway.answers.rules import meaning
from tagway.core import moments
from tagway.core.wording import counted
from tagway.store.carts import CartFacts
from tagway.store.feed import Feed, Json

Mark = Literal["ok", "warn", "fail"]
_SHOWN: Final = 5
# So many of the last events of a cart or a person are told of.
_TOLD: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage: what is known of it, and the events (sequence numbers) that show it."""

    name: str
    mark: Mark
    text: str
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """The answer: what was asked about, the verdict, the stages in order, and the smallest fix."""

    subject: str
    verdict: str
    stages: tuple[Stage, ...]
    fix: str

    @property
    def stops_at(self) -> str:
        """The first stage that failed; empty when none did."""
        return next((stage.name for stage in self.stages if stage.mark == "fail"), "")


def why_event(feed: Feed, seq: int) -> Reason | None:
    """Why an event has the status and the person that it has; None when there is no such event."""
    event = feed.event(seq)
    if event is None:
        return None
    stages = (_received([event]), _schema([event]), _identity(feed, event), _address(event))
    verdict = event["status"].upper()
    if event["status"] in ("accepted", "violating"):
        verdict += ", REACHABLE" if event["reachable"] else ", NOT REACHABLE"
    return Reason(subject=f"event {seq} {event['name']}", verdict=verdict, stages=stages, fix=_fix(event))


def why_cart(feed: Feed, cart_id: str, since: int = 0) -> Reason | None:
    """Why a cart can or cannot be recovered; None when no cart event carries the id.

    `since` (microseconds) bounds the carts that the cause is counted over.
    """
    found = feed.carts(0, carts.NEAR, cart_id)
    if not found:
        return None
    facts = found[0]
    cause = carts.cause(facts)
    events = feed.events(cart_id=cart_id, limit=_TOLD, newest=True)
    stages = (_received(events), _schema(events), *_cart_stages(feed, facts, events[-1]))
    everyone = carts.waterfall(feed, since).carts
    same = sum(1 for cart in everyone if cart.cause.code == cause.code)
    have = "has" if same == 1 else "have"
    fix = f"{cause.fix} ({same:,} of {counted(len(everyone), 'cart')} {have} this cause.)"
    return Reason(subject=f"cart {cart_id}", verdict=cause.code, stages=stages, fix=fix)


def why_person(feed: Feed, profile_id: str) -> Reason | None:
    """Why a person is known and reachable, or not; None when there is no such profile."""
    events = feed.events(profile=profile_id, limit=_TOLD, newest=True)
    if not events:
        return None
    last = events[-1]
    stages = (_received(events), _schema(events), _identity(feed, last), _address(last))
    verdict = "REACHABLE" if last["reachable_at"] else "KNOWN" if last["user_id"] else "ANONYMOUS"
    return Reason(subject=f"profile {profile_id}", verdict=verdict, stages=stages, fix=_reach_fix(last) or "Nothing.")


def _received(events: Sequence[Json]) -> Stage:
    sources = ", ".join(sorted({event["source"] for event in events}))
    unverified = any(not event["verified"] for event in events)
    text = f"{counted(len(events), 'event')} from {sources}, {_span(events[0]['timestamp'], events[-1]['timestamp'])}"
    return Stage(
        name="received",
        mark="warn" if unverified else "ok",
        text=text + (", not verified" if unverified else ""),
        evidence=_seqs(events),
    )


def _span(first: str, last: str) -> str:
    """From when to when, to the second; the date once when it is the same day."""
    begin, end = (when[:19].replace("T", " ") for when in (first, last))
    if begin == end:
        return f"{begin} UTC"
    return f"{begin} to {end[11:] if begin[:10] == end[:10] else end} UTC"


def _schema(events: Sequence[Json]) -> Stage:
    dead = [event for event in events if event["status"] == "dead_letter"]
    if dead:
        return Stage(name="schema", mark="fail", text="the body could not become an event", evidence=_seqs(dead))
    faulty = [event for event in events if event["status"] == "violating"]
    if not faulty:
        return Stage(name="schema", mark="ok", text="every event keeps its schema")
    worst, *more = _errors(faulty[-1])
    what = f"{worst['code']} at {worst['pointer']}" + (f" and {len(more)} more" if more else "")
    who = "it violates its schema" if len(events) == 1 else f"{len(faulty)} of {len(events)} violate their schema, last"
    return Stage(name="schema", mark="warn", text=f"{who}: {what}; still stored", evidence=_seqs(faulty))


def _errors(event: Json) -> list[Json]:
    return [one for one in event["violations"] if one["severity"] == "error"] or event["violations"]


def _identity(feed: Feed, event: Json) -> Stage:
    if event["profile_id"] is None:
        return Stage(name="identity", mark="fail", text="no identifier: it belongs to nobody", evidence=(event["seq"],))
    profile = feed.profile_by_id(event["profile_id"])
    refused = [one for one in profile["merges"] if one["verdict"].startswith("skipped_")] if profile else []
    aliases = (profile or {}).get("aliases", ())
    people = [one for one in aliases if one["kind"] in ("user_id", "email", "phone")]
    if not people:
        browsers = any(one["kind"] in ("anonymous_id", "device_id", "client_id") for one in aliases)
        only = "anonymous ids" if browsers else "ids of carts and orders, no browser"
        text = f"only {only}; {_refused(refused) or 'no link to a person'}{_folding(profile)}"
        return Stage(name="identity", mark="fail", text=text, evidence=(event["seq"],))
    names = ", ".join(f"{one['kind']} ({one['link']['verdict']})" for one in people[:_SHOWN])
    text = "; ".join(filter(None, (f"joined to a person: {names}", _refused(refused)))) + _folding(profile)
    return Stage(name="identity", mark="warn" if refused else "ok", text=text)


def _refused(merges: Sequence[Json]) -> str:
    """Why a person was last kept apart from another."""
    return f"a join was refused: {meaning(merges[-1]['verdict'], merges[-1]['rule'])}" if merges else ""


def _folding(profile: Json | None) -> str:
    return "; what came late is still being folded in" if profile and profile["folding"] else ""


def _address(event: Json) -> Stage:
    if event["reachable_at"] is None:
        return Stage(name="address", mark="fail", text="no email and no phone is known")
    if event["reachable"]:
        since = _span(event["reachable_at"], event["reachable_at"])
        return Stage(name="address", mark="ok", text=f"reachable since {since}")
    late = ((moments.read(event["reachable_at"]) or 0) - (moments.read(event["timestamp"]) or 0)) // moments.MINUTE
    return Stage(name="address", mark="warn", text=f"reachable only {counted(late, 'minute')} after the event")


def _cart_stages(feed: Feed, facts: CartFacts, last: Json) -> tuple[Stage, ...]:
    stages = [_identity(feed, last)]
    if facts.folding:
        stages.append(Stage(name="identity", mark="warn", text="its person is being folded again in the background"))
    if facts.near_miss is not None and facts.reachable_at is None:
        text = "an address was given next to it, without the browser's anonymous id"
        stages.append(Stage(name="near miss", mark="warn", text=text, evidence=(facts.near_miss,)))
    address = _address(last)
    if carts.cause(facts).code == "IDENTIFIED_TOO_LATE":
        address = replace(address, mark="fail", text=f"{address.text}: too late to trigger a campaign")
    stages.append(address)
    declined = [channel for channel, given in facts.consent if not given]
    if declined:
        mark: Mark = "fail" if len(declined) == len(facts.consent) else "warn"
        stages.append(Stage(name="consent", mark=mark, text=f"declined: {' and '.join(declined)}"))
    if facts.order_seq is not None:
        stages.append(Stage(name="order", mark="ok", text="it was bought", evidence=(facts.order_seq,)))
    return tuple(stages)


def _fix(event: Json) -> str:
    """The smallest fix for what stops one event: of its schema, of its person, or of both."""
    if event["status"] == "dead_letter":
        return "Look at the raw body; correct the sender; after a corrected plugin, `tagway replay --apply`."
    schema, reach = _schema_fix(event), _reach_fix(event)
    if schema and reach and event["status"] == "violating":
        return f"For its schema: {schema.rstrip('.')}. For its person: {reach}"
    return reach or schema or "Nothing."


def _schema_fix(event: Json) -> str:
    faults = _errors(event)
    return str(faults[0]["resolution"]) if faults else ""


def _reach_fix(event: Json) -> str:
    if event["profile_id"] is None:
        return "Send an anonymous id, or any other identifier, with it."
    if event["reachable_at"] is None:
        return "Send email or phone in this browser: an identify, a popup or a checkout with the same anonymous id."
    return ""


def _seqs(events: Sequence[Json]) -> tuple[int, ...]:
    return tuple(event["seq"] for event in events[-_SHOWN:])
