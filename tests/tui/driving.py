"""Driving the screen in tests: the app on a folder, keys, and what stands on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from tagway.config import Config
from tagway_tui.app import Options, TagwayApp
from tagway_tui.presence import Presence
from tagway_tui.screens.live import Live
from textual.pilot import Pilot
from textual.widgets import Input

WELL = Presence(gateway=True, engine=True, url="http://127.0.0.1:8787")
GONE = Presence(gateway=False, engine=False)


@asynccontextmanager
async def screen(
    folder: Path,
    size: tuple[int, int] = (80, 24),
    *,
    look: Callable[[Path], Presence] = lambda _: WELL,
    ascii_only: bool = False,
    read_only: bool = False,
    keys: dict[str, str] | None = None,
    config: Config | None = None,
) -> AsyncIterator[tuple[Pilot[None], TagwayApp]]:
    """The app on a folder, ten frames a second; toasts shown, as for a person."""
    given = Options(folder=folder, frame=0.1, ascii=ascii_only, read_only=read_only, keys=keys)
    options = given if config is None else replace(given, config=config)
    app = TagwayApp(options, look=look)
    async with app.run_test(size=size, notifications=True) as pilot:
        await looked(pilot)
        yield pilot, app


async def looked(pilot: Pilot[None], times: int = 3) -> None:
    """Wait for some frames."""
    for _ in range(times):
        await pilot.pause(0.12)


async def until(pilot: Pilot[None], seen: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so. Raises `AssertionError` when it never is."""
    end = asyncio.get_running_loop().time() + seconds
    while not seen():
        assert asyncio.get_running_loop().time() < end, f"never seen; the screen:\n{text_of(pilot.app)}"
        await pilot.pause(0.05)


async def shows(pilot: Pilot[None], text: str) -> None:
    """Wait until a text stands on the screen."""
    await until(pilot, lambda: text in text_of(pilot.app))


async def typed(pilot: Pilot[None], text: str) -> None:
    """Put text into the line that has the focus, at once: key by key a test takes seconds."""
    line = pilot.app.focused
    assert isinstance(line, Input)
    line.value = text
    line.cursor_position = len(text)
    await pilot.pause()


def live(app: TagwayApp) -> Live:
    """The live list's place."""
    place = app.get_screen("live")
    assert isinstance(place, Live)
    return place


def text_of(app: object) -> str:
    """What stands on the screen, line by line."""
    assert isinstance(app, TagwayApp)
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(one.text for one in line) for line in strips)
