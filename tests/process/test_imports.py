"""What the gateway's processes load: the screen's toolkit and the oracle of tests are not among it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.process.running import until


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules that `tagway serve` and its engine import, from start to a folded event and the end."""
    folder = tmp_path_factory.mktemp("serve")
    # Python writes what it imports to standard error: the child's goes to its log.
    environment = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    command = [sys.executable, "-m", "tagway", "serve", "--data", str(folder), "--port", "0"]
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(command, stderr=errors, stdout=subprocess.DEVNULL, cwd=folder, env=environment)
        try:
            until(lambda: (folder / "store.db").exists() and (folder / "gateway.json").exists(), 60)
        finally:
            process.terminate()
            process.wait(30)
    logs = [folder / "stderr", *folder.glob("engine.log*")]
    text = "\n".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)
    return set(re.findall(r"^import time:.*\| +([\w.]+)$", text, re.MULTILINE))


def test_both_processes_were_seen(imported: set[str]) -> None:
    assert {"tagway.web.app", "tagway.engine", "uvicorn"} <= imported


def test_serving_never_loads_the_screen(imported: set[str]) -> None:
    assert {name for name in imported if name.split(".")[0] in ("textual", "rich", "tagway_tui")} == set()


def test_serving_never_loads_what_only_commands_need(imported: set[str]) -> None:
    assert {name for name in imported if name.startswith(("tagway.bench", "tagway.demo", "tagway.testing"))} == set()
