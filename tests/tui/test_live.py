"""The live list, driven by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tagway.testing import InProcess
from tagway_tui.app import Options, TagwayApp
from tagway_tui.screens.live import Live
from tagway_tui.widgets.bars import Bar
from textual.pilot import Pilot

from tests.tui.folders import a_journey, refuse, send, track


@asynccontextmanager
async def screen(
    folder: Path, size: tuple[int, int] = (80, 24), *, running: list[bool] | None = None
) -> AsyncIterator[tuple[Pilot[None], TagwayApp]]:
    """The app on a folder, twenty frames a second; toasts shown, as for a person."""
    alive = running or [True]
    app = TagwayApp(Options(folder=folder, frame=0.05), running=lambda _: alive[0])
    async with app.run_test(size=size, notifications=True) as pilot:
        await looked(pilot)
        yield pilot, app


async def looked(pilot: Pilot[None], times: int = 3) -> None:
    """Wait for some frames."""
    for _ in range(times):
        await pilot.pause(0.07)


def live(app: TagwayApp) -> Live:
    place = app.get_screen("live")
    assert isinstance(place, Live)
    return place


def text_of(app: TagwayApp) -> str:
    """What stands on the screen."""
    return "\n".join("".join(one.text for one in line) for line in app.screen._compositor.render_strips())


async def test_it_follows_the_newest_row(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        send(gateway, track("Collection Viewed"))
        await looked(pilot)
        assert live(app).events.state == "FOLLOW"
        (chosen,) = (one for one in text_of(app).splitlines() if one.startswith(">"))
        assert "Collection Viewed" in chosen


async def test_moving_up_holds_and_counts_what_comes(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("k", "k")
        key = live(app).events.key
        send(gateway, track("Collection Viewed"), track("Collection Viewed"))
        await looked(pilot)
        assert (live(app).events.state, live(app).events.new, live(app).events.key) == ("HELD", 2, key)
        assert "HELD +2 new" in text_of(app)


async def test_the_newest_row_arms_following_again(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("k", "G")
        assert live(app).events.state == "FOLLOW"
        await pilot.press("k", "j")
        assert live(app).events.state == "FOLLOW"


async def test_paused_nothing_moves_and_space_goes_on(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("space")
        before = live(app).events.total()
        send(gateway, track("Collection Viewed"))
        await looked(pilot)
        assert (live(app).events.state, live(app).events.total()) == ("PAUSED", before)
        await pilot.press("space")
        assert live(app).events.total() == before + 1


async def test_a_refusal_stands_between_the_events_around_it(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Product Viewed"))
    refuse(gateway, count=3)
    send(gateway, track("Collection Viewed"))
    async with screen(folder) as (_, app):
        rows = [one for one in text_of(app).splitlines() if "refused" in one or "Viewed" in one]
        assert ["Product" in rows[0], "bad_proof" in rows[1], "Collection" in rows[2]] == [True] * 3


async def test_an_event_that_comes_while_the_screen_runs_appears_on_an_empty_folder(tmp_path: Path) -> None:
    async with screen(tmp_path / "data") as (pilot, app):
        with InProcess(tmp_path / "data") as gateway:
            send(gateway, track("Product Viewed"))
            await looked(pilot, 8)
            assert "Product Viewed" in text_of(app)


async def test_a_gateway_that_is_gone_shows_disconnected_and_resumes_where_it_was(
    gateway: InProcess, folder: Path
) -> None:
    a_journey(gateway)
    alive = [True]
    async with screen(folder, running=alive) as (pilot, app):
        await pilot.press("k", "k")
        key = live(app).events.key
        alive[0] = False
        await looked(pilot)
        assert "DISCONNECTED" in text_of(app)
        send(gateway, track("Collection Viewed"))
        alive[0] = True
        await looked(pilot)
        assert "DISCONNECTED" not in text_of(app)
        assert (live(app).events.key, live(app).events.new) == (key, 1)


async def test_enter_opens_the_detail_over_a_narrow_list_and_q_goes_back(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("g", "enter")
        await looked(pilot)
        assert "product_id" in text_of(app)
        await pilot.press("q")
        assert not live(app).detail.display


async def test_a_wide_screen_shows_list_and_detail_side_by_side(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder, (140, 30)) as (pilot, app):
        await pilot.press("g")
        await pilot.pause(0.4)
        text = text_of(app)
        assert "product_id" in text
        assert "Added to Cart" in text


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (200, 60)])
async def test_no_hint_is_clipped_and_nothing_overflows(
    gateway: InProcess, folder: Path, size: tuple[int, int]
) -> None:
    a_journey(gateway)
    async with screen(folder, size) as (_, app):
        hints = app.screen.query_one("#hints", Bar)
        assert len(hints.text) <= size[0] - 2
        assert "? Help" in hints.text
        assert {len(line) for line in text_of(app).splitlines()} == {size[0]}


async def test_q_on_the_live_list_leaves_with_success(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("q")
        await pilot.pause()
        assert app.return_code == 0
