"""Fixtures of the screen's tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Read by Textual when it is imported: nothing moves by itself in a test.
os.environ["TEXTUAL_ANIMATIONS"] = "none"

from tagway.testing import InProcess


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[InProcess]:
    """A gateway in this process, on an empty folder."""
    with InProcess(tmp_path / "data") as one:
        yield one


@pytest.fixture
def folder(gateway: InProcess, tmp_path: Path) -> Path:
    """The folder of that gateway."""
    del gateway
    return tmp_path / "data"
