"""`tagway tui`: the live screen, started as its own process; the command line never imports Textual."""

from __future__ import annotations

import sys

import click

from tagway.process import screen


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def tui(arguments: tuple[str, ...]) -> None:
    """Watch a running gateway or an old data folder; `tagway tui --help` lists the options."""
    sys.exit(screen.show(arguments))
