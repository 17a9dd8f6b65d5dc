"""What a join moved."""

from __future__ import annotations

from pathlib import Path

from tagway.store.window import Window
from tagway.testing import InProcess
from tagway_tui.joins import JOINS, moved_by

from tests.tui.folders import identify, send, track


def moved(gateway: InProcess, folder: Path) -> list[int]:
    """How many events each join of the person moved, in order."""
    profile = gateway.feed.profile("user_id", "u-1")
    assert profile is not None
    window = Window(folder)
    decisions = window.decisions_on(profile["profile_id"])
    joins = [one for one in decisions if one.verdict in JOINS]
    counts = [window.events_before(moved_by(one, decisions, profile["aliases"]), one.at) for one in joins]
    window.close()
    return counts


def test_a_sign_in_moves_what_the_browser_did_before(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe", "anon-1"))
    send(gateway, track("Probe", "anon-1"))
    send(gateway, identify("u-1", "anon-1"))
    send(gateway, track("Probe", "anon-1"))
    assert moved(gateway, folder) == [2]


def test_a_second_browser_moves_only_its_own_events(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe", "anon-1"))
    send(gateway, identify("u-1", "anon-1"))
    send(gateway, track("Probe", "anon-2"))
    send(gateway, track("Probe", "anon-2"))
    send(gateway, track("Probe", "anon-2"))
    send(gateway, identify("u-1", "anon-2"))
    assert moved(gateway, folder) == [1, 3]
