"""The command line: one small file per command group, each imported only when its command runs.

`tagway --help` must stay quick, so the commands and their one-line helps stand in a table here and no command
module is imported to list them.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from tagway.errors import TagwayError

# command -> (module in tagway.cli, one-line help)
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "bench": ("bench", "Measure this machine."),
    "carts": ("carts", "The reachability waterfall: why carts cannot be recovered."),
    "check": ("check", "Say what would run, and fail on any fault."),
    "init": ("init", "Write tagway.toml with fresh keys."),
    "up": ("up", "The gateway and its live screen."),
    "redrive": ("redrive", "Quarantined requests again, counted first."),
    "send": ("send", "Sign and send a body as the vendor would."),
    "snippet": ("snippet", "The code to paste: html, gtm, shopify-pixel."),
    "serve": ("serve", "The gateway alone, in the foreground."),
    "demo": ("demo", "A simulated store, its gateway and the screen."),
    "events": ("events", "Query recorded events."),
    "export": ("privacy", "Everything about one person, as JSON."),
    "forget": ("privacy", "Erase a person from every file, for ever."),
    "merges": ("merges", "Decisions about identities, duplicates, the review list."),
    "replay": ("replay", "What today's plugins and rules make of the log."),
    "unmerge": ("merges", "Undo what joined two identifiers."),
    "why": ("explain", "What joins two identifiers, or keeps them apart."),
    "explain": ("explain", "A profile and the evidence of each alias."),
    "normalize": ("normalize", "What a body would become, without a gateway."),
    "plugins": ("installed", "What is installed, from which file and distribution."),
    "taxonomy": ("taxonomy", "The event catalogue: print, check, compare versions, declare spellings."),
    "twins": ("twins", "Web and server copies of the same fact, and what they disagree on."),
    "tui": ("tui", "The live screen on a running or old data folder."),
    "sources": ("installed", "The configured sources, and what each has sent."),
}


class Commands(click.Group):
    """A group whose commands are loaded on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All command names, without importing any."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command's module: its attribute of the command's name, dashes as underscores."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tagway.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tagway")
def tagway() -> None:
    """Tagway: what arrived, who did it, and why."""


def main() -> None:
    """Run the command line; what a person can mend is one sentence on standard error, exit code 1."""
    try:
        tagway()
    except TagwayError as error:
        from tagway.core.safe import visible  # what is wrong may be what somebody sent

        message = "\n".join(visible(line) for line in error.message.split("\n"))
        click.echo(f"tagway: {message}", err=True)
        sys.exit(1)
    except OSError as error:  # a file that cannot be read or written, a disk that is full
        click.echo(f"tagway: {error.filename or 'a file'}: {error.strerror or error}", err=True)
        sys.exit(1)
