"""What can be checked of the documentation is checked: commands, configuration, hooks, and the paths it names."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner
from tagway import config
from tagway.cli import COMMANDS, tagway
from tagway.hookspecs import Hooks

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROOMS = ("gateway", "plugins", "schemas", "tui", "tests")
TABLES: dict[str, type[msgspec.Struct]] = {
    "gateway": config.Gateway,
    "sources.NAME": config.SourceConfig,
    "limits": config.Limits,
    "taxonomy": config.Taxonomy,
    "identity": config.Identity,
}


def rows(text: str, columns: int) -> Iterator[tuple[str, ...]]:
    """The rows of the Markdown tables with so many columns."""
    for line in text.splitlines():
        # A `|` in code is written `\\|`, so this split is that of Markdown.
        cells = tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
        if len(cells) == columns:
            yield cells


def keys() -> dict[str, str]:
    """Every key of the configuration, with its default as the documentation writes it."""
    found = {"disabled_plugins": ""}
    for table, struct in TABLES.items():
        for field in msgspec.structs.fields(struct):
            found[f"{table}.{field.name}"] = default(field)
    return found


def default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value: Any = field.default if field.default is not msgspec.NODEFAULT else None
    return f"`{value}`" if value else ""


def test_every_command_is_in_the_readme_with_its_help() -> None:
    documented = {cells[0]: cells[1] for cells in rows(README, 2) if cells[0].startswith("`tagway ")}

    assert documented == {f"`tagway {name}`": text for name, (_, text) in COMMANDS.items()}


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words call, and what is left for it."""
    command: click.Command | None = tagway
    context = click.Context(tagway)
    while isinstance(command, click.Group) and words and (inner := command.get_command(context, words[0])):
        command, words = inner, words[1:]
    assert command is not None
    return command, words


def examples() -> list[str]:
    """The examples that the commands' helps end with."""
    ends = [command_of([name])[0].epilog or "" for name in COMMANDS]
    return [line.strip() for end in ends for line in end.splitlines() if "tagway " in line]


@pytest.mark.parametrize("example", examples())
def test_every_example_of_a_help_can_be_called_like_that(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("order.json", "track.json"):
        Path(name).touch()
    command, words = command_of(shlex.split(example.partition("tagway ")[2]))

    with CliRunner().isolation(), command.make_context(example, words) as context:
        assert context.args == []


def test_every_configuration_key_is_in_the_readme_with_its_default() -> None:
    documented = {cells[0].strip("`"): cells[1] for cells in rows(README, 3) if cells[0].startswith("`")}

    assert documented == keys()


def test_the_tables_of_the_configuration_are_all_documented() -> None:
    tables = {field.name for field in msgspec.structs.fields(config.Config)}

    assert tables - {"file"} == {name.split(".")[0] for name in keys()}


def test_every_hook_is_in_the_plugins_readme_with_its_signature() -> None:
    text = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
    documented = {cells[0].strip("`"): cells[1] for cells in rows(text, 2)}

    for name, hook in inspect.getmembers(Hooks, inspect.isfunction):
        signature = str(inspect.signature(hook)).replace("(self, ", "(").replace("'", "")
        assert documented[f"{name}{signature}"] == inspect.getdoc(hook)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_readme(room: str) -> None:
    assert (ROOT / room / "README.md").is_file()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", *(f"{room}/README.md" for room in ROOMS)])
def test_every_link_leads_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]

    assert [link for link in links if not ((ROOT / document).parent / link).exists()] == []


def test_every_proof_that_the_readme_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/.]*)`", README)

    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_file_that_the_way_of_one_event_names_is_there() -> None:
    text = (ROOT / "gateway" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:\.py|/))`", text)

    assert len(named) > 20
    places = (ROOT / "gateway" / "tagway", ROOT, ROOT / "tests")
    assert [path for path in named if not any((place / path).exists() for place in places)] == []
