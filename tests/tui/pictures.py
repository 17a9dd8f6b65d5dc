"""`make pictures`: fill a folder by the demo, photograph the screen, and write the table of keys into its README."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import tagway_tui
from tagway_tui import keymap
from tagway_tui.app import Options, TagwayApp
from tagway_tui.presence import Presence

_ROOT = Path(tagway_tui.__file__).parents[1]
README = _ROOT / "README.md"
_PICTURES = _ROOT / "pictures"
_KEYS = re.compile(r"(<!-- keys -->\n).*?(<!-- end of keys -->)", re.DOTALL)
# Textual links a web font; a picture must not load anything.
_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
# name, size, keys, seconds to wait after the last key
_SHOTS = (
    ("live", (140, 34), ("g", *"jjjjjj", "right_square_bracket"), 0.8),
    ("live-narrow", (80, 24), (), 0.4),
    ("why", (100, 30), ("g", "e", "w"), 0.6),
    ("person", (120, 30), ("3", "down", "down", "down", "down", "up", "up", "up", "up", "enter"), 2.0),
    ("violations", (100, 28), ("4",), 1.5),
    ("carts", (100, 26), ("5",), 1.5),
)


def with_keys(readme: str) -> str:
    """The README with today's table of keys."""
    return _KEYS.sub(lambda match: match[1] + keymap.markdown() + match[2], readme)


def photograph(folder: Path) -> None:
    """Write a picture of each shot."""
    _PICTURES.mkdir(exist_ok=True)
    for name, size, keys, seconds in _SHOTS:
        svg = asyncio.run(_shot(folder, size, keys, seconds))
        (_PICTURES / f"{name}.svg").write_text(_FONT.sub("", svg), encoding="utf-8")


async def _shot(folder: Path, size: tuple[int, int], keys: tuple[str, ...], seconds: float) -> str:
    app = TagwayApp(Options(folder=folder), look=lambda _: Presence(gateway=True, engine=True))
    async with app.run_test(size=size) as pilot:
        await pilot.pause(1.0)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.3)
        await pilot.pause(seconds)
        return app.export_screenshot(title="tagway tui")


def main() -> None:
    """Fill, photograph, write."""
    with tempfile.TemporaryDirectory(prefix="tagway-pictures-") as folder:
        demo = [sys.executable, "-m", "tagway", "demo", "--no-tui", "--fast", "--data", f"{folder}/demo"]
        subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)
        photograph(Path(folder) / "demo" / "data")
    README.write_text(with_keys(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
