"""The preview of a request: what the engine would make of it, whatever a plugin gives."""

from __future__ import annotations

import json

import pytest
from tagway import catalogue, registry
from tagway.config import Config, SourceConfig
from tagway.core import moments
from tagway.core.events import Request
from tagway.preview import preview

from tests.process.test_poison import JUNK, Plugin, Touchy

NOW = 1_793_527_200_000_000
"""2026-11-01T10:00:00Z."""
CALL = {"type": "track", "event": "Cart Abandoned", "anonymousId": "a1", "messageId": "m1"}


# What only the store's columns refuse is not seen without a store.
SEEN = [junk for junk in JUNK if junk not in ("no sentence", "a mapping that is none")]


@pytest.mark.parametrize("junk", ["exit", *SEEN])
def test_what_the_engine_could_not_record_is_shown_as_the_dead_letter_that_it_would_be(junk: str) -> None:
    config = Config()
    installed = registry.load(config, [Plugin()], entry_points=False)
    request = Request(source="touchy", path="/touchy", body=json.dumps(junk).encode(), received_at=NOW)
    (row,) = preview(Touchy(), request, catalogue.load(config, installed))
    assert (row["status"], row["dead_letter"]["code"]) == ("dead_letter", "plugin_error")


@pytest.mark.parametrize(("until", "told"), [("2026-11-01", True), ("2026-11-02", False)])
def test_a_violation_is_ignored_up_to_the_day_that_is_set(until: str, told: bool) -> None:
    severity = {"event_unplanned": f"ignore until {until}"}
    config = Config(file="tagway.toml", sources={"web": SourceConfig(plugin="segment", severity=severity)})
    installed = registry.load(config)
    request = Request(source="web", path="/v1/track", body=json.dumps(CALL).encode(), received_at=NOW)
    (row,) = preview(installed.sources["web"].source, request, catalogue.load(config, installed))
    assert ("event_unplanned" in [one["code"] for one in row["violations"]]) == told
    assert row["received_at"] == moments.write(NOW)
