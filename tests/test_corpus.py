"""The corpus beside the repository: every fact agrees, or the disagreement is explained. See `tests/corpus.py`."""

from __future__ import annotations

import pytest

from tests import corpus

pytestmark = pytest.mark.skipif(not corpus.SHARED.is_dir(), reason="the corpus is not beside the repository")


@pytest.fixture(scope="module")
def tallies() -> dict[str, corpus.Tally]:
    return corpus.tallies()


@pytest.mark.parametrize("vendor", sorted(corpus.PLUGINS))
def test_every_fact_of_a_vendor_agrees_or_is_explained(vendor: str, tallies: dict[str, corpus.Tally]) -> None:
    assert tallies[vendor].files > 0
    assert tallies[vendor].faults == []


def test_at_most_two_percent_of_the_files_are_explained(tallies: dict[str, corpus.Tally]) -> None:
    files = sum(one.files for one in tallies.values())
    assert len(corpus.EXPLAINED) <= 0.02 * files


def test_no_explanation_is_left_that_explains_nothing(tallies: dict[str, corpus.Tally]) -> None:
    assert sum(one.explained for one in tallies.values()) == sum(len(facts) for facts in corpus.EXPLAINED.values())
