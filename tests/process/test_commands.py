"""Commands while a gateway runs: the command line asks it, its engine carries them out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.process.running import Running, running, until

ANA = {"type": "identify", "userId": "canary-77", "messageId": "m1", "traits": {"email": "canary.ana@example.com"}}


def command(gateway: Running, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tagway", *arguments, "--data", str(gateway.data), "--json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def counted(gateway: Running, status: str) -> int:
    return int(gateway.get("/inspect/ledger").get("items", {}).get(status, 0))


def holding(folder: Path, text: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_a_person_is_forgotten_while_the_gateway_runs_and_stays_forgotten(tmp_path: Path) -> None:
    with running(tmp_path) as gateway:
        assert gateway.post("/v1/identify", ANA)[0] == 200
        until(lambda: counted(gateway, "accepted") or counted(gateway, "violating"))
        report = command(gateway, "forget", "email:canary.ana@example.com", "--yes")
        assert report["events"] == 1
        assert not holding(gateway.data, "canary")
        assert gateway.post("/v1/identify", {**ANA, "messageId": "m2"})[0] == 200
        until(lambda: counted(gateway, "erased") == 2)
        until(lambda: not holding(gateway.data, "canary"))
        assert gateway.get("/inspect/ledger")["balanced"]
        gateway.end()
    assert not holding(gateway.data, "canary")
