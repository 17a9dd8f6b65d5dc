"""The live list, driven by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from tagway.config import Config, SourceConfig
from tagway.testing import InProcess
from tagway_tui.clock import local
from tagway_tui.widgets import event_list
from tagway_tui.widgets.bars import Bar
from textual.color import Color

from tests.tui.driving import GONE, WELL, live, looked, screen, shows, text_of, typed, until
from tests.tui.folders import a_journey, refuse, send, track


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


async def test_rows_say_their_day_when_one_in_view_is_not_of_today(
    gateway: InProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_list, "now", lambda: gateway.clock)
    send(gateway, track("Yesterday"))
    yesterday = gateway.clock
    gateway.clock += 24 * 3_600 * 1_000_000
    send(gateway, *(track("Today") for _ in range(40)))
    day = local(gateway.clock).strftime("%m-%d ")
    async with screen(folder) as (pilot, app):
        assert day not in text_of(app)
        await pilot.press("g")
        await shows(pilot, day)
        assert local(yesterday).strftime(">%m-%d %H:%M:%S") in text_of(app)


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
    here = [WELL]
    async with screen(folder, look=lambda _: here[0]) as (pilot, app):
        await pilot.press("k", "k")
        key = live(app).events.key
        here[0] = GONE
        await looked(pilot)
        assert "DISCONNECTED" in text_of(app)
        send(gateway, track("Collection Viewed"))
        here[0] = WELL
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


async def test_a_terminal_that_becomes_wide_shows_the_detail_of_the_row_under_the_cursor(
    gateway: InProcess, folder: Path
) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("k", "k")
        await pilot.resize_terminal(160, 45)
        await until(pilot, lambda: live(app).detail.shown is not None)


async def test_a_wide_screen_shows_list_and_detail_side_by_side(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder, (140, 30)) as (pilot, app):
        await pilot.press("g")
        await shows(pilot, "product_id")
        assert "Added to Cart" in text_of(app)


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


async def test_a_filter_looks_at_all_that_is_stored_and_counts_honestly(gateway: InProcess, folder: Path) -> None:
    send(gateway, *(track("Product Viewed") for _ in range(30)), track("Collection Viewed"))
    async with screen(folder) as (pilot, app):
        await pilot.press("slash")
        await typed(pilot, "Collection")
        await pilot.press("enter")
        assert not live(app).prompt.has_class("-open")
        await shows(pilot, "1 of 31")
        await pilot.press("exclamation_mark")
        await shows(pilot, "filter off, 31 events")
        await pilot.press("exclamation_mark")
        await shows(pilot, "1 of 31")


async def test_events_that_a_filter_finds_are_added_as_they_come(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        app.search.apply('event:"Collection Viewed"')
        await shows(pilot, "0 of ")
        send(gateway, track("Collection Viewed"), track("Product Viewed"))
        await shows(pilot, "1 of ")
        assert live(app).events.total() == 1


async def test_a_filter_that_cannot_be_read_is_red_and_says_why(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("slash")
        await typed(pilot, "status:nonsense")
        assert live(app).prompt.has_class("-bad")
        assert "is one of" in text_of(app)
        await typed(pilot, "status:invalid")
        assert live(app).prompt.has_class("-good")


async def test_tab_completes_event_names_from_the_taxonomy(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("slash")
        await looked(pilot)
        await typed(pilot, "event:added")
        await pilot.press("tab", "enter")
        assert app.search.text == 'event:"Added to Cart"'
        await shows(pilot, "1 of ")


async def test_find_goes_from_place_to_place(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe"), track("Other"), track("Probe"), track("Other"))
    async with screen(folder) as (pilot, app):
        await pilot.press("g", "ctrl+f")
        await typed(pilot, "probe")
        await pilot.press("enter")
        assert live(app).events.key == 3
        await pilot.press("N")
        assert live(app).events.key == 1


async def test_e_goes_to_the_next_fault_and_o_to_the_next_event_of_the_person(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe", "anon-1"), track("Probe", "anon-2"), track("Order Completed", "anon-1"))
    async with screen(folder) as (pilot, app):
        await pilot.press("g", "e")
        assert live(app).events.key == 3
        await pilot.press("g", "o")
        assert live(app).events.key == 3
        await pilot.press("O")
        assert live(app).events.key == 1


async def test_a_copied_event_is_ascii_and_not_masked(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe", title="caf\u00e9 \u202e ana@example.com"))
    async with screen(folder) as (pilot, app):
        await pilot.press("c")
        assert app.clipboard.isascii()
        assert "ana@example.com" in app.clipboard
        await pilot.press("x")
        assert app.clipboard.startswith("curl -X POST http://127.0.0.1:8787/v1/batch")


async def test_a_copied_request_has_the_key_that_opens_its_source(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe"))
    config = Config(sources={"segment": SourceConfig(plugin="segment", write_keys=("key-1", "key-2"))})
    async with screen(folder, config=config) as (pilot, app):
        await pilot.press("x")
        assert "-H 'x-write-key: key-1'" in app.clipboard


async def test_person_data_is_masked_until_it_is_revealed(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder, (140, 30)) as (pilot, app):
        await pilot.press("g", "j", "j")
        await pilot.pause(0.4)
        assert "ana@example.com" not in text_of(app)
        await pilot.press("ctrl+r")
        await shows(pilot, "ana@example.com")
        assert "REVEALED" in text_of(app)


async def test_ascii_only_draws_no_other_character_of_our_own(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder, ascii_only=True) as (pilot, app):
        for key in ("enter", "q", "2", "3", "4", "5", "6"):
            await pilot.press(key)
            await looked(pilot)
            assert text_of(app).isascii(), text_of(app)


async def test_escape_closes_what_is_open_but_never_the_screen(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("enter", "escape", "escape", "escape")
        assert app.is_running
        assert not live(app).detail.display


async def test_until_the_first_event_the_screen_says_what_is_missing(gateway: InProcess, folder: Path) -> None:
    async with screen(folder, look=lambda _: GONE) as (pilot, app):
        await shows(pilot, "WAITING for the first event")
        assert "tagway up" in text_of(app)
        send(gateway, track("Product Viewed"))
        await shows(pilot, "Product Viewed")
        assert "WAITING" not in text_of(app)


async def test_read_only_sends_no_sample(gateway: InProcess, folder: Path) -> None:
    async with screen(folder, read_only=True) as (pilot, app):
        await shows(pilot, "WAITING")
        assert "sample journey" not in text_of(app)
        await pilot.press("T")
        await shows(pilot, "read-only: nothing is sent")


async def test_a_key_can_be_given_another_binding(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder, keys={"live.pause": "z"}) as (pilot, app):
        await pilot.press("z")
        assert live(app).events.state == "PAUSED"
        assert "z Pause" in text_of(app)


async def test_the_command_palette_runs_what_a_key_runs(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("colon")
        await pilot.pause(0.3)
        await typed(pilot, "Pause")
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await looked(pilot)
        assert live(app).events.state == "PAUSED"


def contrast(one: Color, other: Color) -> float:
    """How far apart two colors are in brightness, from 1 to 21 (WCAG 2)."""
    weighed = [
        sum(part * (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4) for part, value in parts)
        for parts in (zip((0.2126, 0.7152, 0.0722), color.normalized, strict=True) for color in (one, other))
    ]
    return (max(weighed) + 0.05) / (min(weighed) + 0.05)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "solarized-light", "nord"])
async def test_every_persons_color_can_be_read_on_light_and_dark_themes(
    gateway: InProcess, folder: Path, theme: str
) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        app.theme = theme
        await looked(pilot)
        events = live(app).events
        for hue in range(8):
            text = events.get_component_styles(f"lines--hue{hue}").color
            assert contrast(text, events.background_colors[1]) >= 4.0, hue
