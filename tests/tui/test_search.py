"""The filter and the ways through what it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tagway.core import moments
from tagway.core.query import parse
from tagway.testing import InProcess
from tagway_tui import app as screen_app
from tagway_tui import search
from tagway_tui.marks import STATUS

from tests.tui.driving import live, looked, screen, shows, text_of, typed, until
from tests.tui.folders import refuse, send, track


@pytest.fixture
def clock(gateway: InProcess, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many minutes the screen is ahead of the gateway's clock; events are sent within a second of it."""
    minutes, began = [0], gateway.clock
    for module in (search, screen_app):
        monkeypatch.setattr(module, "now", lambda: began + minutes[0] * moments.MINUTE)
    return minutes


def at(gateway: InProcess, call: dict[str, Any], minutes: int) -> dict[str, Any]:
    """A call that happened so many minutes from the gateway's clock."""
    return {**call, "timestamp": moments.write(gateway.clock + minutes * moments.MINUTE)}


@pytest.mark.parametrize("word", [one.word for one in STATUS.values() if one.word != "refused"])
def test_every_word_that_the_list_says_of_an_event_can_be_typed(word: str) -> None:
    assert parse(f"status:{word}")[0].field == "status"


async def test_all_matches_are_found_in_order_whatever_the_slices(
    gateway: InProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_SLICE", 2)
    send(gateway, *(track("Probe" if place % 3 else "Other") for place in range(20)))
    async with screen(folder) as (pilot, app):
        app.search.apply("event:Other")
        await shows(pilot, "7 of 20")
        assert app.search.found is not None
        assert list(app.search.found.seqs) == [1, 4, 7, 10, 13, 16, 19]


async def test_what_comes_during_a_search_is_counted_once(
    gateway: InProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_SLICE", 1)
    send(gateway, *(track("Probe") for _ in range(12)))
    async with screen(folder) as (pilot, app):
        app.search.apply("event:Probe")
        send(gateway, track("Probe"))
        await shows(pilot, "13 of 13")
        send(gateway, track("Probe"), track("Other"))
        await shows(pilot, "14 of 15")


async def test_a_filter_typed_while_held_counts_only_what_comes_from_then_on(gateway: InProcess, folder: Path) -> None:
    send(gateway, *(track("Probe") for _ in range(5)), track("Other"), track("Probe"))
    async with screen(folder) as (pilot, app):
        await pilot.press("k", "k")
        app.search.apply("event:Other")
        await shows(pilot, "1 of 7")
        assert (live(app).events.state, live(app).events.new) == ("HELD", 0)
        send(gateway, track("Other"), track("Probe"))
        await shows(pilot, "HELD +1 new")
        app.search.toggle()
        await shows(pilot, "HELD +2 new")


async def test_what_is_too_old_for_the_filter_drops_out_and_what_is_old_enough_comes_in(
    gateway: InProcess, folder: Path, clock: list[int]
) -> None:
    send(gateway, *(at(gateway, track("Probe"), -minutes) for minutes in (90, 59, 30)))
    async with screen(folder) as (pilot, app):
        app.search.apply("age<1h")
        await shows(pilot, "2 of 3")
        clock[0] += 10
        await shows(pilot, "1 of 3")
        app.search.apply("age>1h")
        await shows(pilot, "2 of 3")
        send(gateway, at(gateway, track("Probe"), -50))
        await shows(pilot, "2 of 4")
        clock[0] += 10
        await shows(pilot, "3 of 4")


async def test_a_list_that_is_held_keeps_its_rows_until_it_follows_again(
    gateway: InProcess, folder: Path, clock: list[int]
) -> None:
    send(gateway, *(track("Probe") for _ in range(3)))
    async with screen(folder) as (pilot, app):
        app.search.apply("age<1h")
        await shows(pilot, "3 of 3")
        await pilot.press("k")
        clock[0] += 120
        send(gateway, track("Other"))
        await shows(pilot, "3 of 4")
        assert (live(app).events.state, live(app).events.key, live(app).events.total()) == ("HELD", 2, 3)
        await pilot.press("G")
        await shows(pilot, "finds nothing")


async def test_a_paused_list_can_be_filtered_and_stays_as_it_was(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe"), track("Other"), track("Probe"))
    async with screen(folder) as (pilot, app):
        await pilot.press("space")
        app.search.apply("event:Probe")
        await until(pilot, lambda: live(app).events.total() == 2)
        send(gateway, track("Probe"))
        await shows(pilot, "PAUSED +1 new")
        assert live(app).events.total() == 2


async def test_a_refused_row_is_where_a_filter_goes_on_from(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe"), track("Other"), track("Probe"))
    refuse(gateway)
    send(gateway, track("Probe"))
    async with screen(folder) as (pilot, app):
        await pilot.press("k")
        app.search.apply("event:Probe")
        await shows(pilot, "3 of 4")
        assert live(app).events.key == 3


async def test_e_stays_within_the_filter(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe"), track("Order Completed"), track("Added to Cart"), track("Order Completed"))
    async with screen(folder) as (pilot, app):
        await pilot.press("g")
        app.search.apply('-event:"Order Completed"')
        await shows(pilot, "2 of 4")
        await pilot.press("e")
        await until(pilot, lambda: live(app).events.key == 3)
        await pilot.press("e")
        await shows(pilot, "none shown after this one")


async def test_an_event_that_the_filter_hides_is_shown_when_another_place_leads_to_it(
    gateway: InProcess, folder: Path
) -> None:
    send(gateway, track("Added to Cart"), *(track("Probe") for _ in range(40)))
    async with screen(folder) as (pilot, app):
        app.search.apply("event:Probe")
        await shows(pilot, "40 of 41")
        await pilot.press("4")
        await shows(pilot, "missing cart_id")
        await pilot.press("enter")
        await shows(pilot, "filter off")
        await until(pilot, lambda: live(app).events.key == 1)


async def test_a_place_that_led_to_an_event_is_gone_back_to(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Added to Cart"), track("Probe"))
    async with screen(folder) as (pilot, app):
        await pilot.press("4")
        await shows(pilot, "missing cart_id")
        await pilot.press("enter")
        await shows(pilot, "property_missing")
        assert app.screen is live(app)
        await pilot.press("q")
        await shows(pilot, "rules broken")
        await pilot.press("q")
        await until(pilot, lambda: app.screen is live(app))


async def test_a_person_that_led_to_an_event_is_gone_back_to(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe"), track("Other"))
    async with screen(folder) as (pilot, _):
        await pilot.press("3")
        await shows(pilot, "anon-1")
        await pilot.press("enter")
        await shows(pilot, "NOT REACHABLE")
        await pilot.press("enter")
        await shows(pilot, "event_id")
        await pilot.press("q")
        await shows(pilot, "NOT REACHABLE")


async def test_a_newer_filter_ends_the_older_one(
    gateway: InProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_SLICE", 1)
    send(gateway, *(track("Probe") for _ in range(30)), track("Other"))
    async with screen(folder) as (pilot, app):
        await pilot.press("slash")
        for text in ("event:Probe", "event:P", "event:Other"):
            await typed(pilot, text)
        await shows(pilot, "1 of 31")
        await looked(pilot)
        assert "1 of 31" in text_of(app)


async def test_the_filter_that_holds_can_be_seen_and_says_when_it_finds_nothing(
    gateway: InProcess, folder: Path
) -> None:
    send(gateway, track("Probe"))
    async with screen(folder) as (pilot, _):
        await pilot.press("slash")
        await typed(pilot, "event:Other who:ana@example.com")
        await pilot.press("enter")
        await shows(pilot, "Filter: event:Other who:ana@ex…  finds nothing: ! turns it off")
        await pilot.press("exclamation_mark")
        await shows(pilot, "off: ! turns it on")


async def test_a_value_is_completed_before_its_quote_is_closed(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Added to Cart"))
    async with screen(folder) as (pilot, app):
        await pilot.press("slash")
        await typed(pilot, 'event:"Ad')
        await shows(pilot, 'Tab event:"Added to Cart"')
        assert live(app).prompt.has_class("-bad")
        await pilot.press("tab", "enter")
        await shows(pilot, "1 of 1")


async def test_rules_that_are_broken_are_offered(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Added to Cart"))
    async with screen(folder) as (pilot, _):
        await pilot.press("slash")
        await typed(pilot, "rule:prop")
        await shows(pilot, "Tab rule:property_missing")
