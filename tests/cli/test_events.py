"""`tagway events`: what a line says, and that nothing foreign in it reaches the terminal as more than text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tagway.cli import tagway
from tagway.testing import InProcess

HOSTILE = "\x1b]0;pwned\x07Viewed\u202e\x9b2J"
BATCH = [{"type": "track", "event": HOSTILE, "anonymousId": "a1"}, {"type": "blink\x1b[2J"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with InProcess(tmp_path / "data") as gateway:
        gateway.send("segment", json.dumps({"batch": BATCH}).encode(), path="/v1/batch")
    return tmp_path / "data"


def test_an_event_name_cannot_control_the_terminal(folder: Path) -> None:
    printed = CliRunner().invoke(tagway, ["events", "--data", str(folder)]).stdout
    assert "␛]0;pwned␇Viewed<U+202E>" in printed
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(printed)


def test_a_dead_letter_says_why_it_is_one(folder: Path) -> None:
    (_, line) = CliRunner().invoke(tagway, ["events", "--data", str(folder)]).stdout.splitlines()
    assert line.endswith("expected one of alias, group, identify, page, screen, track, at /batch/1/type")
    told = CliRunner().invoke(tagway, ["events", "--json", "--data", str(folder)]).stdout.splitlines()
    event, dead = (json.loads(line)["dead_letter"] for line in told)
    assert event is None
    assert (dead["code"], dead["pointer"], dead["plugin"]) == ("payload", "/batch/1/type", "segment")
