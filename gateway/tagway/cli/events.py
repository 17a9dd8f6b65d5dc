"""`tagway events`: query what was recorded."""

from __future__ import annotations

import time

import click

from tagway.cli.options import as_json, load, located, print_json
from tagway.core.query import QueryError
from tagway.store.feed import Feed


@click.command()
@located
@as_json
@click.option("--after", default=0, metavar="SEQ", help="Only events after this sequence number.")
@click.option("--limit", default=1_000_000, help="At most so many.")
@click.option(
    "--filter", "matching", default="", metavar="QUERY", help='As on the screen: src:web event:"Added to Cart".'
)
def events(config_file: str | None, data: str | None, as_json: bool, after: int, limit: int, matching: str) -> None:
    """Query recorded events, oldest first; one JSON object a line with --json."""
    feed = Feed(load(config_file, data).data)
    try:
        found = feed.events(after=after, limit=limit, matching=matching, now=time.time_ns() // 1_000)
    except QueryError as fault:
        raise click.BadParameter(
            f"{fault.message} (at character {fault.position + 1})", param_hint="--filter"
        ) from None
    for event in found:
        if as_json:
            print_json(event)
        else:
            click.echo(f"{event['seq']:>8}  {event['timestamp']}  {event['status']:<11}  {event['name']}")
