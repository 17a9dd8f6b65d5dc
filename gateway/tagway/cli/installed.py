"""`tagway plugins` and `tagway sources`: what is installed and configured, and from where."""

from __future__ import annotations

import click

from tagway import registry
from tagway.cli.options import as_json, load, located, print_json


@click.command()
@located
@as_json
def plugins(config_file: str | None, data: str | None, as_json: bool) -> None:
    """Print what is installed: each plugin, its sources, its file and distribution."""
    for plugin in registry.load(load(config_file, data)).plugins:
        row = {
            "name": plugin.name,
            "sources": list(plugin.sources),
            "file": plugin.file,
            "distribution": plugin.distribution,
        }
        if as_json:
            print_json(row)
        else:
            click.echo(f"{plugin.name:<16} {', '.join(plugin.sources):<24} {plugin.distribution:<20} {plugin.file}")


@click.command()
@located
@as_json
def sources(config_file: str | None, data: str | None, as_json: bool) -> None:
    """Print the configured sources and what each has sent."""
    config = load(config_file, data)
    for name, bound in registry.load(config).sources.items():
        row = {"name": name, "plugin": bound.source.name, "open": bound.open}
        if as_json:
            print_json(row)
        else:
            click.echo(f"{name:<16} {bound.source.name:<16} {'open' if bound.open else 'keyed'}")
