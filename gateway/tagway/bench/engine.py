"""One fold of a full log into an empty store, alone: `python -m tagway.bench.engine --config FILE --data FOLDER`.

The data folder holds a log and nothing else. Prints a `Folded` as JSON; start-up is not counted.
"""

from __future__ import annotations

import argparse
import sys
import time

import msgspec

from tagway import clock, registry
from tagway import config as configuration
from tagway.engine import Fold
from tagway.process.collector import settle


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """What was folded. `cpu` is seconds of user and system time, `seconds` is wall time."""

    events: int
    cpu: float
    seconds: float


def fold(config: configuration.Config) -> Folded:
    """Fold the whole log of the configuration's data folder."""
    one = Fold(config.data, config, registry.load(config), clock.now)
    settle()
    cpu, began = time.process_time(), time.perf_counter()
    one.drain()
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
    one.close()
    return Folded(events=_count(config), cpu=cpu, seconds=seconds)


def _count(config: configuration.Config) -> int:
    from tagway.store.feed import Feed

    with Feed(config.data) as feed:
        count: int = feed.ledger()["items"]["normalized"]
    return count


def main() -> None:
    """Fold what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--data", required=True)
    given = parser.parse_args()
    config = configuration.with_gateway(configuration.load(given.config), data=given.data)
    sys.stdout.buffer.write(msgspec.json.encode(fold(config)) + b"\n")


if __name__ == "__main__":
    main()
