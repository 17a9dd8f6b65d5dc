"""What is shipped: the wheel holds exactly the four source roots, data files included, and works when installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import tagway

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway/tagway", "plugins/tagway_plugins", "schemas/tagway_schemas", "tui/tagway_tui")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the backend itself: no isolated environment, so no network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked away from the checkout, as an installer lays it out."""
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def sources() -> set[str]:
    """Every file of the four packages, as the wheel names it."""
    return {
        path.relative_to((ROOT / package).parent).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_four_packages_file_by_file_and_nothing_else(wheel: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())

    info = f"tagway-{tagway.__version__}.dist-info"
    about = {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")}
    assert shipped - about == sources()
    assert about <= shipped


def test_only_code_and_known_kinds_of_data_are_shipped() -> None:
    assert {Path(name).suffix or Path(name).name for name in sources()} <= {
        ".py",
        ".json",
        ".tcss",
        ".gitkeep",
        ".html",
        ".js",
        ".typed",
    }


def test_typed_marker_is_shipped(wheel: Path) -> None:
    assert "tagway/py.typed" in zipfile.ZipFile(wheel).namelist()


def test_an_installed_wheel_finds_its_plugins_in_itself(installed: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from tagway.cli import main; main()", "plugins", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)

    assert str(installed / "tagway_plugins" / "typeform.py") in done.stdout


def test_the_versions_of_code_and_distribution_agree() -> None:
    assert metadata.version("tagway") == tagway.__version__
