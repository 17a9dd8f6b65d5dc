"""Health: `/livez` (the process answers), `/readyz` (it can take requests), `/metrics` (Prometheus).

The plain verdict is for anybody who watches; what is behind it, and the metrics, are behind the token.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tagway.core import body
from tagway.errors import RefusedError
from tagway.store.feed import Feed
from tagway.web import trust
from tagway.web.intake import Intake
from tagway.web.reading import Reading

_DISK: Final = 67_108_864
"""Below so many free bytes the gateway is not ready: a group and its write-ahead log must fit."""


class Health:
    """The routes of those who watch."""

    def __init__(
        self,
        intake: Intake,
        reading: Reading,
        engine: Callable[[], dict[str, Any]],
        token: str,
        hosts: frozenset[str],
    ) -> None:
        """Report on the intake, on the store's lag, and on the engine's process."""
        self._intake, self._reading, self._engine = intake, reading, engine
        self._token, self._hosts = token, hosts
        self._metrics = CollectorRegistry()
        self._counts = _Counts(intake, engine)
        self._metrics.register(self._counts)

    def routes(self) -> list[BaseRoute]:
        """All routes."""
        return [
            Route("/livez", self._live, methods=["GET"]),
            Route("/readyz", self._ready, methods=["GET"]),
            Route("/metrics", self._measure, methods=["GET"]),
        ]

    async def _live(self, _: Request) -> Response:
        return _json({"status": "ok"})

    async def _ready(self, request: Request) -> Response:
        faults = self._faults()
        verdict: dict[str, Any] = {"status": "unavailable" if faults else "ok"}
        if trust.has_token(dict(request.scope["headers"]), self._token):
            verdict |= {
                "faults": faults,
                "engine": {**self._engine(), "lag": await self._lag()},
                "queue": self._intake.commit.waiting if self._intake.commit else 0,
            }
        return _json(verdict, 503 if faults else 200)

    async def _measure(self, request: Request) -> Response:
        try:
            trust.check_reader(dict(request.scope["headers"]), self._token, self._hosts)
        except RefusedError as refused:
            self._intake.refuse(refused, path=request.url.path)
            raise
        self._counts.lag = await self._lag()
        return Response(generate_latest(self._metrics), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    def _faults(self) -> list[str]:
        commit = self._intake.commit
        if commit is None:
            return ["the gateway is starting or stopping"]
        faults = [f"the log cannot be written: {commit.failure}"] if commit.failure else []
        try:
            if shutil.disk_usage(self._intake.config.data).free < _DISK:
                faults.append(f"less than {_DISK} bytes of disk are free")
        except OSError as error:
            faults.append(f"the data folder cannot be looked at: {error.strerror}")
        return faults

    async def _lag(self) -> int | None:
        """Rows of the log that are not folded yet; None while there is no store."""
        try:
            rows, _ = await self._reading.read(Feed.lag)
        except RefusedError:
            return None
        return rows


class _Counts(Collector):
    """The running counts as metrics, made when they are asked for, so that the hot path only counts."""

    def __init__(self, intake: Intake, engine: Callable[[], dict[str, Any]]) -> None:
        self._intake, self._engine = intake, engine
        self.lag: int | None = None

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        taken = CounterMetricFamily("tagway_requests_taken", "Requests in the log.", labels=["source"])
        for source, count in self._intake.taken.items():
            taken.add_metric([source], count)
        refused = CounterMetricFamily("tagway_requests_refused", "Requests refused.", labels=["source", "code"])
        for (source, code), count in self._intake.refused.items():
            refused.add_metric([source, code], count)
        waiting = self._intake.commit.waiting if self._intake.commit else 0
        yield taken
        yield refused
        yield GaugeMetricFamily("tagway_requests_in_flight", "Requests being answered.", self._intake.in_flight)
        yield GaugeMetricFamily("tagway_log_queue_requests", "Requests that wait for their commit.", waiting)
        if self.lag is not None:
            yield GaugeMetricFamily("tagway_engine_lag_rows", "Rows of the log that are not folded yet.", self.lag)
        restarts = self._engine().get("restarts", 0)
        yield CounterMetricFamily("tagway_engine_restarts", "Restarts of the engine.", restarts)


def _json(value: Any, status: int = 200) -> Response:
    return Response(body.encode(value), status, media_type="application/json")
