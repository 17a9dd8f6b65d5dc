"""`tagway twins`: the web's and the server's copy of each fact, which of them goes out, and what they disagree on."""

from __future__ import annotations

from typing import Any

import click

from tagway.cli.options import as_json, ascii_json, load, located, print_json
from tagway.core.safe import visible
from tagway.core.wording import counted
from tagway.store.feed import Feed


@click.command()
@located
@as_json
def twins(config_file: str | None, data: str | None, as_json: bool) -> None:
    """Print every pair of a web and a server copy, oldest first; one pair a line with --json."""
    with Feed(load(config_file, data).data) as feed:
        pairs = feed.twins()
    for pair in pairs:
        if as_json:
            print_json(pair)
        else:
            _show(pair)
    if not as_json:
        unlike = sum(1 for pair in pairs if pair["differences"])
        click.echo(f"{counted(len(pairs), 'pair')}, {unlike} with differences")


def _show(pair: dict[str, Any]) -> None:
    click.echo(f"{pair['event']:<24} {visible(pair['key'])}  delivered: {pair['delivered']}")
    for one in pair["differences"]:
        web, server = (visible(ascii_json(one[side])) for side in ("web", "server"))
        click.echo(f"    {one['kind']:<10} {visible(one['pointer']):<36} web {web}  server {server}")
