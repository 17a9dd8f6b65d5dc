"""`tagway check`: what would run, and every fault that can be found without running it."""

from __future__ import annotations

import sys

import click

from tagway import catalogue, registry
from tagway.cli.options import as_json, load, located, print_json
from tagway.registry import ConfiguredSource


@click.command()
@located
@as_json
def check(config_file: str | None, data: str | None, as_json: bool) -> None:
    """Load the configuration and the plugins as `tagway serve` would; exit 1 on any fault."""
    from tagway.web.app import Application

    config = load(config_file, data, with_secrets=True)
    loaded = registry.load(config)
    catalogue.load(config, loaded)
    Application(config, loaded, token="check")  # noqa: S106 - compiles the paths; nobody can reach it
    findings = [finding for bound in loaded.sources.values() for finding in _findings(bound, config.open)]
    if as_json:
        print_json(
            {
                "file": config.file,
                "data": str(config.data),
                "listens": f"{config.gateway.host}:{config.gateway.port}",
                "plugins": [plugin.name for plugin in loaded.plugins],
                "sources": {name: bound.source.name for name, bound in loaded.sources.items()},
                "findings": findings,
            }
        )
    else:
        click.echo(f"configuration  {config.file or 'none: every source is open, on loopback only'}")
        click.echo(f"listens at     {config.gateway.host}:{config.gateway.port}, data in {config.data}")
        for name, bound in loaded.sources.items():
            click.echo(f"source         {name} ({bound.source.name})")
        for finding in findings:
            click.echo(f"finding        {finding}")
    sys.exit(1 if findings else 0)


def _findings(bound: ConfiguredSource, everything_open: bool) -> list[str]:
    if everything_open:
        return []
    name, config = bound.name, bound.config
    found = []
    if bound.open:
        needs = "write_keys" if bound.source.kind == "collect" else "secrets, path_token or allow_ips"
        found.append(f"[sources.{name}] has no {needs}: it takes requests from this machine only")
    if config.write_keys and bound.source.kind == "webhook":
        found.append(f"[sources.{name}] has write_keys, but {bound.source.name!r} is opened by secrets")
    return found
