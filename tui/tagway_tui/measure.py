"""`python -m tagway_tui.measure --data FOLDER`: what the screen costs while a folder fills, as JSON.

It watches until its standard input ends: whoever writes the folder knows when the last event is in.

`tagway bench` runs it beside a writer. The screen runs without a terminal, so that only its own work counts: every
frame is laid out and drawn, and a key is pressed twice a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import threading
import time
from pathlib import Path
from statistics import quantiles

from textual import events

from tagway_tui.app import Options, TagwayApp
from tagway_tui.presence import Presence
from tagway_tui.screens.live import Live

_SIZE = (120, 40)
# Up holds the list, the end follows again: each has an effect that can be seen.
_KEYS = ("up", "end")
_LEAST = 4


async def measure(folder: Path, ended: threading.Event) -> dict[str, float]:
    """Watch a folder until it has `ended`.

    Returns `cpu_share` (of one core), `key_p95_ms` (from a key to its effect), `rss_mb` (the most), `last_seq`
    (the newest event on the screen at the end) and `frames_per_second`.
    """
    app = TagwayApp(Options(folder=folder), look=lambda _: Presence(gateway=True, engine=True))
    async with app.run_test(size=_SIZE) as pilot:
        await pilot.pause(1.0)
        live = app.get_screen("live")
        assert isinstance(live, Live)  # noqa: S101 - our own screen
        began, cpu, frames = time.monotonic(), time.process_time(), app.frames
        waits: list[float] = []
        while not ended.is_set() or len(waits) < _LEAST:
            await asyncio.sleep(0.5)
            waits.append(await _pressed(app, live, _KEYS[len(waits) % 2]))
        share = (time.process_time() - cpu) / (time.monotonic() - began)
        rate = (app.frames - frames) / (time.monotonic() - began)
        await _settled(app)
        return {
            "cpu_share": share,
            "key_p95_ms": quantiles(waits, n=20)[-1] * 1_000,
            "rss_mb": _rss_mb(),
            "last_seq": app.everything.last,
            "frames_per_second": rate,
        }


async def _pressed(app: TagwayApp, live: Live, key: str) -> float:
    """Seconds from a key to its effect on the list."""
    wanted = "FOLLOW" if key == "end" else "HELD"
    began = time.perf_counter()
    app.post_message(events.Key(key, None))
    while live.events.state != wanted and time.perf_counter() - began < 5.0:  # noqa: ASYNC110 - it is what is measured
        await asyncio.sleep(0.002)
    return time.perf_counter() - began


async def _settled(app: TagwayApp) -> None:
    """Wait until nothing new is seen for a second, ten at most."""
    for _ in range(10):
        last = app.everything.last
        await asyncio.sleep(1.0)
        if app.everything.last == last:
            return


def _rss_mb() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1_048_576 if sys.platform == "darwin" else 1_024)


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="tagway_tui.measure")
    parser.add_argument("--data", required=True)
    given = parser.parse_args()
    ended = threading.Event()
    threading.Thread(target=_listen, args=(ended,), daemon=True).start()
    print(json.dumps(asyncio.run(measure(Path(given.data), ended))))


def _listen(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main()
