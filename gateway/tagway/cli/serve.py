"""`tagway serve`: the gateway alone, in the foreground."""

from __future__ import annotations

import click

from tagway import config as configuration
from tagway.cli.options import addressed, examples, load, located


@click.command(epilog=examples("tagway serve", "tagway serve --data /var/lib/tagway --port 8787"))
@located
@addressed
@click.option("--parent", is_flag=True, hidden=True, help="End when standard input ends.")
def serve(config_file: str | None, data: str | None, host: str | None, port: int | None, parent: bool) -> None:
    """Take events in until ctrl-C: what arrived is on disk before it is answered."""
    from tagway.process.gateway import Gateway
    from tagway.process.logs import to_stderr

    config = configuration.with_gateway(load(config_file, data, with_secrets=True), host=host, port=port)
    to_stderr()
    gateway = Gateway(config)
    gateway.run(parent=parent, started=lambda url: click.echo(f"tagway listens at {url}, data in {config.data}"))
