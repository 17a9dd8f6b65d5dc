"""The order of it all: what is measured, in interleaved rounds, and what each figure means.

Whoever has another figure adds a function to `MEASURES` and a line to `FIGURES`.
"""

from __future__ import annotations

import os
import platform
import socket
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tagway.bench import identity, normalizing, processes, screen, taxonomy
from tagway.bench.events import BATCH, Template
from tagway.bench.load import complete
from tagway.bench.processes import Gateway, Server
from tagway.core import moments
from tagway.errors import TagwayError
from tagway.store.feed import Feed

Figures = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is sent: rounds, and per round single events and batches; seconds of the paced run.

    `aliases` is how many identifiers the identity figures are taken with, `merges` how many merges are timed.
    """

    rounds: int
    singles: int
    batches: int
    seconds: float
    aliases: int = 1_000_000
    merges: int = 20


# Many short rounds: what else the machine does then meets both sides of a ratio alike.
QUICK: Final = Scale(rounds=7, singles=1_500, batches=40, seconds=2, aliases=30_000)
FULL: Final = Scale(rounds=15, singles=3_000, batches=60, seconds=10)

FIGURES: Final[dict[str, str]] = {
    "ingest_single_ratio": "requests/s over the floor's, one event of 1 KB, 64 connections; higher is better",
    "ingest_single_cpu_ratio": "CPU a request over the floor's; lower is better, the aim is at most 1.1",
    "ingest_batch_ratio": "requests/s over the floor's, 100 events in 100 KB, 8 connections; higher is better",
    "ingest_batch_cpu_ratio": "CPU a request over the floor's; lower is better, the aim is at most 1.0",
    "engine_eps": "events folded per second of one core (user and system time), a full log into an empty store; "
    "the aim is 10,000",
    "engine_wall_eps": "the same by the clock on the wall, whatever else the machine does",
    "normalize_order_us": "CPU of one Shopify order of 15 KB, parsing included; the aim is under 150",
    "normalize_order_ratio": "the same over parsing alone",
    "normalize_pixel_us": "CPU of one pixel event, parsing included; the aim is under 40",
    "normalize_pixel_ratio": "the same over parsing alone",
    "normalize_segment_us": "CPU of one Segment call, parsing included; the aim is under 20",
    "normalize_segment_ratio": "the same over parsing alone",
    "e2e_p50_ms": "from before an event is sent until a reader of the store has it, at 200 events/s; half are below",
    "e2e_p99_ms": "the same; 99 of 100 are below",
    "validate_ratio": "CPU of judging a valid order of three lines over the bare validator's; the aim is at most 3",
    "violating_ratio": "CPU of folding orders that are all wrong over the same orders clean; the aim is at most 3",
    "screen_cpu_share": "of one core, the screen on a folder that takes 5,000 events a second; the aim is at most 0.35",
    "screen_key_p95_ms": "from a key to its effect meanwhile; 95 of 100 are below, the aim is 150",
    "screen_rss_mb": "memory of the screen; the aim is at most 120",
    "rss_mb": "memory of the web and the engine process together after the rounds",
    **identity.FIGURES,
}
_PACE: Final = 200
_PATIENCE: Final = 30


def run(scale: Scale) -> Figures:
    """All figures, in the order of `FIGURES`."""
    found: Figures = {}
    with tempfile.TemporaryDirectory(prefix="tagway-bench-") as folder:
        gateway = Gateway(Path(folder))
        for measure in MEASURES:
            found |= measure(gateway, scale)
    return {name: found[name] for name in FIGURES}


def machine() -> dict[str, str | int]:
    """What the figures were taken on."""
    return {
        "system": platform.platform(),
        "cpus": os.cpu_count() or 0,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def _ingest(gateway: Gateway, scale: Scale) -> Figures:
    """Floor and gateway in turn, singles and batches in turn; medians of the rounds' ratios."""
    ratios: dict[str, list[float]] = {name: [] for name in FIGURES if name.startswith("ingest_")}
    numbers = iter(range(0, 2**31, 1_000_000))
    with processes.floor() as floor, gateway.serving() as ours:
        for turn in range(scale.rounds + 1):
            for name, events, requests, connections in (
                ("single", 1, scale.singles, 64),
                ("batch", BATCH, scale.batches, 8),
            ):
                base = _cost(floor, events, requests, connections, next(numbers))
                with gateway.engine_held():
                    cost = _cost(ours, events, requests, connections, next(numbers))
                gateway.drained()
                if turn:  # the first round warms up
                    ratios[f"ingest_{name}_ratio"].append(base.seconds / cost.seconds)
                    ratios[f"ingest_{name}_cpu_ratio"].append(cost.cpu / base.cpu)
        memory = processes.rss_mb(ours.pid) + processes.rss_mb(gateway.engine_pid())
    return {**{name: statistics.median(taken) for name, taken in ratios.items()}, "rss_mb": memory}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    """What one turn took: CPU of the server, and the time until the last answer."""

    cpu: float
    seconds: float


