"""The bench measures real processes; here with so little work that only its honesty is tested, not the machine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tagway.bench import processes, rounds
from tagway.bench.events import BATCH, Template
from tagway.errors import TagwayError

TINY = rounds.Scale(rounds=1, singles=40, batches=2, seconds=0.2, aliases=1_500, merges=3)
PROMISED = {
    "ingest_single_ratio", "ingest_single_cpu_ratio", "ingest_batch_ratio", "ingest_batch_cpu_ratio", "engine_eps",
    "e2e_p50_ms", "e2e_p99_ms", "rss_mb",
}  # fmt: skip


def test_every_promised_figure_is_measured_and_explained() -> None:
    found = rounds.run(TINY)

    assert PROMISED <= found.keys() == rounds.FIGURES.keys()
    assert all(value > 0 for value in found.values())
    assert found["e2e_p50_ms"] <= found["e2e_p99_ms"]


def test_a_sender_whose_requests_are_refused_measures_nothing(tmp_path: Path) -> None:
    with (
        processes.Gateway(tmp_path).serving() as ours,
        pytest.raises(TagwayError, match="5 of 5 requests were refused"),
    ):
        processes.send(replace(ours, key="d3Jvbmc6"), events=1, requests=5, connections=1, first=0)


@pytest.mark.parametrize(("events", "size"), [(1, 1_050), (BATCH, 107_000)])
def test_requests_are_of_the_size_that_is_promised_and_every_id_is_fresh(events: int, size: int) -> None:
    template = Template(events, port=1, path="/v1/batch", key="k", moment="2026-11-01T10:00:00.000Z")
    bodies = [template.request(number).split(b"\r\n\r\n", 1)[1] for number in range(3)]
    found = [one["messageId"] for body in map(json.loads, bodies) for one in body.get("batch", [body])]

    assert abs(len(bodies[0]) - size) < size / 20
    assert len(set(found)) == 3 * events
