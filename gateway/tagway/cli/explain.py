"""`tagway explain`: a profile and the evidence of each alias."""

from __future__ import annotations

import click

from tagway.cli.options import as_json, load, located, print_json
from tagway.errors import TagwayError
from tagway.store.feed import Feed


@click.command()
@click.argument("identifier", metavar="KIND:VALUE")
@located
@as_json
def explain(identifier: str, config_file: str | None, data: str | None, as_json: bool) -> None:
    """Print the profile that KIND:VALUE belongs to, with the evidence of each alias."""
    kind, _, value = identifier.partition(":")
    profile = Feed(load(config_file, data).data).profile(kind, value)
    if profile is None:
        raise TagwayError(f"no event has carried {identifier}")
    if as_json:
        print_json(profile)
        return
    click.echo(f"profile {profile['profile_id']}")
    for alias in profile["aliases"]:
        click.echo(f"  {alias['kind']}:{alias['value']}  {alias['link']['verdict']}  {alias['first_seen']}")
