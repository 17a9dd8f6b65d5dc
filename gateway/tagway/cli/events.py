"""`tagway events`: query what was recorded."""

from __future__ import annotations

import click

from tagway import clock
from tagway.cli.options import NUMBER, as_json, examples, load, located, named, print_json
from tagway.core.query import QueryError
from tagway.store.feed import Feed


@click.command(
    epilog=examples(
        """tagway events --filter 'src:web event:"Added to Cart" age<1h'""",
        "tagway events --filter status:violating --json",
        "tagway events --after 1200 --limit 100",
    )
)
@located
@as_json
@click.option("--after", default=0, type=NUMBER, metavar="SEQ", help="Only events after this sequence number.")
@click.option("--limit", default=1_000_000, type=NUMBER, metavar="N", help="At most so many.")
@click.option("--filter", "matching", default="", metavar="FILTER", help="Only events that the screen's filter finds.")
def events(config_file: str | None, data: str | None, as_json: bool, after: int, limit: int, matching: str) -> None:
    """Query recorded events, oldest first; one JSON object a line with --json.

    A filter's terms are joined by "and"; `-` before one negates it. Terms: src: event: raw: status: side: type:
    rule: who: profile: cart: id: schema: age<5m seq>100, the name of any property with : ~ < > or =, the flags
    reachable verified test anonymous known, a bare word, /a regular expression/.
    """
    try:
        with Feed(load(config_file, data).data) as feed:
            found = feed.events(after=after, limit=limit, matching=matching, now=clock.now())
    except QueryError as fault:
        raise click.BadParameter(
            f"{fault.message} (at character {fault.position + 1})", param_hint="--filter"
        ) from None
    for event in found:
        if as_json:
            print_json(event)
        else:
            click.echo(f"{event['seq']:>8}  {event['timestamp']}  {event['status']:<11}  {named(event)}")
