"""The processes that a bench starts and measures: the gateway, the floor, the sender; CPU and memory of each."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tagway import config as configuration
from tagway.bench.engine import Folded
from tagway.bench.load import Job, Result
from tagway.core import moments
from tagway.errors import TagwayError
from tagway.log import FILE, Log
from tagway.process import launch
from tagway.process.folder import running
from tagway.store.feed import Feed

_DRAIN_SECONDS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server under load: its process, its port, and the key that it wants."""

    pid: int
    port: int
    key: str = ""


class Gateway:
    """`tagway serve` on a folder of its own, with one keyed source."""

    def __init__(self, folder: Path) -> None:
        """Write a configuration into the folder; nothing runs yet."""
        self.folder = folder
        self.data = folder / "data"
        self._key = secrets.token_hex(16)
        self.config = folder / "tagway.toml"
        lines = ("[sources.web]", 'plugin = "segment"', f'write_keys = ["{self._key}"]')
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @contextlib.contextmanager
    def serving(self) -> Iterator[Server]:
        """Run it. Raises `TagwayError` when it does not start."""
        config = configuration.with_gateway(configuration.load(self.config), data=str(self.data), port=0)
        with launch.gateway(config) as started:
            launch.readable(self.data).close()
            key = base64.b64encode(f"{self._key}:".encode()).decode()
            yield Server(pid=started.pid, port=int(started.url.rsplit(":", 1)[1]), key=key)

    def engine_pid(self) -> int:
        """The engine's process."""
        return int(running(self.data)["engine"]["pid"])

    @contextlib.contextmanager
    def engine_held(self) -> Iterator[None]:
        """Stop the engine for a while, where a process can be stopped: it is not what is measured then."""
        hold, go_on = (getattr(signal, name, None) for name in ("SIGSTOP", "SIGCONT"))
        if hold is None or go_on is None:
            yield
            return
        os.kill(self.engine_pid(), hold)
        try:
            yield
        finally:
            os.kill(self.engine_pid(), go_on)

    def drained(self) -> None:
        """Wait until the engine has folded the log. Raises `TagwayError` when it does not."""
        log, feed = Log(self.data, read_only=True), Feed(self.data)
        deadline = time.monotonic() + _DRAIN_SECONDS
        while feed.position() < log.last():
            if time.monotonic() > deadline:
                raise TagwayError(f"the engine did not fold the log in {_DRAIN_SECONDS} s")
            time.sleep(0.02)
        log.close()
        feed.close()

    def fold_again(self) -> Folded:
        """Fold its log once more, alone, into an empty store; only while it does not run."""
        again = self.folder / "again"
        again.mkdir(mode=0o700)
        for name in (FILE, f"{FILE}-wal"):  # what is not folded into the file yet stands beside it
            if (self.data / name).exists():
                shutil.copy(self.data / name, again / name)
        command = ["-m", "tagway.bench.engine", "--config", str(self.config), "--data", str(again)]
        return msgspec.json.decode(_python(command), type=Folded)


@contextlib.contextmanager
def floor() -> Iterator[Server]:
    """Run the floor."""
    command = [sys.executable, "-m", "tagway.bench.floor"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        try:
            port = process.stdout.readline() if process.stdout else ""
            yield Server(pid=process.pid, port=int(port))
        finally:
            process.kill()


def send(server: Server, *, events: int, requests: int, connections: int, first: int) -> Result:
    """Send requests of so many events from a process of its own. Raises `TagwayError` when one is refused."""
    job = Job(
        port=server.port,
        path="/v1/batch" if events > 1 else "/v1/track",
        key=server.key,
        events=events,
        requests=requests,
        connections=connections,
        first=first,
        moment=moments.write(time.time_ns() // 1_000_000 * 1_000),
    )
    result = msgspec.json.decode(_python(["-m", "tagway.bench.load"], msgspec.json.encode(job)), type=Result)
    if result.refused:
        raise TagwayError(f"{result.refused} of {result.answered} requests were refused; a bench of that says nothing")
    return result


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used, all its threads."""
    tasks = Path(f"/proc/{pid}/task")
    if tasks.is_dir():  # Linux counts nanoseconds here; `ps` has only seconds
        return sum(int((one / "schedstat").read_text().split()[0]) for one in tasks.iterdir()) / 1e9
    text = _ps(pid, "time")
    days, _, clock = text.rpartition("-")
    hours, minutes, seconds = (["0", "0", *clock.split(":")])[-3:]
    return int(days or 0) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + float(seconds)


def rss_mb(pid: int) -> float:
    """Resident memory of a process in megabytes."""
    return int(_ps(pid, "rss")) / 1_024


def _ps(pid: int, column: str) -> str:
    command = ["/bin/ps", "-o", f"{column}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - constants


def _python(arguments: list[str], given: bytes = b"") -> bytes:
    done = subprocess.run([sys.executable, *arguments], input=given, capture_output=True, check=False)  # noqa: S603 - ourselves
    if done.returncode:
        raise TagwayError(f"{' '.join(arguments[:2])} failed: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout
