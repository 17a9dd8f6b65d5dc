"""Every bundled plugin: its golden pairs (a folder of its name beside this file), and the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from tagway import Source, registry
from tagway.config import Config
from tagway.testing import Check, GoldenPair, conformance, golden_pairs

HERE: Final = Path(__file__).parent
SOURCES: Final = registry.load(Config()).available


def pairs(source: Source) -> list[GoldenPair]:
    folder = HERE / source.name
    return golden_pairs(folder) if folder.is_dir() else []


GOLDEN: Final = [pytest.param(source, pair, id=str(pair)) for source in SOURCES.values() for pair in pairs(source)]
CHECKS: Final = [
    pytest.param(check, id=f"{source.name}: {check}")
    for source in SOURCES.values()
    for check in conformance(source, pairs(source))
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
