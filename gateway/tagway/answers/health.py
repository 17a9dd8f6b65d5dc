"""How the gateway is: its sources, the engine's lag, the ledger. Counted from the files, so it works on any folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tagway.core import moments
from tagway.core.wording import counted
from tagway.store.feed import Feed, Json

# Codes that mean a wrong secret or key: the sender must be corrected, or the configuration.
PROOF_CODES: Final = frozenset({"no_proof", "bad_proof", "stale_proof", "unknown_key"})
_BEHIND: Final = 10 * moments.SECOND

State = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One source: items that are fine, items with a fault, refusals, and of these the wrong secrets and keys.

    `last_seen` and `last_refused` are microseconds, None for never. `state` is `bad` when the last thing heard
    of it was a wrong secret, `warn` when it has faults.
    """

    name: str
    ok: int
    violating: int
    duplicate: int
    dead: int
    refused: int
    wrong_proof: int
    last_seen: int | None
    last_refused: int | None
    last_code: str
    last_message: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The gateway at a moment: `lag` is rows of the log that wait, `lag_age` how long the first has (microseconds)."""

    sources: tuple[SourceHealth, ...]
    lag: int
    lag_age: int
    ledger: Json
    state: State

    @property
    def why(self) -> str:
        """What its state comes from, in words; empty when all is well."""
        if not self.ledger["balanced"]:
            return "the ledger does not balance"
        if self.lag_age > _BEHIND:
            return f"the engine is behind by {counted(self.lag_age // moments.SECOND, 'second')}"
        names = [one.name for one in self.sources if one.state != "ok"]
        return f"faults or wrong secrets in {', '.join(names)}" if names else ""


def health(feed: Feed, now: int) -> Health:
    """Take the gateway's pulse at `now` (microseconds)."""
    lag, waiting_since = feed.lag()
    lag_age = max(0, now - waiting_since) if lag else 0
    sources = tuple(_source(name, facts) for name, facts in sorted(feed.sources().items()))
    ledger = feed.ledger()
    bad = not ledger["balanced"] or lag_age > _BEHIND
    warn = any(source.state != "ok" for source in sources)
    return Health(
        sources=sources, lag=lag, lag_age=lag_age, ledger=ledger, state="bad" if bad else "warn" if warn else "ok"
    )


def _source(name: str, row: Json) -> SourceHealth:
    items, refused = row["items"], row["refused"]
    faults = items.get("violating", 0) + items.get("dead_letter", 0)
    wrong = sum(count for code, count in refused.items() if code in PROOF_CODES)
    locked_out = row["last_code"] in PROOF_CODES and (row["last_refused"] or 0) > (row["last_seen"] or 0)
    return SourceHealth(
        name=name,
        ok=items.get("accepted", 0),
        violating=items.get("violating", 0),
        duplicate=items.get("duplicate", 0),
        dead=items.get("dead_letter", 0),
        refused=sum(refused.values()),
        wrong_proof=wrong,
        last_seen=row["last_seen"],
        last_refused=row["last_refused"],
        last_code=row["last_code"],
        last_message=row["last_message"],
        state="bad" if locked_out else "warn" if faults or wrong else "ok",
    )
