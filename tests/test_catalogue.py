"""The taxonomy of one store: what comes with Tagway, with plugins, and with its own configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tagway import catalogue, config, hookimpl, registry
from tagway.core.events import Event
from tagway.core.taxonomy import Judged, Taxonomy
from tagway.errors import ConfigError, TagwayError

GIFT = {
    "x-event": "Gift Wrapped",
    "x-version": "1-0-0",
    "properties": {"properties": {"required": ["paper"], "properties": {"paper": {"type": "string"}}}},
}


class Plugin:
    """Brings an event and the spellings of `segment`."""

    @hookimpl
    def register_schemas(self, register: Callable[[Mapping[str, Any]], None]) -> None:
        """One event."""
        register(GIFT)

    @hookimpl
    def register_aliases(self, register: Callable[[str, Mapping[str, str], Mapping[str, str]], None]) -> None:
        """Spellings of one plugin."""
        register("segment", {"PDP": "Product Viewed"}, {"artnr": "sku"})


def load(folder: Path, text: str, *plugins: object) -> Taxonomy:
    file = folder / "tagway.toml"
    file.write_text('[sources.web]\nplugin = "segment"\nwrite_keys = ["k"]\n' + text, encoding="utf-8")
    settings = config.load(file)
    return catalogue.load(settings, registry.load(settings, plugins))


def codes(judged: Judged) -> list[tuple[str, str]]:
    return [(one.code, one.severity) for one in judged.violations]


def test_a_plugin_brings_an_event_of_its_own(tmp_path: Path) -> None:
    judged = load(tmp_path, "", Plugin()).judge(Event(name="gift wrapped"), "web")
    assert (judged.event.name, judged.schema) == ("Gift Wrapped", "gift_wrapped/1-0-0")
    assert ("property_missing", "error") in codes(judged)


def test_a_plugin_s_spellings_are_those_of_its_sources(tmp_path: Path) -> None:
    taxonomy = load(tmp_path, "", Plugin())
    view = {"product_id": "1", "artnr": "A", "name": "Rose", "price": 1, "currency": "EUR"}
    judged = taxonomy.judge(Event(name="pdp", properties=view), "web")
    assert (judged.event.name, judged.event.properties["sku"], judged.violations) == ("Product Viewed", "A", ())


def test_a_store_s_own_folder_adds_events(tmp_path: Path) -> None:
    (tmp_path / "own" / "gift_wrapped").mkdir(parents=True)
    (tmp_path / "own" / "gift_wrapped" / "1-0-0.json").write_text(json.dumps(GIFT), encoding="utf-8")
    taxonomy = load(tmp_path, '[taxonomy]\npath = "own"\n')
    assert taxonomy.judge(Event(name="Gift Wrapped", properties={"paper": "red"}), "web").violations == ()


def test_a_store_sets_how_bad_the_unplanned_is(tmp_path: Path) -> None:
    taxonomy = load(tmp_path, '[taxonomy]\nunplanned_events = "error"\nunplanned_properties = "warn"\n')
    assert codes(taxonomy.judge(Event(name="Video Played"), "web")) == [("event_unplanned", "error")]
    judged = taxonomy.judge(Event(name="Quiz Started", properties={"quiz_id": "q", "color": 1}), "web")
    assert codes(judged) == [("property_unplanned", "warn")]


def test_a_source_s_own_severity_comes_before_the_store_s(tmp_path: Path) -> None:
    taxonomy = load(
        tmp_path, '[sources.web.severity]\nevent_unplanned = "info"\n[taxonomy]\nunplanned_events = "error"\n'
    )
    assert codes(taxonomy.judge(Event(name="Video Played"), "web")) == [("event_unplanned", "info")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[taxonomy]\nplan = ["Order Compleeted"]\n',
            r"\[taxonomy\].*'Order Compleeted' .*did you mean 'Order Completed'",
        ),
        ("[taxonomy.hold]\nPurchase = 5\n", r"\[taxonomy\].*'Purchase' .*did you mean 'Order Completed'"),
        ('[sources.web.events]\nPDP = "Page"\n', r"\[sources.web.events\].*'Page' is no event"),
        ('[sources.web.aliases]\nartnr = "skuu"\n', r"\[sources.web.aliases\].*'skuu' is a property of no event"),
        ('[sources.web.severity]\ntypo = "error"\n', r"\[sources.web.severity\].*`typo` is no violation code"),
        ('[taxonomy]\npath = "nowhere"\n', "nowhere: there is no such folder of schemas"),
    ],
)
def test_what_cannot_be_meant_names_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, text)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"x-event": "Gift Wrapped"}', "\ufeff"])
def test_a_file_that_is_no_schema_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "own" / "gift_wrapped").mkdir(parents=True)
    (tmp_path / "own" / "gift_wrapped" / "1-0-0.json").write_text(text, encoding="utf-8")
    with pytest.raises(TagwayError, match="gift_wrapped"):
        load(tmp_path, '[taxonomy]\npath = "own"\n')
