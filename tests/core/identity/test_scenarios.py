"""The histories of the shared scenario file: what must come of them here, and what must not.

Run where the file is (`$TAGWAY_SHARED`, or `shared` beside the project); the important ones are told in our own
words in `test_rules.py`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import pytest
from tagway.core.events import Identifier
from tagway.core.identity import Evidence
from tagway.core.identity.book import FOREVER
from tagway.core.identity.kinds import KINDS
from tagway.core.identity.legal import Refused, normalized

from tests.core.identity.people import command
from tests.core.identity.stores import Store

_SHARED = Path(os.environ.get("TAGWAY_SHARED") or Path(__file__).parents[4] / "shared")
_FILE = _SHARED / "facts" / "identity_scenarios.json"
_SCENARIOS: list[dict[str, Any]] = json.loads(_FILE.read_text())["scenarios"] if _FILE.is_file() else []
_KINDS = {"domain_userid": "anonymous_id", "ga_client_id": "client_id", "ios.id": "device_id", "id": "user_id"}
_SECOND = 1_000_000
# What tells identity nothing: of a tool's own session, of its storage, or of numbers in its profiles.
_DONE = {"erase", "suppress", "delete", "block_and_reprocess", "delete_identifier", "replay", "crash_after"}
_ORDERS = 120
_UNHEARD = {"reset", "store_down", "store_up", "profile", "dedupe"}

pytestmark = pytest.mark.skipif(not _SCENARIOS, reason="the shared scenario file is not here")


def chosen(tag: str) -> list[Any]:
    ours = [one for one in _SCENARIOS if tag in one["tags"] or (tag == "adopt" and one["policy"] == "gateway")]
    return [pytest.param(one, id=one["id"]) for one in ours]


def kind_of(name: str, value: str) -> str:
    """Other tools' untyped ids are typed here: a `u…` is a user's, everything else a browser's."""
    if name in KINDS:
        return name
    if name in _KINDS:
        return _KINDS[name]
    return "user_id" if value.lower().startswith("u") else "anonymous_id"


def identifiers(happened: dict[str, Any]) -> list[Identifier]:
    """What an event of a scenario names, in whatever shape its tool has it."""
    found: list[tuple[str, str]] = []
    for name, value in happened.get("ids", {}).items():
        found += [(name, one) for one in value] if isinstance(value, list) else [(name, value)]
    found += [tuple(one.split(":", 1)) for one in happened.get("pair", ())]
    found += [(name, happened[name]) for name in ("anonymous_id", "cart_token") if name in happened]
    customer = happened.get("customer", {})
    found += [(ours, customer[name]) for name, ours in (("id", "user_id"), ("email", "email")) if name in customer]
    if "path" in happened:
        found.append(tuple(happened["path"].split(":", 1)))
    found += [(name, value) for name, value in happened.get("body", {}).items() if name in ("email", "anonymous_id")]
    return [Identifier(kind_of(name, value), value) for name, value in found]


def play(scenario: dict[str, Any], events: Sequence[tuple[int, dict[str, Any]]], region: str) -> Store:
    """A store that was told these events, one batch each."""
    store = Store(region=region)
    told: list[Evidence] = []
    for place, happened in events:
        ids = identifiers(happened)
        if happened["op"] in ("erase", "suppress", "delete"):
            store.forget(normal(ids[0], region), now=happened["t"] * _SECOND + 1)
        elif happened["op"] == "block_and_reprocess":
            store.command(command("block", f"{ids[0].kind}:{ids[0].value}"))
        elif happened["op"] == "delete_identifier":
            store.command(command("retract", *(f"{one.kind}:{one.value}" for one in ids)))
        elif happened["op"] == "replay":
            for one in told:
                store.tell([one])
        elif happened["op"] == "crash_after":
            store.crash_at_next()
        elif happened["op"] not in _UNHEARD:
            assert ids, f"nothing is understood of {happened}"
            told.append(evidence(scenario, place, happened, ids))
            store.tell(told[-1:])
    return store


def evidence(scenario: dict[str, Any], place: int, happened: dict[str, Any], ids: list[Identifier]) -> Evidence:
    name = f"{scenario['id']}:{happened.get('n', place)}"
    return Evidence(event_id=name.encode().ljust(16, b"."), at=happened["t"] * _SECOND, ids=tuple(ids))


def normal(one: Identifier, region: str) -> Identifier:
    found = normalized(one, region=region)
    assert not isinstance(found, Refused)
    return found


def expected(profiles: Iterable[Iterable[str]]) -> set[frozenset[tuple[str, str]]]:
    """The expected profiles in our kinds; `@x` and `[0,10)` mark a further interval of an identifier."""
    found = set()
    for profile in profiles:
        parts = [one.split(":", 1) for one in profile]
        found.add(frozenset((kind_of(name, value), _bare(name, value)) for name, value in parts))
    return found


def intervals(profiles: Iterable[Iterable[str]]) -> list[tuple[str, str, int, int]]:
    """Who is to be held when, where a scenario says it: kind, value, since and until (microseconds)."""
    found = []
    for name, value in (one.split(":", 1) for profile in profiles for one in profile):
        bare, bracket, span = value.partition("[")
        if bracket and name != "email":
            since, until = span.removesuffix(")").split(",")
            ends = FOREVER if until == "inf" else int(until) * _SECOND
            found.append((kind_of(name, bare), bare, int(since) * _SECOND, ends))
    return found


def _bare(name: str, value: str) -> str:
    return value if name == "email" else value.split("@")[0].split("[")[0]


def arrivals(scenario: dict[str, Any]) -> Iterable[tuple[tuple[int, dict[str, Any]], ...]]:
    """Every order of arrival, also where a scenario does not ask for it; one, where something is done in between."""
    events = tuple(enumerate(scenario["events"]))
    mere_events = all(happened["op"] not in _DONE for _, happened in events)
    return islice(permutations(events), _ORDERS) if mere_events else (events,)


@pytest.mark.parametrize("scenario", chosen("adopt"))
def test_what_is_to_be_adopted_comes_out_here(scenario: dict[str, Any]) -> None:
    region = scenario.get("config", {}).get("default_region", "")
    wanted = scenario["expect"]
    for events in arrivals(scenario):
        store = play(scenario, events, region)
        assert store.profiles() == expected(wanted["profiles"])
        for span in intervals(wanted["profiles"]):
            assert span in {(*one, since, until) for *one, since, until, _, _ in store.ownership()}
        for name, on in wanted.get("events_on", {}).items():
            kind, _, value = on.partition(":")
            event_id = f"{scenario['id']}:{name}".encode().ljust(16, b".")
            assert store.attribution()[event_id] == store.profile_of(Identifier(kind, value))
        refused = {one for one in store.verdicts().values() if one.startswith("skipped_")}
        assert bool(refused) or "warnings" not in wanted
        if "merge_count" in wanted:
            assert len(store.verdicts()) == wanted["merge_count"]
        store.close()


# What a profile of a hazard shows there, must not be one here. Where the fault is not about who is with whom
# (summed numbers, a person that comes back), `test_rules.py` has the test in our own words.
@pytest.mark.parametrize("scenario", chosen("hazard"))
def test_no_hazard_of_others_happens_here(scenario: dict[str, Any]) -> None:
    store = play(scenario, tuple(enumerate(scenario["events"])), "")
    feared = {one for one in expected(scenario["expect"]["profiles"]) if len(one) > 1 or "gdpr" in scenario["tags"]}
    assert not feared & store.profiles()
    store.close()
