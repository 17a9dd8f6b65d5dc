"""Violations in groups: how often, since when, new or back again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tagway.answers.violations import Marked, mark, violations
from tagway.core.events import Event, Violation
from tagway.core.moments import DAY, HOUR
from tagway.log import Entry, Log
from tagway.store.faults import FaultGroup
from tagway.store.feed import Feed
from tagway.store.files import open_writer
from tagway.store.record import Recorded, Records

NOW = 1_760_000_000_000_000
GROUP = FaultGroup(
    code="required",
    pointer="/properties/sku",
    name="Product Viewed",
    source="web",
    severity="error",
    count=2,
    share=0.5,
    first_at=NOW - 3 * DAY,
    again_at=NOW,
    last_at=NOW,
    before_at=NOW - 2 * DAY,
    trend=(0,) * 11 + (2,),
    sample=1,
    expected="a text",
    got="nothing",
    resolution="send `sku`",
    origin="",
)


def test_a_group_that_is_back_after_a_quiet_day_has_regressed() -> None:
    assert mark(GROUP, NOW, NOW - 9 * DAY) == "regressed"


def test_a_group_that_went_on_is_not_marked() -> None:
    assert mark(replace(GROUP, before_at=NOW - DAY + HOUR), NOW, NOW - 9 * DAY) == ""


def test_a_group_that_goes_on_all_day_has_not_regressed_in_the_evening() -> None:
    began = NOW - DAY + HOUR
    assert mark(replace(GROUP, before_at=began - HOUR, again_at=began), NOW, NOW - 9 * DAY) == ""


def test_a_group_that_began_today_is_new() -> None:
    assert mark(replace(GROUP, first_at=NOW - HOUR), NOW, NOW - 9 * DAY) == "new"


def test_nothing_is_new_on_the_first_day() -> None:
    assert mark(replace(GROUP, first_at=NOW - HOUR), NOW, NOW - HOUR) == ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four views an hour apart; the last two lack a sku, one of them in two lines."""
    Log(tmp_path).close()
    db = open_writer(tmp_path)
    db.execute("BEGIN")
    Records(db).write([_viewed(place, place >= 2) for place in range(4)])
    db.execute("COMMIT")
    db.close()
    return tmp_path


def _viewed(place: int, faulty: bool) -> Recorded:
    at = NOW - (3 - place) * HOUR
    fault = Violation(code="required", pointer="", expected="a text", got="nothing", resolution="send `sku`")
    faults = [replace(fault, pointer=f"/properties/products/{line}/sku") for line in range(place - 1)]
    faults[1:] = [replace(one, severity="warn") for one in faults[1:]]
    return Recorded(
        event_id=bytes([place] * 16),
        entry=Entry(kind="request", source="web", received_at=at, seq=place + 1),
        event=Event(name="Product Viewed"),
        status="violating" if faulty else "accepted",
        timestamp=at,
        violations=tuple(faults) if faulty else (),
    )


def asked(folder: Path, **given: int) -> tuple[Marked, ...]:
    with Feed(folder) as feed:
        return violations(feed, **given)


def test_faults_of_several_lines_are_one_group_counted_by_events(folder: Path) -> None:
    (found,) = asked(folder, now=NOW)
    group = found.group
    assert (group.pointer, group.count, group.share) == ("/properties/products/*/sku", 2, 0.5)


def test_the_sample_is_the_latest_event_with_what_to_do(folder: Path) -> None:
    (found,) = asked(folder, now=NOW)
    assert (found.group.sample, found.group.resolution) == (4, "send `sku`")


def test_the_trend_ends_now(folder: Path) -> None:
    (found,) = asked(folder, now=NOW, window=12 * HOUR)
    assert found.group.trend == (0,) * 10 + (1, 2)


def test_a_group_is_counted_in_its_window_and_known_from_before(folder: Path) -> None:
    (found,) = asked(folder, now=NOW, window=HOUR)
    group = found.group
    assert (group.count, group.share) == (1, 1.0)
    assert (group.first_at, group.before_at, group.again_at, group.last_at) == (NOW - HOUR, NOW - HOUR, NOW, NOW)


def test_a_window_leaves_out_what_is_older(folder: Path) -> None:
    assert asked(folder, now=NOW + 2 * DAY) == ()


def test_the_worst_severity_of_a_group_is_its_severity(folder: Path) -> None:
    (found,) = asked(folder, now=NOW)
    assert found.group.severity == "error"


def test_a_share_is_of_the_events_of_the_same_moment(folder: Path) -> None:
    db = open_writer(folder)
    later = iter(range(4, 40))

    def meanwhile(_: str) -> None:
        db.execute("BEGIN")
        Records(db).write([_viewed(next(later), True)])
        db.execute("COMMIT")

    with Feed(folder) as feed:
        feed._db.set_trace_callback(meanwhile)
        (found,) = violations(feed, now=NOW + 50 * HOUR, window=100 * HOUR)
    db.close()
    assert found.group.share == found.group.count / (found.group.count + 2)
