"""`tagway demo`: the whole road, real processes and real HTTP, and a summary that the store bears out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from tagway.demo.script import ANA, FINN_LAPTOP, FINN_PHONE, scenes
from tagway.process.folder import is_running, running
from tagway.store.feed import Feed


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tagway", "demo", "--no-tui", "--fast", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What one demo printed, and the data folder that it left."""
    folder = tmp_path_factory.mktemp("demo")
    done = demo(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, folder / "tagway-demo" / "data"


def test_the_summary_says_what_the_store_holds(played: tuple[str, Path]) -> None:
    said, data = played
    feed = Feed(data)
    ledger = feed.ledger()
    feed.close()

    requests, items = ledger["requests"], ledger["items"]
    assert f"{requests['received']} requests: {requests['taken']} taken, {requests['refused']} refused" in said
    assert f"{items['normalized']} events: {items['accepted']} accepted, {items['violating']} violating" in said
    assert "ok  the ledger balances" in said
    assert ledger["balanced"]


def test_every_scene_reached_the_log(played: tuple[str, Path]) -> None:
    feed = Feed(played[1])
    requests = feed.ledger()["requests"]
    feed.close()

    assert (requests["received"], requests["refused"], requests["pending"]) == (len(scenes()), 1, 0)


def test_the_anonymous_history_is_the_persons(played: tuple[str, Path]) -> None:
    said, data = played
    feed = Feed(data)
    profile = feed.profile("email", ANA.email)
    assert profile is not None
    mine = feed.events(profile=profile["profile_id"])
    feed.close()

    (moved,) = re.findall(r"anonymous history joined: (\d+) events", said)
    assert int(moved) == profile["events"]["before_identify"] >= 3
    assert {"Product Viewed", "Added to Cart", "Cart Updated", "Email Captured", "Order Completed"} <= {
        one["name"] for one in mine
    }


def test_two_browsers_with_one_email_are_one_person(played: tuple[str, Path]) -> None:
    feed = Feed(played[1])
    owners = {(feed.profile("anonymous_id", one.browser) or {}).get("profile_id") for one in (FINN_PHONE, FINN_LAPTOP)}
    feed.close()

    assert len(owners) == 1


def test_an_order_that_browser_and_server_tell_counts_once_with_its_exact_total(played: tuple[str, Path]) -> None:
    feed = Feed(played[1])
    orders = [one for one in feed.events() if one["name"] == "Order Completed"]
    feed.close()

    assert {str(one["properties"]["total"]) for one in orders if one["source"] == "shopify"} == {"29.80"}
    assert len(orders) == 3
    assert [one["status"] for one in orders].count("accepted") == 1


def test_nothing_runs_after_the_demo(played: tuple[str, Path]) -> None:
    data = played[1]

    assert not is_running(data)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(running(data)["url"] + "/livez")


def test_the_demo_leaves_a_folder_alone_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")

    done = demo(tmp_path, "--data", "mine")

    assert done.returncode == 1
    assert "left alone" in done.stderr
    assert (tmp_path / "mine" / "diary.txt").exists()
