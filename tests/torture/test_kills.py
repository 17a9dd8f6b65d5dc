"""Whoever is killed, whenever: what was acknowledged is recorded once, and the ledger balances.

The sender does what SDKs do: it keeps an event until it is answered 200, and sends it again otherwise, so that
one event may arrive more than once and must count once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.process.running import Running, running, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX here")


class Sender:
    """A burst that outlives the gateway: `to` is whoever serves now."""

    def __init__(self) -> None:
        self.to: Running | None = None
        self.acknowledged: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _send(self) -> None:
        number = 0
        while not self._stop.is_set():
            if self._acknowledged(f"m{number}"):
                number += 1

    def _acknowledged(self, message_id: str) -> bool:
        call = {"type": "track", "event": "Noise", "anonymousId": f"a{message_id[-2:]}", "messageId": message_id}
        try:
            ok = self.to is not None and self.to.post("/v1/track", call)[0] == 200
        except (OSError, HTTPException):  # killed before, or in the middle of, an answer
            ok = False
        if ok:
            self.acknowledged.add(message_id)
        else:
            time.sleep(0.01)
        return ok


def ledger(one: Running) -> dict[str, Any]:
    """The ledger once everything is folded."""

    def look() -> dict[str, Any]:
        found: dict[str, Any] = one.get("/inspect/ledger")
        return found if "requests" in found and not found["requests"]["pending"] else {}

    return until(look, 60)


def test_kill_9_of_either_process_again_and_again_loses_nothing_acknowledged(tmp_path: Path) -> None:
    sender = Sender()
    try:
        for turn in range(4):
            with running(tmp_path) as one:
                sender.to = one
                enough = len(sender.acknowledged) + 60
                until(lambda enough=enough: len(sender.acknowledged) > enough, 60)  # type: ignore[misc]
                os.kill(one.engine if turn % 2 else one.process.pid, signal.SIGKILL)
                if turn % 2:
                    until(lambda enough=enough: len(sender.acknowledged) > enough + 60, 60)  # type: ignore[misc]
                one.process.kill()
                one.process.wait()
    finally:
        sender.stop()
    with running(tmp_path) as one:
        told = ledger(one)
        events = one.get("/inspect/events?limit=1000")
        seen = [event["message_id"] for event in events["events"] if event["status"] != "duplicate"]
        while events["next"] and events["events"]:
            events = one.get(f"/inspect/events?limit=1000&after={events['next']}")
            seen += [event["message_id"] for event in events["events"] if event["status"] != "duplicate"]

    assert told["balanced"]
    assert sender.acknowledged <= set(seen)
    assert len(seen) == len(set(seen))
