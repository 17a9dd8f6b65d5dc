"""`tagway up`: the gateway and its screen. On a folder where a gateway runs already, only the screen."""

from __future__ import annotations

import sys

import click

from tagway import catalogue, registry
from tagway import config as configuration
from tagway.cli.options import addressed, examples, load, located
from tagway.cli.reach import advice
from tagway.process import launch
from tagway.process.folder import is_running, running


@click.command(epilog=examples("tagway up", "tagway up --config shop.toml --port 0"))
@located
@addressed
def up(config_file: str | None, data: str | None, host: str | None, port: int | None) -> None:
    """Start the gateway and watch it live; it ends with the screen."""
    config = configuration.with_gateway(load(config_file, data, with_secrets=True), host=host, port=port)
    catalogue.load(config, registry.load(config))  # what is wrong is said here, before the screen covers it
    if is_running(config.data):
        click.echo(f"a gateway runs here already, at {running(config.data).get('url')}; showing it")
        sys.exit(launch.screen(config))
    with launch.gateway(config) as started:
        click.echo(advice(started.url, config))
        code = launch.screen(config)
    sys.exit(code)
