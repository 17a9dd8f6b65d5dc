"""Keys: each once, remappable, and none that a terminal takes for itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tagway.errors import ConfigError
from tagway_tui import keymap

from tests.tui import pictures

_NEVER = {"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+b", "ctrl+a", "ctrl+s", "ctrl+z"}


def test_every_key_has_an_id_of_its_own() -> None:
    ids = [f"{key.place}.{key.id}" for key in keymap.KEYS]
    assert len(ids) == len(set(ids))


def test_no_key_that_a_terminal_needs_is_bound() -> None:
    keys = {one for key in keymap.KEYS for one in key.keys.split(",")}
    assert not keys & _NEVER
    assert not [key for key in keys if key.startswith("alt+")]


@pytest.mark.parametrize("place", ["live", "merges", "people", "person", "violations", "carts", "session"])
def test_no_place_binds_a_key_twice(place: str) -> None:
    keys = [one for key in keymap.KEYS if key.place in (place, "app") for one in key.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_settings_give_keys_and_theme(tmp_path: Path) -> None:
    file = tmp_path / "screen.toml"
    file.write_text('theme = "nord"\n[keys]\n"live.pause" = "z"\n')
    assert keymap.settings(file) == keymap.Settings(keys={"live.pause": "z"}, theme="nord")


@pytest.mark.parametrize(
    "text", ["[keys]\nnonsense = 'z'", "colour = 1", "[keys]\n'live.pause' = 3", "keys = 3", "x ="]
)
def test_settings_that_cannot_be_used_name_the_file_and_the_key(tmp_path: Path, text: str) -> None:
    file = tmp_path / "screen.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"screen\.toml"):
        keymap.settings(file)


def test_without_a_file_nothing_is_changed(tmp_path: Path) -> None:
    assert keymap.settings(tmp_path / "none.toml") == keymap.Settings(keys={})


def test_the_readme_lists_the_keys_of_today() -> None:
    text = pictures.README.read_text(encoding="utf-8")
    assert pictures.with_keys(text) == text, "`make pictures` writes the table anew"
    assert keymap.markdown() in text
