"""A supervised child: whatever ends it, or keeps it from starting, it is there again once it can be."""

from __future__ import annotations

from pathlib import Path

import pytest
from tagway.process import child as module
from tagway.process.child import Child

from tests.process.running import until


def test_a_child_that_cannot_be_started_is_tried_until_it_can(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = tmp_path / "child.log"
    log.mkdir()  # nothing can be written there
    child = Child("json.tool", [], log)
    try:
        until(lambda: child.last_exit)
        assert child.pid is None
        log.rmdir()
        until(lambda: child.pid)
    finally:
        child.stop()
    assert child.last_exit is not None
    assert "json.tool cannot be started: " in caplog.text


def test_a_child_that_is_stopped_before_its_restart_says_nothing_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKOFF", (600.0,))
    child = Child("no_such_module", [], tmp_path / "child.log")
    until(lambda: child.last_exit)
    child.stop()
    assert (child.last_exit, child.restarts, caplog.text) == (1, 0, "")
