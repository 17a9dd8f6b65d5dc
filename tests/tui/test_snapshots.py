"""The screen as it stands, looked at by eye and kept; with `TAGWAY_SNAPSHOTS=write` this test writes it anew.

Text, not pictures: a difference can be read in a review, and a new version of Textual changes no file. The first
line is left out, because it tells ages.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tagway.testing import InProcess
from tagway_tui.app import TagwayApp
from textual.pilot import Pilot

from tests.tui.driving import looked, screen, shows, text_of
from tests.tui.folders import identify, refuse, send, track

_KEPT = Path(__file__).parent / "snapshots"
_SIZES = ((80, 24), (60, 20), (200, 60))
_PLACES = {"live": ("g", "j"), "merges": ("2",), "person": ("1", "g", "p"), "help": ("question_mark",)}


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    """Times of day are the same everywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("size", _SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screen_is_as_it_was_last_looked_at(gateway: InProcess, folder: Path, size: tuple[int, int]) -> None:
    # Events outside the taxonomy: a new schema must not change what is kept.
    send(gateway, track("Probe", sku="ABC-123"))
    send(gateway, identify("cust_881", email="ana@example.com"))
    send(gateway, track("Probe \x1b[2J[bold]\u202e", "anon-2", sku="\x1b]52;c;x\x07"))
    refuse(gateway, count=3)
    async with screen(folder, size) as (pilot, app):
        await shows(pilot, "bad_proof")
        for name, keys in _PLACES.items():
            await pilot.press(*keys)
            kept = _KEPT / f"{name}-{size[0]}x{size[1]}.txt"
            if os.environ.get("TAGWAY_SNAPSHOTS") == "write":
                await looked(pilot, 16)
                kept.parent.mkdir(exist_ok=True)
                kept.write_text(_text(app), encoding="utf-8")
            await _settled(pilot, kept.read_text(encoding="utf-8"))
            assert _text(app) == kept.read_text(encoding="utf-8"), name
            await pilot.press("escape", "escape")


def _text(app: TagwayApp) -> str:
    return "\n".join(line.rstrip() for line in text_of(app).splitlines()[1:]) + "\n"


async def _settled(pilot: Pilot[None], kept: str) -> None:
    """Wait for what is kept to stand there: a busy machine takes its time to answer and to draw."""
    assert isinstance(pilot.app, TagwayApp)
    for _ in range(100):
        if _text(pilot.app) == kept:
            return
        await pilot.pause(0.1)
