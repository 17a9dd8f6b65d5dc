"""A real `tagway serve` in processes of its own, on a free port."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Running:
    """A running gateway: its process, its address, its folder."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tagway", "serve", "--data", str(self.data), "--port", "0", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "listens at" in line, line + self.process.stdout.read()
        self.url = line.split("listens at ")[1].split(",")[0]
        self.token = (self.data / "inspect-token").read_text()

    @property
    def engine(self) -> int:
        """The engine's process id."""
        pid: int = until(lambda: (self.told().get("engine") or {}).get("pid") or 0)
        return pid

    def told(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads((self.data / "gateway.json").read_text()))
        return {}

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, content, headers or {}, method="POST")
        return _answer(request)

    def get(self, path: str) -> Any:
        return _answer(urllib.request.Request(self.url + path, headers={"X-Tagway-Token": self.token}))[1]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@contextlib.contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    one = Running(folder, *arguments)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.end()
        assert one.process.stdout is not None
        one.process.stdout.close()


def until(look: Callable[[], T], seconds: float = 60.0) -> T:
    """What `look` sees once that is true; the time bounds only how long a failure takes."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
    return seen


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def _answer(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")
