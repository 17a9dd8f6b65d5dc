"""What became of it: read back from the data folder, never from what the demo believes it sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tagway.core.safe import visible
from tagway.demo import script
from tagway.store.feed import Feed


class Witness:
    """Reads the feed as the screen does: what is new since the last look."""

    def __init__(self, feed: Feed) -> None:
        """Watch a feed, which is the witness's from now on."""
        self.feed = feed
        self._event = self._refusal = 0

    def close(self) -> None:
        """Close the files."""
        self.feed.close()

    def settled(self, sent: int, seconds: float = 30.0) -> bool:
        """Wait until so many requests are in the log, and all of it is folded; whether they are.

        A refusal is answered before its row is written, so the answer alone does not say that it is there.
        """
        deadline = time.monotonic() + seconds
        while not _settled(self.feed.ledger()["requests"], sent):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def news(self) -> Iterator[str]:
        """A line for each event and refusal since the last call; foreign text made visible."""
        for event in self.feed.events(after=self._event):
            self._event = event["seq"]
            yield visible(_line(event))
        for refusal in self.feed.refusals(after=self._refusal):
            self._refusal = refusal["request"]
            yield visible(f"refused      {refusal['source']}: {refusal['code']}")


def _settled(requests: dict[str, int], sent: int) -> bool:
    return requests["received"] >= sent and not requests["pending"]


def _line(event: dict[str, Any]) -> str:
    who = event["email"] or event["user_id"] or ("known" if event["reachable"] else "anonymous")
    errors = [one for one in event["violations"] if one["severity"] == "error"]
    faults = ", ".join(f"{one['code']} at {one['pointer']}" for one in errors)
    return f"{event['status']:<12} {event['name']} ({event['source']}, {who}){': ' + faults if faults else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence of the summary, and whether the store bears it out."""

    text: str
    holds: bool


def claims(feed: Feed) -> list[Claim]:
    """The summary: what a person should have seen, checked against the store."""
    ledger, events = feed.ledger(), feed.events(limit=10_000)
    requests, items = ledger["requests"], ledger["items"]
    return [
        Claim(
            text=f"{requests['received']} requests: {requests['taken']} taken, {requests['refused']} refused "
            "(a forged signature)",
            holds=requests["refused"] == 1 and requests["received"] == len(script.scenes()),
        ),
        Claim(
            text=f"{items['normalized']} events: {items['accepted']} accepted, {items['violating']} violating, "
            f"{items['duplicate']} duplicate, {items['dead_letter']} dead letters",
            holds=items["violating"] >= 1 and items["duplicate"] >= 1 and items["dead_letter"] == 0,
        ),
        _joined(feed, script.ANA),
        _two_browsers(feed),
        _shared_laptop(feed),
        _unreachable(events),
        Claim(text="the ledger balances", holds=ledger["balanced"] and not requests["pending"]),
    ]


def _joined(feed: Feed, shopper: script.Shopper) -> Claim:
    """The anonymous history is the person's now."""
    profile = feed.profile("email", shopper.email)
    moved = profile["events"]["before_identify"] if profile else 0
    mine = feed.events(profile=profile["profile_id"]) if profile else []
    return Claim(
        text=f"anonymous history joined: {moved} events from before {shopper.email} was known are "
        f"{shopper.name}'s now, {len(mine)} in all",
        holds=moved >= 3 and any(one["name"] == "Order Completed" for one in mine),
    )


def _two_browsers(feed: Feed) -> Claim:
    profile = feed.profile("email", script.FINN_PHONE.email)
    browsers = [one["value"] for one in profile["aliases"] if one["kind"] == "anonymous_id"] if profile else []
    return Claim(text=f"Finn's phone and laptop are one person: {', '.join(browsers)}", holds=len(browsers) == 2)


def _shared_laptop(feed: Feed) -> Claim:
    one, other = (feed.profile("email", shopper.email) for shopper in (script.DORA, script.EMIL))
    apart = one is not None and other is not None and one["profile_id"] != other["profile_id"]
    return Claim(text="Dora and Emil share a laptop and stay two people", holds=apart)


def _unreachable(events: list[dict[str, Any]]) -> Claim:
    lost = [one for one in events if one["cart_id"] == script.CLEO.cart]
    reachable = any(one["reachable"] for one in lost)
    return Claim(
        text=f"Cleo's abandoned cart cannot be reached: {len(lost)} events, no email, no phone",
        holds=bool(lost) and not reachable,
    )
