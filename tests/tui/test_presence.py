"""Who runs on a folder, without taking a lock to find out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tagway.process.folder import tell
from tagway_tui.presence import presence


def test_a_folder_that_nobody_told_of_is_disconnected(tmp_path: Path) -> None:
    assert not presence(tmp_path).gateway


def test_a_running_gateway_and_engine_are_well(tmp_path: Path) -> None:
    tell(tmp_path, {"pid": os.getpid(), "url": "http://127.0.0.1:1", "engine": {"pid": os.getpid()}})
    assert presence(tmp_path).well
    assert presence(tmp_path).url == "http://127.0.0.1:1"


def test_an_engine_that_is_down_is_told_apart_from_a_gateway_that_is(tmp_path: Path) -> None:
    tell(tmp_path, {"pid": os.getpid(), "url": "", "engine": {"pid": None}})
    assert (presence(tmp_path).gateway, presence(tmp_path).engine) == (True, False)


def test_a_process_that_was_killed_is_gone_at_once_even_before_it_is_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        tell(tmp_path, {"pid": process.pid, "url": "", "engine": {"pid": process.pid}})
        assert presence(tmp_path).well
        process.kill()
        # Not waited for: on Linux it is a zombie now.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not presence(tmp_path).gateway


def test_looking_never_keeps_a_gateway_from_starting(tmp_path: Path) -> None:
    presence(tmp_path)
    assert not list(tmp_path.iterdir())
