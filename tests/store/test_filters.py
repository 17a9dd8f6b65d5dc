"""Filters over the store: what each term finds."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tagway.core.query import QueryError
from tagway.testing import InProcess

EVENTS = [
    {"event": "Custom Viewed", "anonymousId": "a1", "properties": {"sku": "ABC-1", "price": 19.9, "cart_id": "c1"}},
    {"event": "Custom Added", "anonymousId": "a1", "properties": {"products": [{"sku": "XYZ", "price": 250}]}},
    {"type": "identify", "userId": "u1", "anonymousId": "a1", "traits": {"email": "ana@example.com"}},
    {"event": "Custom Viewed", "anonymousId": "b1", "properties": {"note": "'; DROP TABLE events; --"}},
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with InProcess(tmp_path_factory.mktemp("store")) as one:
        batch = [{"type": "track", "messageId": f"m{place}", **event} for place, event in enumerate(EVENTS)]
        one.send("segment", json.dumps({"batch": batch}).encode(), path="/v1/batch")
        yield one


def found(gateway: InProcess, text: str) -> list[int]:
    rows = gateway.feed.events(matching=text, now=gateway.clock)
    assert gateway.feed.count(text, gateway.clock) == len(rows)
    return [row["seq"] for row in rows]


@pytest.mark.parametrize(
    ("text", "seqs"),
    [
        ("", [1, 2, 3, 4]),
        ('event:"Custom Viewed"', [1, 4]),
        ("event~added", [2]),
        ("src:segment", [1, 2, 3, 4]),
        ("-type:identify", [1, 2, 4]),
        ("sku:ABC-1", [1]),
        ("sku~xyz", [2]),
        ("price>100", [2]),
        ("price<=19.9", [1]),
        ("-price>100", [1, 3, 4]),
        ("who:ana@", [1, 2, 3]),
        ("cart:c", [1]),
        ("known", [1, 2, 3]),
        ("anonymous", [4]),
        ("seq>2", [3, 4]),
        ("age>1h", []),
        ("age<1h", [1, 2, 3, 4]),
        ("/AB.-\\d/", [1]),
        ("DROP", [4]),
        ("id:m3", [4]),
        ("rule:missing_everything", []),
        ("status:warn", [1, 2, 4]),
        ("status:apart", []),
    ],
)
def test_a_term_finds_its_events(gateway: InProcess, text: str, seqs: list[int]) -> None:
    assert found(gateway, text) == seqs


def test_what_joined_is_found_by_the_word_that_the_screen_has_for_it(tmp_path: Path) -> None:
    with InProcess(tmp_path) as one:
        for place, event in enumerate(EVENTS):
            one.clock += 1_000_000
            one.send("segment", json.dumps({"type": "track", "messageId": f"m{place}", **event}).encode(), path="/v1/t")
        assert [found(one, text) for text in ("status:joined", "-status:joined")] == [[3], [1, 2, 4]]


def test_events_are_found_by_the_profile_that_they_are_on(gateway: InProcess) -> None:
    profile = gateway.feed.profile("user_id", "u1")
    assert profile is not None
    assert found(gateway, f"profile:{profile['profile_id']}") == [1, 2, 3]
    assert found(gateway, f"-profile:{profile['profile_id']}") == [4]


def test_a_faulty_regular_expression_is_a_query_error(gateway: InProcess, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(QueryError, match="not a regular expression"):
        found(gateway, "/(/")
    assert capfd.readouterr().err == ""


def test_a_pattern_that_explodes_elsewhere_ends_at_once(gateway: InProcess) -> None:
    assert found(gateway, "/(a+)+$b/") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(text=st.text(max_size=40))
def test_any_text_finds_events_or_is_a_fault(gateway: InProcess, text: str) -> None:
    with contextlib.suppress(QueryError):
        assert set(found(gateway, text)) <= {1, 2, 3, 4}


def test_nothing_typed_is_ever_part_of_the_statement(gateway: InProcess, tmp_path: Path) -> None:
    del tmp_path
    assert found(gateway, 'note~"\'; DROP"') == [4]
    assert gateway.feed.count() == 4
