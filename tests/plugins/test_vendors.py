"""Every bundled plugin: its golden pairs (a folder of its name beside this file), and the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from tagway import Request, Source, body, registry
from tagway.config import Config
from tagway.testing import Check, GoldenPair, conformance, golden_pairs

HERE: Final = Path(__file__).parent
SOURCES: Final = registry.load(Config()).available


def pairs(source: Source) -> list[GoldenPair]:
    folder = HERE / source.name
    return golden_pairs(folder) if folder.is_dir() else []


def of_each_shape(source: Source) -> list[GoldenPair]:
    """One pair for each topic and kind of body: to mutate two that are alike finds nothing more, and takes long."""
    found: dict[object, GoldenPair] = {}
    for pair in pairs(source):
        found.setdefault(shape(pair.request(source), source), pair)
    return list(found.values())


def shape(request: Request, source: Source) -> object:
    try:
        document = body.decode(request.body)
    except ValueError:
        return request.path, request.query, request.body[:20]
    named = document if isinstance(document, dict) else {}
    kind = next((named[key] for key in ("name", "event", "event_name", "type") if isinstance(named.get(key), str)), "")
    return request.path, request.headers.get(source.topic_header, request.query), kind, type(document)


GOLDEN: Final = [pytest.param(source, pair, id=str(pair)) for source in SOURCES.values() for pair in pairs(source)]
CHECKS: Final = [
    pytest.param(check, id=f"{source.name}: {check}")
    for source in SOURCES.values()
    for check in conformance(source, of_each_shape(source))
]


@pytest.mark.parametrize(("source", "pair"), GOLDEN)
def test_a_body_becomes_the_expected_events(source: Source, pair: GoldenPair) -> None:
    pair.check(source)


@pytest.mark.parametrize("check", CHECKS)
def test_a_vendor_conforms(check: Check) -> None:
    check()


def test_every_folder_is_a_plugins() -> None:
    folders = {one.name for one in HERE.iterdir() if one.is_dir() and not one.name.startswith("_")}
    assert folders <= set(SOURCES)
