"""The lines that nobody crosses: who imports whom, what start-up costs, how long a file may get."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tagway

ROOT = Path(__file__).parent.parent
ROOMS = ("gateway", "plugins", "schemas", "tui", "tests")
CODE = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

PUBLIC = {
    "Access", "ConfigError", "DeadLetter", "Event", "Example", "Identifier", "PayloadError", "Proof", "RefusedError",
    "Request", "Route", "Source", "body", "captures", "forms", "hookimpl", "mapping", "moments", "money", "quiz",
    "signatures",
}  # fmt: skip


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after some code, without those it starts with."""
    program = f"import sys; before = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_import_contracts_are_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_public_api_is_exactly_these_names() -> None:
    assert set(tagway.__all__) == PUBLIC
    assert all(getattr(tagway, name) is not None for name in PUBLIC)


def test_importing_tagway_loads_nothing_of_it() -> None:
    assert {name for name in modules_after("import tagway") if name.startswith("tagway")} == {"tagway"}


def test_help_imports_click_and_the_table_of_commands_and_nothing_else() -> None:
    code = "import contextlib\nfrom tagway.cli import tagway\n"
    code += "with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit): tagway(['--help'])"
    loaded = {name for name in modules_after(code) if name.split(".")[0] not in sys.stdlib_module_names}

    ours = {name for name in loaded if name.startswith("tagway")}
    assert ours == {"tagway", "tagway.cli", "tagway.errors"}
    assert {name.split(".")[0] for name in loaded} == {"tagway", "click"}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_a_person_reads(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc", "manager", "base", "shared"}

    assert [path for path in CODE if path.stem in drawers or drawers & set(path.relative_to(ROOT).parts)] == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in CODE if path.is_relative_to(ROOT / "tests")}

    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_the_gateway_names_no_bundled_plugin_package() -> None:
    mine = [path for path in CODE if path.is_relative_to(ROOT / "gateway")]

    assert [path for path in mine if "tagway_plugins" in path.read_text(encoding="utf-8")] == []
