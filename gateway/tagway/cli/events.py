"""`tagway events`: query what was recorded."""

from __future__ import annotations

import click

from tagway.cli.options import as_json, load, located, print_json
from tagway.store.feed import Feed


@click.command()
@located
@as_json
@click.option("--after", default=0, metavar="SEQ", help="Only events after this sequence number.")
@click.option("--limit", default=1_000_000, help="At most so many.")
def events(config_file: str | None, data: str | None, as_json: bool, after: int, limit: int) -> None:
    """Query recorded events, oldest first; one JSON object a line with --json."""
    feed = Feed(load(config_file, data).data)
    for event in feed.events(after=after, limit=limit):
        if as_json:
            print_json(event)
        else:
            click.echo(f"{event['seq']:>8}  {event['timestamp']}  {event['status']:<11}  {event['name']}")
