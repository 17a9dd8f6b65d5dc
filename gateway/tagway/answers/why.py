"""Why two identifiers are one person, or are not: the shortest chain of evidence, or the verdict between them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from shlex import quote
from typing import Any, Final

from tagway.answers.rules import meaning
from tagway.core import moments
from tagway.core.events import Identifier
from tagway.core.wording import counted
from tagway.store.chains import Place, Step
from tagway.store.feed import Feed

Json = dict[str, Any]
# How many places a search visits before it gives up: a star of browsers is wide.
_WIDEST: Final = 20_000
# A refused step is worse than any number of others that a search can visit.
_REFUSED: Final = _WIDEST


def why(feed: Feed, one: Identifier, other: Identifier) -> Json | None:
    """What joins two normalized identifiers or keeps them apart; None when either is unknown.

    `joined`, `profiles` (of both, today's), `chain` (the steps, each `from`, `to`, `event`, `at`, `verdict`, `rule`,
    and whether it `joins`), `verdict` and `rule` of what keeps them apart, `sentence`, and `fix`: what would join them.
    """
    here, there = feed.places(one), feed.places(other)
    if not here or not there:
        return None
    profiles = [here[-1].profile_id, there[-1].profile_id]
    together = {place.profile_id for place in here} & {place.profile_id for place in there}
    if together:
        chain = _within(feed, here, there, together)
        return _joined(feed, one, other, profiles, chain, past=profiles[0] != profiles[1])
    return _apart(feed, one, other, profiles, _search(feed.steps, here, there, lambda step: True))


def _within(feed: Feed, here: Sequence[Place], there: Sequence[Place], profiles: set[str]) -> list[Step] | None:
    def inside(step: Step) -> bool:
        return not step.refused and step.start.profile_id == step.end.profile_id

    return _search(
        feed.steps,
        [place for place in here if place.profile_id in profiles],
        [place for place in there if place.profile_id in profiles],
        inside,
    )


def _search(
    steps: Callable[[Place], Iterable[Step]],
    starts: Sequence[Place],
    ends: Sequence[Place],
    allowed: Callable[[Step], bool],
) -> list[Step] | None:
    """The chain with the fewest refused steps, then the fewest steps; None when there is none, or none near."""
    goals = set(ends)
    queue: list[tuple[int, int, Place]] = [(0, place, start) for place, start in enumerate(starts)]
    reached: dict[Place, Step | None] = dict.fromkeys(starts)
    costs = dict.fromkeys(starts, 0)
    done: set[Place] = set()
    order = len(queue)
    while queue and len(done) < _WIDEST:
        cost, _, place = heapq.heappop(queue)
        if place in done:
            continue
        done.add(place)
        if place in goals:
            return _walked(reached, place)
        for step in steps(place):
            further = cost + (_REFUSED if step.refused else 1)
            if allowed(step) and further < costs.get(step.end, 1 << 62):
                costs[step.end], reached[step.end] = further, step
                order += 1
                heapq.heappush(queue, (further, order, step.end))
    return None


def _walked(reached: dict[Place, Step | None], place: Place) -> list[Step]:
    chain: list[Step] = []
    step = reached[place]
    while step is not None:
        chain.append(step)
        step = reached[step.start]
    return chain[::-1]


def _joined(
    feed: Feed, one: Identifier, other: Identifier, profiles: list[str], chain: list[Step] | None, *, past: bool
) -> Json:
    count = len(chain or ())
    sentence = f"one person, joined by {counted(count, 'piece')} of evidence"
    if chain is None:
        sentence = "one person, by more evidence than was searched"
    elif not chain:
        sentence = "the same identifier"
    if past:
        sentence = f"one person once, but not any more: {_changed_hands(chain or [])}"
    return {
        "from": _text(one), "to": _text(other), "joined": not past, "profiles": profiles,
        "chain": _shown(feed, chain or []), "verdict": "handed_over" if past else "", "rule": "",
        "sentence": sentence, "fix": "",
    }  # fmt: skip


def _changed_hands(chain: Sequence[Step]) -> str:
    ended = [place for step in chain for place in (step.start, step.end) if place.until < 1 << 61]
    if not ended:
        return "a device changed hands"
    first = min(ended, key=lambda place: place.until)
    return f"{_text(first.identifier)} changed hands at {moments.write(first.until)}"


def _apart(feed: Feed, one: Identifier, other: Identifier, profiles: list[str], chain: list[Step] | None) -> Json:
    refused = next((step for step in chain or () if step.refused), None)
    crossing = refused or next((step for step in chain or () if step.start.profile_id != step.end.profile_id), None)
    if crossing is None:
        verdict, rule = "", ""
        sentence = "two people: no event has carried them together, nor anything that leads from one to the other"
        fix = f"an event that carries both, such as an identify call with {_text(one)} and {_text(other)}"
    else:
        verdict, rule = crossing.verdict, crossing.rule
        sentence = f"two people: {meaning(verdict, rule)}"
        fix = _fix(feed, crossing)
    return {
        "from": _text(one), "to": _text(other), "joined": False, "profiles": profiles,
        "chain": _shown(feed, chain or [], crossing), "verdict": verdict, "rule": rule,
        "sentence": sentence, "fix": fix,
    }  # fmt: skip


def _fix(feed: Feed, step: Step) -> str:
    if step.rule == "two_people":
        users = [feed.user_of(place.profile_id) for place in (step.start, step.end)]
        if all(users):
            pair = " ".join(quote(f"user_id:{user}") for user in users)
            return f"if they are one person: `tagway merges --approve {pair}`"
    if step.rule == "retracted_link":
        pair = " ".join(quote(_text(place.identifier)) for place in (step.start, step.end))
        return f"`tagway unmerge --undo --apply {pair}`"
    if step.rule == "retracted_event":
        return f"`tagway unmerge --undo --apply {step.event_id.hex()}`"
    if step.rule == "blocked":
        shared = step.start if step.start.shared else step.end
        return f"`tagway merges --unblock {quote(_text(shared.identifier))}`, if it is one person's after all"
    return _FIXES.get(step.rule) or _FIXES.get(step.verdict, "an identifier that both carry and nobody else does")


_FIXES: Final = {
    "two_emails": "an identify call with the user_id and both emails, as after a change of address",
    "two_phones": "an identify call with the user_id and both phones",
    "two_browsers": "a sign-in (user_id, email or phone) on both browsers",
    "people_per_identifier": "another identifier that both carry; `identity.people_per_identifier` is the limit",
    "emails_per_user_id": "a user_id of each one's own; `identity.emails_per_user_id` is the limit",
    "weak_gap": "an event that carries both within `identity.weak_key_days`",
    "handed_over": "a sign-in of the same person on the device",
}


def _shown(feed: Feed, chain: Sequence[Step], crossing: Step | None = None) -> list[Json]:
    events = feed.events_by_id(step.event_id for step in chain)
    return [
        {
            "from": _text(step.start.identifier),
            "to": _text(step.end.identifier),
            "event": {"event_id": step.event_id.hex(), **events.get(step.event_id, {})},
            "at": moments.write(step.at),
            "verdict": step.verdict,
            "rule": step.rule,
            "joins": not step.refused and step != crossing,
        }
        for step in chain
    ]


def _text(one: Identifier) -> str:
    return f"{one.kind}:{one.value}"
