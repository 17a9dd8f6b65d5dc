"""The gateway as processes: what survives their end, and what they leave behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from http.client import HTTPException
from pathlib import Path

import pytest
from tagway.process.folder import GATEWAY, Lock, is_running
from tagway.testing import InProcess

from tests.process.running import Running, lives, running, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX here")


def track(message_id: str) -> dict[str, str]:
    return {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": message_id}


def burst(one: Running, count: int, acknowledged: list[str]) -> None:
    """Send events until the gateway is gone; those that were answered 200 are noted."""
    for number in range(count):
        try:
            status, _ = one.post("/v1/track", track(f"m{number}"))
        except (OSError, HTTPException):  # killed before, or in the middle of, an answer
            return
        if status == 200:
            acknowledged.append(f"m{number}")


def recorded(one: Running) -> set[str]:
    return {event["message_id"] for event in one.get("/inspect/events?limit=1000")["events"]}


def balanced(one: Running) -> bool:
    ledger = one.get("/inspect/ledger")
    return bool(ledger.get("balanced") and ledger["requests"]["pending"] == 0)


def test_what_was_acknowledged_survives_kill_9_of_the_web_process(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with running(tmp_path) as one:
        sender = threading.Thread(target=burst, args=(one, 5_000, acknowledged))
        sender.start()
        until(lambda: len(acknowledged) > 100)
        engine = one.engine
        one.process.kill()
        one.process.wait()
        sender.join()
        until(lambda: not lives(engine))
    with running(tmp_path) as one:
        until(lambda: balanced(one))
        assert set(acknowledged) <= recorded(one)


def test_an_engine_that_is_killed_comes_back_and_loses_nothing(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with running(tmp_path) as one:
        sender = threading.Thread(target=burst, args=(one, 300, acknowledged))
        sender.start()
        until(lambda: len(acknowledged) > 50)
        first = one.engine
        os.kill(first, signal.SIGKILL)
        sender.join()
        assert until(lambda: one.told()["engine"]["pid"] not in (first, None))
        until(lambda: balanced(one))
        assert len(acknowledged) == 300
        assert set(acknowledged) == recorded(one)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_ending_the_gateway_drains_it_and_leaves_no_process_and_no_port(tmp_path: Path, number: int) -> None:
    with running(tmp_path) as one:
        engine = one.engine
        for place in range(20):
            one.post("/v1/track", track(f"m{place}"))
        assert one.end(number) == 0
        assert not lives(engine)
        with pytest.raises(OSError, match="refused"):
            one.post("/v1/track", track("m21"))
    with running(tmp_path) as again:
        assert len(recorded(again)) == 20


def test_a_second_gateway_on_the_folder_is_told_who_holds_it(tmp_path: Path) -> None:
    with running(tmp_path) as one:
        second = subprocess.run(
            [sys.executable, "-m", "tagway", "serve", "--data", str(one.data), "--port", "0"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            timeout=120,
        )
        assert second.returncode == 1
        assert str(one.process.pid) in second.stderr
        assert one.url in second.stderr


def test_the_data_folder_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    with running(tmp_path) as one:
        one.post("/v1/track", track("m1"))
        assert one.engine
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in one.data.iterdir()}
        assert stat.S_IMODE(one.data.stat().st_mode) == 0o700
        assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
        assert (one.data / ".gitignore").read_text() == "*\n"


def test_without_a_configuration_only_loopback_is_listened_at(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "tagway", "serve", "--data", str(tmp_path / "d"), "--host", "0.0.0.0", "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
    )
    assert (refused.returncode, "loopback" in refused.stderr) == (1, True)


def refused_start(folder: Path) -> str:
    """What a gateway says that does not start."""
    command = [sys.executable, "-m", "tagway", "serve", "--port", "0", "--data", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=120)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    return line


def test_another_log_than_the_stores_is_not_gone_on_with(tmp_path: Path) -> None:
    with InProcess(tmp_path / "data") as gateway:
        gateway.send("segment", b'{"type": "track", "event": "Seen", "anonymousId": "a1"}', path="/v1/track")
    (tmp_path / "data" / "log.db").unlink()
    assert "the store is folded up to row 1, but the log ends at row 0" in refused_start(tmp_path / "data")
    (tmp_path / "data" / "store.db").unlink()
    with running(tmp_path) as one:
        assert until(lambda: balanced(one))


def test_a_folder_that_no_lock_can_be_in_stops_start_up_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "gateway.lock").mkdir()
    assert "no data can be kept here: Is a directory; name another folder with --data" in refused_start(tmp_path)


def test_looking_whether_a_gateway_runs_leaves_nothing_behind(tmp_path: Path) -> None:
    assert not is_running(tmp_path / "nowhere")
    assert not is_running(tmp_path)
    lock = Lock(tmp_path, GATEWAY)
    assert lock.take()
    assert is_running(tmp_path)
    lock.release()
    assert not is_running(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", "gateway.lock"]


def test_a_log_that_is_none_stops_start_up_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"nothing of the kind" * 1_000)
    assert "the log cannot be opened: file is not a database" in refused_start(tmp_path)


def test_a_store_that_is_lost_is_folded_again_from_the_log(tmp_path: Path) -> None:
    with InProcess(tmp_path / "data") as gateway:
        gateway.send("segment", b'{"type": "track", "event": "Seen", "anonymousId": "a1"}', path="/v1/track")
        before = gateway.feed.events()
    (tmp_path / "data" / "store.db").unlink()
    with running(tmp_path) as one:
        assert until(lambda: balanced(one))
        assert one.get("/inspect/events")["events"] == before
