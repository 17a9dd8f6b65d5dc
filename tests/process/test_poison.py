"""A request that kills or hangs the engine: found, buried as a dead letter, and nothing else is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from tagway.config import Config, with_gateway
from tagway.core.events import DeadLetter, Event, Request
from tagway.engine import Fold
from tagway.hookspecs import Route, Source, hookimpl
from tagway.process.note import Note, Noted
from tagway.replay import replay
from tagway.testing import InProcess

# An engine that has the plugin below, and a short patience.
_ENGINE = """
import sys, time
from pathlib import Path
from tagway import registry
from tagway.config import Config
from tagway.engine import Fold
from tagway.process.engine import Loop
from tagway.process.note import Note
from tests.process import test_poison
folder = Path(sys.argv[1])
fold = Fold(folder, Config(), registry.load(Config(), [test_poison.Plugin()], entry_points=False), lambda: 1)
loop = Loop(fold, Note(folder), seconds=0.5)
while loop.step():
    pass
"""


def deep() -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(10_000):
        document = {"a": document}
    return document


JUNK: dict[str, Any] = {
    "no event": 7,
    "a name that is none": Event(name=cast("str", None)),
    "no JSON": Event(name="x", properties={"a": object()}),
    "too deep": Event(name="x", properties=deep()),
    "half a character": Event(name="x", properties={"a": "\ud800"}),
    "a time as text": Event(name="x", timestamp=cast("int", "now")),
    "a time beyond all": Event(name="x", timestamp=2**70),
    "pairs that are no identifiers": Event(name="x", identifiers=cast("Any", [("email", "a@example.com")])),
    "a mapping that is none": Event(name="Order Completed", mapping=cast("Any", 3)),
    "no sentence": DeadLetter(code="x", message=cast("str", None)),
}


class Touchy(Source):
    """Ends its process, or never returns, for bodies that ask for it."""

    name = "touchy"
    routes = (Route(path="/touchy"),)

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        what = json.loads(request.body)
        if what == "die":
            os._exit(9)
        while what == "hang":
            pass
        if what == "exit":
            sys.exit("a library that thinks it is a program")
        if what in JUNK:
            return [JUNK[what]]
        return [Event(name=what, message_id=what)]


class Plugin:
    @hookimpl
    def register_sources(self, register: object) -> None:
        assert callable(register)
        register(Touchy())


def engine(folder: Path) -> int:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _ENGINE, str(folder)]
    return subprocess.run(command, cwd=root, timeout=60, check=False, capture_output=True).returncode


@pytest.mark.parametrize("poison", ["die", "hang"])
def test_a_request_that_ends_the_engine_three_times_is_a_dead_letter_and_the_rest_is_folded(
    tmp_path: Path, poison: str
) -> None:
    with InProcess(tmp_path, plugins=[Plugin()], entry_points=False) as gateway:
        for what in ("before", poison, "after"):
            gateway.append("touchy", json.dumps(what).encode())
    codes = [engine(tmp_path) for _ in range(4)]
    # In flight with others, alone, alone again; then it is buried.
    assert [code != 0 for code in codes] == [True, True, True, False]
    with InProcess(tmp_path, plugins=[Plugin()], entry_points=False) as gateway:
        events = gateway.feed.events()
        assert [one["name"] for one in events if one["status"] != "dead_letter"] == ["before", "after"]
        assert gateway.feed.ledger()["items"]["dead_letter"] == 1
        assert gateway.feed.ledger()["balanced"]


@pytest.mark.parametrize("junk", ["exit", *JUNK])
def test_junk_of_a_plugin_is_a_dead_letter_at_once_and_the_rest_is_folded(tmp_path: Path, junk: str) -> None:
    config = with_gateway(Config(), data=str(tmp_path))
    with InProcess(tmp_path, config, plugins=[Plugin()], entry_points=False) as gateway:
        sent = [*(f"before {number}" for number in range(5)), junk, *(f"after {number}" for number in range(9))]
        for what in sent:
            gateway.append("touchy", json.dumps(what).encode())
        gateway.fold.drain()
        events = gateway.feed.events()
        assert [one["name"] or junk for one in events] == sent
        (letter,) = (one["dead_letter"] for one in events if one["dead_letter"])
        assert letter["code"] == "plugin_error"
        assert gateway.feed.ledger()["balanced"]
        assert replay(gateway.config, gateway.registry, lambda: gateway.clock)["same"]


def test_what_no_burying_mends_ends_the_engine_and_buries_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with InProcess(tmp_path, plugins=[Plugin()], entry_points=False) as gateway:
        for what in ("one", "two"):
            gateway.append("touchy", json.dumps(what).encode())

        def fail(*_: object) -> None:
            raise KeyError("a fault of our own")

        with monkeypatch.context() as faulty:
            faulty.setattr(Fold, "_resolve", fail)
            with pytest.raises(KeyError, match="of our own"):
                gateway.fold.drain()
        assert gateway.feed.events() == []


def test_an_engine_that_was_killed_from_outside_buries_nothing(tmp_path: Path) -> None:
    with InProcess(tmp_path, plugins=[Plugin()], entry_points=False) as gateway:
        for number in range(20):
            gateway.append("touchy", json.dumps(f"m{number}").encode())
    note = Note(tmp_path)
    note.write(Noted(last=20))
    note.close()
    assert engine(tmp_path) == 0
    with InProcess(tmp_path, plugins=[Plugin()], entry_points=False) as gateway:
        assert gateway.feed.ledger()["items"]["dead_letter"] == 0
        assert len(gateway.feed.events()) == 20


@pytest.mark.parametrize("left", [b"", b"\0" * 63, b"1 2", b"a b c", b"1 2 3 4"])
def test_a_note_that_is_no_note_says_nothing(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "engine.note").write_bytes(left)
    note = Note(tmp_path)
    assert note.read() == Noted()
    note.close()


def test_a_note_is_read_as_it_was_written(tmp_path: Path) -> None:
    note = Note(tmp_path)
    note.write(Noted(last=2**40, alone=7, times=2))
    note.write(Noted(last=3, alone=2, times=1))
    assert note.read() == Noted(last=3, alone=2, times=1)
    note.close()
