"""Lines on standard output: what a pipe or a screen reader gets."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from tagway.errors import TagwayError
from tagway.testing import InProcess
from tagway_tui.plain import follow

from tests.tui.folders import a_journey, send, track


def lines(folder: Path) -> list[str]:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    follow(folder, once=True, out=out)
    out.seek(0)
    return out.read().splitlines()


def test_every_outcome_is_a_word(gateway: InProcess, folder: Path) -> None:
    a_journey(gateway)
    words = [line.split("  ")[1] for line in lines(folder)]
    assert words[2:] == ["joined", words[3], "dup", "dead", "refused"]


def test_an_anonymous_event_shows_the_person_once_known(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("Product Viewed"))
    assert "anonymous anon-1" in lines(folder)[0]
    a_journey(gateway)
    assert "known later ana@ex…" in lines(folder)[0]


def test_more_rows_than_a_chunk_are_all_printed_in_order(gateway: InProcess, folder: Path) -> None:
    for place in range(12):
        send(gateway, *(track(f"Probe {place * 100 + one}") for one in range(100)))
    names = [line.split("  ")[2] for line in lines(folder)]
    assert names == [f"Probe {one}" for one in range(1_200)]


def test_once_on_an_empty_folder_says_that_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(TagwayError):
        follow(tmp_path, once=True)


def test_a_hostile_event_leaves_no_escape_sequence_in_a_pipe(gateway: InProcess, folder: Path) -> None:
    send(gateway, track("\x1b]0;x\x07\x1b[2J\x9b2J\u202e", "\x1b[31m", sku="\x1b]52;c;UFdORUQ=\x07"))
    done = subprocess.run(
        [sys.executable, "-m", "tagway_tui", "--data", str(folder), "--plain", "--once"],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "utf-8", "PATH": ""},
    )
    text = done.stdout.decode()
    assert text.strip()
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
