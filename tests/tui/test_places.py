"""The places besides the live list, and what lies over them, driven by keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tagway.answers.journeys import PARAMETER
from tagway.config import Config, Identity
from tagway.testing import InProcess
from tagway_tui.screens.live import Live
from tagway_tui.screens.merges import Merges
from tagway_tui.screens.person import Person
from tagway_tui.screens.session import Session
from tagway_tui.screens.why import Why
from tagway_tui.widgets.bars import Bar

from tests.tui.driving import live, screen, shows, text_of, typed, until
from tests.tui.folders import a_journey, identify, send, track


async def test_merges_show_each_join_with_its_evidence(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("2", "v")
        await shows(pilot, "joins only")
        await shows(pilot, "anonymous_id:anon-1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Live))
        assert live(app).events.key == 3


async def test_every_decision_is_reached_part_by_part(
    gateway: InProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Merges, "limit", 3)
    send(gateway, *(identify(f"u{one}", f"anon-{one}") for one in range(20)))
    async with screen(folder) as (pilot, app):
        await pilot.press("2")
        await shows(pilot, "20 decisions")
        await pilot.press("G")
        await shows(pilot, "anonymous_id:anon-0 ")
        assert "of 20" not in text_of(app)


async def test_a_person_is_found_by_any_identifier(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    send(gateway, track("Probe", "somebody-else"))
    async with screen(folder) as (pilot, app):
        await pilot.press("3", "slash")
        await typed(pilot, "anon-1")
        await pilot.press("enter")
        await shows(pilot, "1 person found")
        await pilot.press("enter")
        await shows(pilot, "REACHABLE by email")
        assert isinstance(app.screen, Person)


async def test_who_is_seen_meanwhile_moves_nobody_in_a_list_that_somebody_reads_in(
    gateway: InProcess, folder: Path
) -> None:
    send(gateway, *(track("Probe", f"anon-{one}") for one in range(5)))
    async with screen(folder) as (pilot, app):
        await pilot.press("3")
        await shows(pilot, "5 people")
        await pilot.press("j", "j")
        send(gateway, track("Probe", "somebody-else"))
        await shows(pilot, "HELD")
        await shows(pilot, "6 people")
        assert ">○ anon-2" in text_of(app)
        assert "somebody-else" not in text_of(app)
        await pilot.press("g")
        await shows(pilot, ">○ somebody-else")
        assert "HELD" not in text_of(app)


async def test_a_person_who_is_forgotten_leaves_also_a_list_that_is_held(gateway: InProcess, folder: Path) -> None:
    send(gateway, *(track("Probe", f"anon-{one}") for one in range(3)))
    async with screen(folder) as (pilot, app):
        await pilot.press("3", "j")
        await shows(pilot, "3 people")
        await pilot.press("j")
        gateway.command("forget", "anonymous_id:anon-0")
        await shows(pilot, "2 people")
        await until(pilot, lambda: "anon-0" not in text_of(app))


async def test_a_person_who_is_being_folded_again_says_so_until_it_is_done(tmp_path: Path) -> None:
    with InProcess(tmp_path, Config(identity=Identity(refold_limit=1))) as gateway:
        send(gateway, {**track("Probe"), "timestamp": "2025-03-02T10:00:00Z"})
        send(gateway, {**identify("u1", email="ana@example.com"), "timestamp": "2025-03-02T12:00:00Z"})
        late = {**identify("u1"), "messageId": "late", "timestamp": "2025-03-02T11:00:00Z"}
        gateway.append("segment", json.dumps({"batch": [late]}).encode(), path="/v1/batch")
        gateway.fold.step()
        async with screen(tmp_path) as (pilot, _):
            await pilot.press("p")
            await shows(pilot, "FOLDING")
            gateway.fold.drain()
            await shows(pilot, "REACHABLE by email")


async def test_a_persons_joins_are_stepped_through_in_time(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder, (120, 30)) as (pilot, app):
        await pilot.press("g", "p")
        await shows(pilot, "step through 1 join")
        await pilot.press("left_curly_bracket")
        await shows(pilot, "moved 2 events")
        assert text_of(app).count("⇄ moved") == 2
        await pilot.press("q")
        await shows(pilot, "today")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Live))


async def test_masking_again_masks_what_lies_over_a_place_and_what_was_seen_before(
    gateway: InProcess, folder: Path
) -> None:
    send(gateway, track("Added to Cart", email="not-an-email of ana@example.com"))
    async with screen(folder) as (pilot, app):
        await pilot.press("ctrl+r", "4")
        await shows(pilot, "rules broken")
        await pilot.press("1", "w")
        await until(pilot, lambda: isinstance(app.screen, Why))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "ana@example.com" not in text_of(app))
        await pilot.press("escape", "4")
        await until(pilot, lambda: app.screen is app.get_screen("violations"))
        assert "ana@example.com" not in text_of(app)


async def test_a_person_who_is_forgotten_meanwhile_leaves_the_screen(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, app):
        await pilot.press("g", "p")
        await shows(pilot, "REACHABLE by email")
        gateway.command("forget", "email:ana@example.com")
        await shows(pilot, "nothing is stored of this person any more")
        assert "ana@" not in text_of(app)
        assert "cust_881" not in text_of(app)


async def test_a_violations_whole_fix_can_be_read_in_a_small_terminal(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Added to Cart", product_id="p1"))
    fixes = [one["resolution"] for one in gateway.feed.events()[0]["violations"]]
    async with screen(folder, (80, 60)) as (pilot, app):
        await pilot.press("4")
        await shows(pilot, "rules broken")
        await pilot.press("enter")
        await shows(pilot, "expected")
        read = " ".join(line.rstrip("┃ ").strip() for line in text_of(app).splitlines())
        assert [fix for fix in fixes if fix not in " ".join(read.split())] == []


async def test_violations_say_what_to_do_and_lead_to_a_sample(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Added to Cart", product_id="p1"), track("Added to Cart", product_id="p2"))
    async with screen(folder) as (pilot, app):
        await pilot.press("4")
        await shows(pilot, "rules broken")
        await shows(pilot, "fix ")
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Live))
        await shows(pilot, "2 of 2")


async def test_every_cart_is_under_one_cause_and_tells_why(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Added to Cart", "anon-1", cart_id="c-1"), track("Added to Cart", "anon-2", cart_id="c-2"))
    async with screen(folder) as (pilot, app):
        await pilot.press("5")
        await shows(pilot, "2 carts")
        await shows(pilot, "NEVER_IDENTIFIED")
        await pilot.press("enter", "w")
        await until(pilot, lambda: isinstance(app.screen, Why))
        await shows(pilot, "STOPS HERE")
        await pilot.press("escape", "q", "q")
        await until(pilot, lambda: isinstance(app.screen, Live))


async def test_the_carts_screen_answers_in_one_sentence_whatever_its_width(gateway: InProcess, folder: Path) -> None:
    for browser in ("b1", "b2"):
        send(gateway, track("Added to Cart", browser, cart_id=f"cart-{browser}"))
    send(gateway, identify("cust_1", "b1", email="ana@example.com"))
    async with screen(folder) as (pilot, app):
        await pilot.press("5")
        await shows(pilot, "50% of 2 open carts can be reached in time.")
        await pilot.resize_terminal(60, 20)
        said = "The largest loss, 1 of 1: Nobody gave a customer id, an email or a phone in this browser. █"
        await until(pilot, lambda: said in " ".join(text_of(app).split()))
        assert "5 Cart" in text_of(app)


async def test_health_counts_each_source_and_balances_the_ledger(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder) as (pilot, _):
        await pilot.press("6")
        await shows(pilot, "balances to the unit")
        await shows(pilot, "bad_proof")


async def test_why_on_an_event_shows_stages_and_the_fix_and_leads_to_evidence(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Added to Cart", product_id="p1"), track("Probe", "anon-2"))
    async with screen(folder) as (pilot, app):
        await pilot.press("g", "w")
        await shows(pilot, "FIX")
        await pilot.press("y")
        assert app.clipboard.startswith("WHY event 1")
        await pilot.press("j", "j", "j", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen, Live))
        assert live(app).events.key == 1


async def test_a_session_shows_one_browser_and_ends_in_pass_or_fail(gateway: InProcess, folder: Path) -> None:
    async with screen(folder) as (pilot, app):
        await pilot.press("s")
        session = app.screen
        assert isinstance(session, Session)
        page = {"context": {"page": {"url": f"https://shop.test/?{PARAMETER}={session.code}"}}}
        send(gateway, {**track("Product Viewed", "mine"), **page}, track("Added to Cart", "another"))
        send(gateway, track("Checkout Started", "mine"))
        await shows(pilot, "paired: 2 events")
        assert "RUNNING" in text_of(app)
        await pilot.press("f")
        await shows(pilot, "FAIL")
        await shows(pilot, "Added to Cart  missing")


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (200, 60)])
async def test_no_place_overflows_and_every_one_keeps_its_way_out(
    gateway: InProcess, folder: Path, size: tuple[int, int]
) -> None:
    a_journey(gateway)
    send(gateway, identify("cust_2", "anon-2"), track("Added to Cart", cart_id="c-1"))
    async with screen(folder, size) as (pilot, app):
        for key in ("1", "2", "3", "4", "5", "6", "s", "1", "p"):
            await pilot.press(key)
            await pilot.pause(0.2)
            hints = app.screen.query_one("#hints", Bar)
            assert len(hints.text) <= size[0] - 2
            assert "Help" in hints.text
            assert hints.text.rstrip().endswith(("q Back", "q Quit"))
            assert {len(line) for line in text_of(app).splitlines()} == {size[0]}


async def test_help_lists_the_keys_that_work_here(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    async with screen(folder, (80, 50)) as (pilot, app):
        await pilot.press("question_mark")
        await shows(pilot, "next violation or dead letter")
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Live))
