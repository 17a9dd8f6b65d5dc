"""A full disk: senders are told to come again, nothing acknowledged is lost, and all goes on when there is room."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.process.running import Running, running, until

if sys.platform != "linux":
    pytest.skip("only Linux lets another process's file size be limited", allow_module_level=True)

import resource

_ROOM = 3_000_000


def limit(one: Running, size: int) -> None:
    """Let no file of the gateway's processes grow beyond `size`: what a full disk is to whoever writes."""
    for pid in (one.process.pid, one.engine):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def post(one: Running, number: int) -> tuple[int, dict[str, str]]:
    # Random enough that compression does not make room.
    text = "".join(f"{number * 7_919 + place * 104_729:x}" for place in range(400))
    call = {"type": "track", "event": "Noise", "anonymousId": "a", "messageId": f"m{number}", "context": {"text": text}}
    return one.post("/v1/track", call)


def drained(one: Running) -> dict[str, Any]:
    """The ledger once the engine has started and everything is folded."""

    def look() -> dict[str, Any]:
        found: dict[str, Any] = one.get("/inspect/ledger")
        return found if "requests" in found and not found["requests"]["pending"] else {}

    return until(look)


def test_a_full_disk_answers_503_and_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    refused: list[tuple[int, str]] = []
    with running(tmp_path) as one:
        limit(one, _ROOM)
        for number in range(3_000):
            status, answer = post(one, number)
            if status == 200:
                acknowledged.append(number)
            else:
                refused.append((status, answer["code"]))
            if len(refused) == 20:
                break
        assert acknowledged
        assert set(refused) == {(503, "log_unwritable")}

        limit(one, resource.RLIM_INFINITY)
        assert until(lambda: post(one, 9_999)[0] == 200)
        ledger = drained(one)
        assert ledger["balanced"]
        assert ledger["items"]["accepted"] + ledger["items"]["violating"] == len(acknowledged) + 1


def test_what_was_acknowledged_before_a_full_disk_is_there_after_a_crash_on_it(tmp_path: Path) -> None:
    acknowledged = 0
    with running(tmp_path) as one:
        limit(one, _ROOM)
        while post(one, acknowledged)[0] == 200:
            acknowledged += 1
        one.process.kill()
        one.process.wait()
    with running(tmp_path) as one:
        ledger = drained(one)
        assert ledger["balanced"]
        assert ledger["items"]["normalized"] == acknowledged