def _cost(server: Server, events: int, requests: int, connections: int, first: int) -> _Cost:
    before = processes.cpu_seconds(server.pid)
    result = processes.send(server, events=events, requests=requests, connections=connections, first=first)
    return _Cost(cpu=processes.cpu_seconds(server.pid) - before, seconds=result.seconds)


def _engine(gateway: Gateway, scale: Scale) -> Figures:
    """The log that the rounds left, folded again by an engine alone."""
    del scale
    folded = gateway.fold_again()
    return {"engine_eps": folded.events / folded.cpu, "engine_wall_eps": folded.events / folded.seconds}


def _visible(gateway: Gateway, scale: Scale) -> Figures:
    """Events at a steady pace, and a reader that looks at the store every millisecond."""
    with gateway.serving() as ours:
        feed = Feed(gateway.data)
        after = int(feed.ledger()["items"]["normalized"])
        sent: dict[str, float] = {}
        sender = threading.Thread(target=_paced, args=(ours, sent, int(scale.seconds * _PACE)))
        sender.start()
        took = _watched(feed, after, sent, int(scale.seconds * _PACE))
        sender.join()
        feed.close()
    took.sort()
    return {"e2e_p50_ms": took[len(took) // 2] * 1_000, "e2e_p99_ms": took[len(took) * 99 // 100] * 1_000}


def _paced(server: Server, sent: dict[str, float], count: int) -> None:
    """Send single events over one connection; when each was sent, by its message id."""
    moment = moments.write(time.time_ns() // 1_000_000 * 1_000)
    template = Template(1, port=server.port, path="/v1/track", key=server.key, moment=moment)
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        for place in range(count):
            time.sleep(max(0.0, began + place / _PACE - time.perf_counter()))
            number = 2**31 + place
            sent[f"bench-{number:08x}-00"] = time.perf_counter()
            connection.sendall(template.request(number))
            answer = b""
            while not complete(answer):
                answer += connection.recv(65_536)


def _watched(feed: Feed, after: int, sent: dict[str, float], count: int) -> list[float]:
    """Seconds from sent to readable, of each event."""
    took: list[float] = []
    deadline = time.perf_counter() + count / _PACE + _PATIENCE
    while len(took) < count and time.perf_counter() < deadline:
        if feed.changed():
            for event in feed.events(after=after):
                after = event["seq"]
                took.append(time.perf_counter() - sent[event["message_id"]])
        time.sleep(0.001)
    if len(took) < count:
        raise TagwayError(f"{count - len(took)} of {count} events were not readable after {_PATIENCE} s")
    return took


def _normalizing(gateway: Gateway, scale: Scale) -> Figures:
    """What the plugins cost, without server and store."""
    del gateway
    return normalizing.measure(scale.rounds)


def _taxonomy(gateway: Gateway, scale: Scale) -> Figures:
    """What judging costs, in this process: no server takes part."""
    del gateway
    return taxonomy.costs(scale.rounds, scale.singles // 4)


def _identity(gateway: Gateway, scale: Scale) -> Figures:
    del gateway
    return identity.figures(scale.aliases, min(20_000, scale.aliases), scale.merges)


MEASURES: Final[tuple[Callable[[Gateway, Scale], Figures], ...]] = (
    _ingest, _visible, _engine, _normalizing, _taxonomy, screen.measure, _identity,
)  # fmt: skip
