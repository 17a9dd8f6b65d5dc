"""`tagway demo`: a gateway, the screen and a simulated store, on a data folder of their own."""

from __future__ import annotations

import secrets
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from tagway import clock, registry
from tagway import config as configuration
from tagway.cli.options import examples
from tagway.demo.account import Witness, claims
from tagway.demo.script import Scene, scenes
from tagway.demo.traffic import SOURCES, Store
from tagway.errors import TagwayError
from tagway.process import launch
from tagway.process.folder import is_running

_FOLDER: Final = "tagway-demo"
_MARK: Final = "# Written by `tagway demo`, which empties this folder at each start.\n"


@click.command(epilog=examples("tagway demo", "tagway demo --no-tui --fast"))
@click.option("--data", default=_FOLDER, metavar="FOLDER", help="The demo's own folder, emptied at start.")
@click.option(
    "--no-tui", is_flag=True, help="Print lines instead of the screen; so does an output that is no terminal."
)
@click.option("--fast", is_flag=True, help="Do not wait between the scenes.")
def demo(data: str, no_tui: bool, fast: bool) -> None:
    """Watch a simulated store: shoppers browse, fill carts, give an email in a popup, and buy."""
    folder = Path(data)
    config = _prepared(folder)
    with launch.gateway(config) as started:
        store = Store(registry.load(config), started.url)
        if no_tui or not (sys.stdout.isatty() and sys.stdin.isatty()):
            held = _told(store, config, fast)
        else:
            held = _shown(store, config, fast)
        store.close()
    sys.exit(0 if held else 1)


def _prepared(folder: Path) -> configuration.Config:
    """An empty folder with a configuration of its own. Raises `TagwayError` rather than empty a foreign one."""
    file = folder / "tagway.toml"
    if folder.exists() and any(folder.iterdir()):
        if not (file.is_file() and file.read_text(encoding="utf-8", errors="replace").startswith(_MARK)):
            raise TagwayError(f"{folder} is not a folder of the demo's, so it is left alone; name another with --data")
        if is_running(folder / "data"):
            raise TagwayError(f"a demo runs in {folder} already; end it, or name another folder with --data")
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(_MARK + _toml(folder / "data"), encoding="utf-8")
    return configuration.load(file)


def _toml(data: Path) -> str:
    """A configuration with fresh keys, as `tagway init` would write one."""
    lines = ["[gateway]", "port = 0", f"data = {_quoted(str(data))}"]
    for name, plugin in SOURCES.items():
        what = "secrets" if name == "shopify" else "write_keys"
        lines += [f"[sources.{name}]", f'plugin = "{plugin}"', f'{what} = ["{secrets.token_hex(16)}"]']
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _told(store: Store, config: configuration.Config, fast: bool) -> bool:
    """The script as lines: what the store does, and under it what the gateway made of it."""
    witness = Witness(launch.readable(config.data))
    right = True
    for sent, scene in enumerate(_paced(fast, threading.Event()), 1):
        status = store.send(scene, clock.now())
        right = right and status == scene.status
        click.echo(f"{scene.at:>5.1f} s  {scene.who:<8} {scene.says}  [{status}]")
        witness.settled(sent)
        for line in witness.news():
            click.echo(f"                    {line}")
    held = _summed(witness, config.data)
    witness.close()
    return held and right


def _shown(store: Store, config: configuration.Config, fast: bool) -> bool:
    """The script behind the screen, which the person ends."""
    stop, finished = threading.Event(), threading.Event()

    def play() -> None:
        sent = [store.send(scene, clock.now()) for scene in _paced(fast, stop)]
        if len(sent) == len(scenes()):
            finished.set()

    thread = threading.Thread(target=play, name="tagway-demo", daemon=True)
    thread.start()
    launch.screen(config)
    stop.set()
    thread.join()
    witness = Witness(launch.readable(config.data))
    # Whoever leaves early has not seen everything, and that is no failure.
    held = not finished.is_set() or _summed(witness, config.data)
    witness.close()
    return held


def _summed(witness: Witness, data: Path) -> bool:
    settled = witness.settled(len(scenes()))
    found = claims(witness.feed)
    click.echo("\nwhat the store holds now:")
    for claim in found:
        click.echo(f"  {'ok ' if claim.holds else 'NOT'} {claim.text}")
    click.echo(f"\nlook further: tagway explain email:ana@example.com --data {data}")
    return settled and all(claim.holds for claim in found)


def _paced(fast: bool, stop: threading.Event) -> Iterator[Scene]:
    """The scenes, each at its time."""
    began = time.monotonic()
    for scene in scenes():
        if not fast and stop.wait(max(0.0, began + scene.at - time.monotonic())):
            return
        if stop.is_set():
            return
        yield scene
