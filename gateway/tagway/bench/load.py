"""The sender: keep-alive connections on raw sockets, so that it costs less than any server that it measures.

A process of its own: `python -m tagway.bench.load` reads a `Job` as JSON on standard input, sends it, and
prints a `Result` as JSON. Each connection sends its next request when the answer to the last one is complete.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import time
from typing import Final, cast

import msgspec

from tagway.bench.events import Template

_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to send: `requests` of `events` each over `connections`, numbered from `first`."""

    port: int
    path: str
    moment: str
    """The events' timestamp, RFC 3339."""
    key: str = ""
    events: int = 1
    requests: int
    connections: int = 64
    first: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Times in seconds; `refused` counts answers other than 200."""

    answered: int
    refused: int
    seconds: float
    p50: float
    p99: float


class _Run:
    """The shared state of one job: what is still to be sent, and how long answers took."""

    def __init__(self, job: Job) -> None:
        self.template = Template(job.events, port=job.port, path=job.path, key=job.key, moment=job.moment)
        self.next, self.end = job.first, job.first + job.requests
        self.took: list[float] = []
        self.refused = 0
        self.lost = ""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.open = 0

    def ended(self) -> None:
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(None)


class _Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._answer = b""
        self._sent = 0.0
        run.open += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's in all but their class.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if complete(self._answer):
            self._run.took.append(time.perf_counter() - self._sent)
            self._run.refused += not self._answer.startswith(b"HTTP/1.1 200")
            self._answer = b""
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost = str(exc or self._run.lost)
        self._run.ended()

    def _send(self) -> None:
        run = self._run
        if run.next >= run.end:
            self._transport.close()
            return
        number = run.next
        run.next += 1
        self._sent = time.perf_counter()
        self._transport.write(run.template.request(number))


def complete(answer: bytes) -> bool:
    """Whether an answer has arrived with all the bytes that its head announces."""
    head, end, body = answer.partition(b"\r\n\r\n")
    announced = _LENGTH.search(head)
    return bool(end) and len(body) >= (int(announced[1]) if announced else 0)


async def send(job: Job) -> Result:
    """Send a job and wait for every answer. Raises `OSError` when the server cannot be reached."""
    loop = asyncio.get_running_loop()
    run = _Run(job)
    started = time.perf_counter()
    for _ in range(min(job.connections, job.requests)):
        await loop.create_connection(lambda: _Connection(run), "127.0.0.1", job.port)
    await run.done
    if len(run.took) < job.requests:
        raise ConnectionError(f"{job.requests - len(run.took)} requests were not answered: {run.lost}")
    took = sorted(run.took)
    return Result(
        answered=len(took),
        refused=run.refused,
        seconds=time.perf_counter() - started,
        p50=took[len(took) // 2],
        p99=took[len(took) * 99 // 100],
    )


def main() -> None:
    """Run the job on standard input."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    with contextlib.suppress(ImportError):  # uvloop is not made for Windows
        import uvloop

        uvloop.install()
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(send(job))) + b"\n")


if __name__ == "__main__":
    main()
