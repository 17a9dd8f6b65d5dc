"""Where a time begins among the events of a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tagway.store.arrivals import first_since
from tagway.testing import InProcess


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    """Received at 10, 20, 30 and, from quarantine, again at 15; by two sources and with two outcomes."""
    with InProcess(tmp_path) as one:
        for place, (source, at) in enumerate((("segment", 10), ("rudderstack", 20), ("segment", 30), ("segment", 15))):
            event = {"type": "track", "event": "Custom", "messageId": f"m{place % 3}", "anonymousId": "a1"}
            one.append(source, json.dumps(event).encode(), path="/v1/track", received_at=at)
        one.fold.drain()
        yield one


@pytest.mark.parametrize(("moment", "seq"), [(0, 1), (10, 1), (11, 2), (16, 2), (21, 3), (31, None)])
def test_a_time_begins_with_the_first_event_received_since(gateway: InProcess, moment: int, seq: int | None) -> None:
    assert first_since(gateway.feed._db, moment) == seq
