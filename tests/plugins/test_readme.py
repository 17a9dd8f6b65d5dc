"""`plugins/README.md` is followed to the letter: an author who copies it ends with an installed, tested plugin."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Final

import pytest
from tagway import registry
from tagway.config import Config

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
# A block, and the name of the file that it is, where a line of its own names one before it.
BLOCK: Final = re.compile(
    r"(?:^`(?P<file>[\w./-]+)`\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
# Packages come from this environment instead of an index, so that the test needs no network.
OFFLINE: Final = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def run(command: str, folder: Path) -> str:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }
    environment |= {**OFFLINE, "TAGWAY": str(ROOT)}
    done = subprocess.run(
        ["sh", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_readme_leads_to_an_installed_and_tested_plugin(tmp_path: Path) -> None:
    said: list[str] = []
    for block in BLOCK.finditer(README):
        if block["file"]:
            file = tmp_path / block["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["text"], encoding="utf-8")
            continue
        assert block["kind"] == "sh", f"a block that is neither a file nor a command: {block['text']}"
        for command in block["text"].splitlines():
            said.append(run(command, tmp_path))
            if command.endswith("-m venv .venv"):
                (site,) = (tmp_path / ".venv" / "lib").glob("python*/site-packages")
                (site / "outside.pth").write_text(sysconfig.get_path("purelib"))

    printed = "\n".join(said)
    assert re.search(r"wheelwin .*tagway-wheelwin 0\.1\.0", printed)
    assert "SMS Captured" in printed
    assert re.search(r"\b1[0-9] passed", printed)
    assert re.search(r"^wheel\b.*\bwheelwin\b", printed, re.MULTILINE)
    assert (tmp_path / "cases" / "spin.out.json").is_file()


def test_the_table_of_vendors_names_every_bundled_plugin() -> None:
    table = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    assert table == sorted(registry.load(Config()).available)
