"""`tagway up`: the gateway and its screen. On a folder where a gateway runs already, only the screen."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import click

from tagway import config as configuration
from tagway import registry
from tagway.cli.options import load, located
from tagway.cli.reach import advice
from tagway.config import Config
from tagway.errors import TagwayError
from tagway.process.child import Child
from tagway.process.folder import is_running, running

_START: Final = 20.0
_LOG: Final = "gateway.log"


@click.command()
@located
@click.option("--host", help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port to listen at; 0 takes a free one.")
def up(config_file: str | None, data: str | None, host: str | None, port: int | None) -> None:
    """Start the gateway and watch it live; it ends with the screen."""
    config = configuration.with_gateway(load(config_file, data), host=host, port=port)
    registry.load(config)  # what is wrong is said here, before the screen covers it
    if is_running(config.data):
        click.echo(f"a gateway runs here already, at {running(config.data).get('url')}; showing it")
        sys.exit(_screen(config))
    arguments = _arguments(config)
    child = Child("tagway", arguments, config.data / _LOG)
    try:
        click.echo(advice(_started(config.data, child), config))
        code = _screen(config)
    finally:
        child.stop()
    sys.exit(code)


def _arguments(config: Config) -> list[str]:
    gateway = config.gateway
    where = ["--data", gateway.data, "--host", gateway.host, "--port", str(gateway.port)]
    return ["serve", "--parent", *where, *(["--config", config.file] if config.file else [])]


def _started(folder: Path, child: Child) -> str:
    """The URL of the gateway once it listens. Raises `TagwayError` with its own words when it does not."""
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        told = running(folder)
        if told.get("url") and told.get("pid") == child.pid:
            return str(told["url"])
        if child.last_exit:
            break
        time.sleep(0.05)
    log = folder / _LOG
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] if log.exists() else []
    raise TagwayError(f"the gateway did not start: {''.join(last).removeprefix('tagway: ') or 'its log is empty'}")


def _screen(config: Config) -> int:
    arguments = ["--data", config.gateway.data, *(["--config", config.file] if config.file else [])]
    process = subprocess.Popen([sys.executable, "-m", "tagway_tui", *arguments])  # noqa: S603 - our own module
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the screen owns the terminal: it has seen the same ctrl-C
            continue
