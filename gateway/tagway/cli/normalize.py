"""`tagway normalize`: what a body would become, without a gateway. A plugin author's first tool."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import IO, TypeVar

import click

from tagway import catalogue, clock, registry
from tagway.cli.options import as_json, ascii_json, examples, load, located, print_json, read_headers, with_topic
from tagway.config import SourceConfig
from tagway.core.events import Request
from tagway.core.safe import visible
from tagway.hookspecs import Source
from tagway.preview import Json, preview
from tagway.registry import ConfiguredSource, Registry

T = TypeVar("T")


@click.command(
    epilog=examples(
        "tagway normalize order.json --plugin shopify --topic orders/create",
        "cat body.json | tagway normalize - --source reviews --json",
    )
)
@click.argument("file", type=click.File("rb"), metavar="FILE")
@click.option("--plugin", metavar="NAME", help="The plugin that reads it (`tagway plugins` lists them).")
@click.option("--source", "source_name", metavar="NAME", help="Instead: a configured source, with its options.")
@click.option("--topic", metavar="TOPIC", help="The webhook's topic, where the vendor sends it beside the body.")
@click.option("--path", metavar="PATH", help="The path it was sent to (default: the source's first).")
@click.option("--query", default="", metavar="QUERY", help="The query string that it was sent with.")
@click.option("--method", default="POST", metavar="METHOD", help="The method it was sent with.")
@click.option(
    "--header", "headers", multiple=True, callback=read_headers, metavar="K=V", help="A header; may be repeated."
)
@located
@as_json
def normalize(
    file: IO[bytes],
    plugin: str | None,
    source_name: str | None,
    topic: str | None,
    path: str | None,
    query: str,
    method: str,
    headers: dict[str, str],
    config_file: str | None,
    data: str | None,
    as_json: bool,
) -> None:
    """Print what the body in FILE (- is standard input) would become, without a gateway.

    One canonical event a line with --json, as in `tagway events --json` but for what only the store knows.
    Exit code 1 when it would become nothing but dead letters.
    """
    config = load(config_file, data)
    installed = registry.load(config)
    bound = _bound(installed, plugin, source_name)
    if topic is not None:
        headers, query = with_topic(bound.source, topic, headers, query)
    request = Request(
        source=bound.name,
        method=method.upper(),
        path=path or bound.source.routes[0].path.replace("{source}", bound.name),
        query=query,
        headers={name: value for name, value in headers.items() if name in _read(bound.source)},
        body=file.read(),
        received_at=clock.now(),
        options=bound.config.options,
    )
    rows = preview(bound.source, request, catalogue.load(config, installed), config.identity.region)
    for row in rows:
        print_json(row) if as_json else _print(row)
    if rows and all(row["status"] == "dead_letter" for row in rows):
        sys.exit(1)


def _read(source: Source) -> set[str]:
    """The header names that reach a source: what the log keeps."""
    return {*source.headers, source.signature_header, source.topic_header}


def _bound(installed: Registry, plugin: str | None, source_name: str | None) -> ConfiguredSource:
    if source_name is not None and plugin is None:
        return _one_of(installed.sources, source_name, "--source")
    if plugin is None or source_name is not None:
        raise click.UsageError("give one of --plugin and --source")
    source = _one_of(installed.available, plugin, "--plugin")
    configured = [one for one in installed.sources.values() if one.config.plugin == plugin]
    if len(configured) == 1:  # Its spellings and severities are those that hold, and its name is that of a fix.
        return configured[0]
    return ConfiguredSource(name=plugin, source=source.configured({}), config=SourceConfig(plugin=plugin))


def _one_of(known: Mapping[str, T], name: str, option: str) -> T:
    if name not in known:
        raise click.BadParameter(f"{name!r} is none of: {', '.join(sorted(known))}", param_hint=option)
    return known[name]


def _print(row: Json) -> None:
    """One row for a person: what it is, who did it, and what is wrong with it."""
    dead = row["dead_letter"]
    if dead is not None:
        click.echo(
            f"{row['status']:<11}  {visible(dead['message'])}  at {visible(dead['pointer']) or 'the whole body'}"
        )
        return
    who = "  ".join(f"{one['kind']}:{visible(one['value'])}" for one in row["identifiers"])
    click.echo(f"{row['status']:<11}  {row['timestamp']}  {visible(row['name'])}  {who}")
    for name, value in (*row["properties"].items(), *row["traits"].items()):
        click.echo(f"    {visible(name)} = {ascii_json(value)}")
    for fault in row["violations"]:
        where, fix = visible(fault["pointer"]), visible(fault["resolution"])
        click.echo(f"    {fault['severity']} {fault['code']} at {where}: {fix}")
