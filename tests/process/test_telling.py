"""What a gateway tells of itself in its folder: one thread after the other, and the latest state last."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tagway import config as configuration
from tagway.config import Config
from tagway.process import gateway as module
from tagway.process.gateway import Gateway


def test_two_threads_tell_one_after_the_other_and_the_latest_state_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = Gateway(configuration.with_gateway(Config(), data=str(tmp_path)))
    gateway._url = "http://127.0.0.1:8787"
    child: Any = SimpleNamespace(pid=1, restarts=0, last_exit=None)
    gateway._child = child
    engine = threading.Thread(target=gateway._tell)
    engine_came = threading.Event()
    told: list[tuple[str, int]] = []

    class Watched:
        """The gateway's own lock, which says when the engine's thread has come to it."""

        lock = gateway._telling

        def __enter__(self) -> None:
            if threading.current_thread() is engine:
                engine_came.set()
            self.lock.acquire()

        def __exit__(self, *_: object) -> None:
            self.lock.release()

    def tell(_: Path, state: dict[str, Any]) -> None:
        if threading.current_thread() is engine:
            engine_came.set()
            told.append(("engine", state["engine"]["restarts"]))
            return
        engine.start()
        assert engine_came.wait(60)  # at the lock, or, were there none, in here as well
        child.restarts = 1
        told.append(("server", state["engine"]["restarts"]))

    monkeypatch.setattr(gateway, "_telling", Watched())
    monkeypatch.setattr(module, "tell", tell)
    gateway._tell()
    engine.join(60)
    gateway._lock.release()
    assert told == [("server", 0), ("engine", 1)]
