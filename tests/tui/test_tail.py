"""The tail worker's eye: nothing is missed, whatever happens to the folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from tagway.testing import InProcess
from tagway_tui.tail import Tail

from tests.tui.driving import WELL
from tests.tui.folders import identify, refuse, send, track


def test_a_look_at_a_quiet_store_brings_nothing_new(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Probe"))
    tail = Tail(folder, lambda _: WELL)
    assert tail.look(0.0, 0).changed
    assert not tail.look(0.1, 0).changed
    tail.close()


def test_each_refusal_is_brought_once_and_in_its_place(gateway: InProcess, folder: Path) -> None:
    tail = Tail(folder, lambda _: WELL)
    send(gateway, track("Probe"), track("Probe"))
    refuse(gateway)
    (first,) = tail.look(0.0, 0).refusals
    assert first.after_event == 2
    send(gateway, track("Probe"))
    assert tail.look(0.1, 0).refusals == []
    tail.close()


def test_counts_of_sources_are_those_of_the_store(gateway: InProcess, folder: Path) -> None:
    tail = Tail(folder, lambda _: WELL)
    for _ in range(3):
        send(gateway, track("Probe"), track("Order Completed"))
        seen = tail.look(0.0, 0)
    refuse(gateway, count=4)
    seen = tail.look(0.1, 0)
    assert (seen.sources["segment"].items, seen.sources["segment"].faulty) == (6, 3)
    assert seen.sources["shopify"].refused == 4
    tail.close()


def test_a_folder_that_comes_later_is_opened_when_it_is_there(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "data", lambda _: WELL)
    assert not tail.look(0.0, 0).readable
    with InProcess(tmp_path / "data") as gateway:
        send(gateway, track("Probe"))
        seen = tail.look(0.1, 0)
        assert (seen.readable, seen.restarted, seen.last) == (True, True, 1)
    tail.close()


def test_a_folder_that_is_made_anew_is_read_from_its_start(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "data", lambda _: WELL)
    with InProcess(tmp_path / "data") as gateway:
        send(gateway, *(track("Probe") for _ in range(5)))
        assert tail.look(0.0, 0).last == 5
    shutil.rmtree(tmp_path / "data")
    tail.look(0.1, 0)
    with InProcess(tmp_path / "data") as gateway:
        send(gateway, track("Probe"), track("Probe"))
        seen = tail.look(0.2, 0)
        assert (seen.restarted, seen.last, seen.sources["segment"].items) == (True, 2, 2)
    tail.close()


def test_after_a_command_that_changed_the_past_everything_is_counted_again(gateway: InProcess, folder: Path) -> None:
    tail = Tail(folder, lambda _: WELL)
    send(gateway, identify("u1", email="ana@example.com"), track("Order Completed"))
    assert tail.look(0.0, 0).sources["segment"].faulty == 1
    gateway.command("forget", "email:ana@example.com")
    seen = tail.look(0.1, 0)
    assert (seen.restarted, seen.sources["segment"].faulty) == (True, 0)
    tail.close()


def test_rates_are_events_a_second(gateway: InProcess, folder: Path) -> None:
    tail = Tail(folder, lambda _: WELL)
    tail.look(0.0, 0)
    send(gateway, *(track("Probe") for _ in range(50)))
    tail.look(0.5, 0)
    assert tail.look(1.0, 0).rates == (50.0,)
    tail.close()
