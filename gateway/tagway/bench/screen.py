"""The screen beside a gateway under load: started by `-m`, as everywhere, so that nothing here imports Textual."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import msgspec

from tagway.bench import processes
from tagway.bench.events import BATCH
from tagway.errors import TagwayError
from tagway.store.feed import Feed

if TYPE_CHECKING:
    from tagway.bench.processes import Gateway
    from tagway.bench.rounds import Figures, Scale

_PER_SECOND: Final = 5_000
# Seconds for the screen to start, and to see the last event.
_PATIENCE: Final = 120


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What `python -m tagway_tui.measure` prints."""

    cpu_share: float
    key_p95_ms: float
    rss_mb: float
    last_seq: float
    frames_per_second: float


def measure(gateway: Gateway, scale: Scale) -> Figures:
    """Events in batches at 5,000 a second, and the screen on the same folder.

    Raises `TagwayError` when the screen ends with another row than the store's last: then a row was lost.
    """
    with gateway.serving() as ours:
        watching = _start(gateway)
        for second in range(max(1, round(scale.seconds))):
            began = time.monotonic()
            first = 2**30 + second * _PER_SECOND
            processes.send(ours, events=BATCH, requests=_PER_SECOND // BATCH, connections=2, first=first)
            time.sleep(max(0.0, began + 1.0 - time.monotonic()))
        gateway.drained()
        seen = _ended(watching)
        with Feed(gateway.data) as feed:
            last = feed.count()
    if seen.last_seq != last:
        raise TagwayError(f"the screen ended at event {seen.last_seq:.0f}, the store at {last}")
    return {"screen_cpu_share": seen.cpu_share, "screen_key_p95_ms": seen.key_p95_ms, "screen_rss_mb": seen.rss_mb}


def _start(gateway: Gateway) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tagway_tui.measure", "--data", str(gateway.data)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own module


def _ended(watching: subprocess.Popen[bytes]) -> Seen:
    printed, _ = watching.communicate(timeout=_PATIENCE)
    if watching.returncode:
        raise TagwayError("the screen could not be measured")
    return msgspec.json.decode(printed, type=Seen)
