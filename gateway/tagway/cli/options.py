"""The options that every command shares: `--config`, `--data`, `--json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode

import click

from tagway import config as configuration
from tagway.config import Config
from tagway.core import body
from tagway.core.safe import visible

if TYPE_CHECKING:
    from tagway.hookspecs import Source

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


NUMBER: Final = click.IntRange(0, 2**63 - 1)
"""A count or a place that SQLite can take."""


def located(command: F) -> F:
    """Add `--config` and `--data`; the command gets `config`, with the data folder set."""
    command = click.option("--data", metavar="FOLDER", help="The data folder (default: as configured).")(command)
    return click.option("--config", "config_file", metavar="FILE", help="The configuration (default: tagway.toml).")(
        command
    )


def addressed(command: F) -> F:
    """Add `--host` and `--port`; the command gets `host` and `port`, None where they are as configured."""
    port = click.IntRange(0, 65_535)
    command = click.option("--port", type=port, metavar="PORT", help="The port to listen at; 0 takes a free one.")(
        command
    )
    return click.option("--host", metavar="ADDRESS", help="The address to listen at.")(command)


def examples(*lines: str) -> str:
    """The end of a command's help: how it is called, one example a line."""
    # \b keeps click from filling the lines into a paragraph.
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def load(config_file: str | None, data: str | None, *, with_secrets: bool = False) -> Config:
    """The configuration that the shared options name; `with_secrets` every variable of its sources must be set."""
    return configuration.with_gateway(configuration.load(config_file, to_read=not with_secrets), data=data)


def read_headers(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read `K=V` (or, as it is pasted, `K: V`) into lower-case names."""
    del context, parameter
    headers = {}
    for one in given:
        mark = min((mark for mark in "=:" if mark in one), key=one.index, default="")
        if not mark:
            raise click.BadParameter(f"{one!r} is not of the form NAME=VALUE")
        name, _, value = one.partition(mark)
        headers[name.strip().lower()] = value.strip()
    return headers


def print_json(value: Any) -> None:
    """Print one JSON value on one line, ASCII only: pasted output has no live escape sequences."""
    click.echo(ascii_json(value))


def ascii_json(value: Any) -> str:
    """Compact JSON with everything beyond ASCII escaped; amounts keep their digits."""
    text = body.encode(value).decode()
    return "".join(one if one.isascii() else _escaped(one) for one in text) if not text.isascii() else text


def _escaped(one: str) -> str:
    units = one.encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def named(event: Mapping[str, Any]) -> str:
    """What an event is called in a line: its name, or of a dead letter why it has none."""
    dead = event.get("dead_letter")
    return visible(f"{dead['message']}, at {dead['pointer'] or 'the whole body'}" if dead else event["name"])


def with_topic(source: Source, topic: str, headers: dict[str, str], query: str) -> tuple[dict[str, str], str]:
    """Headers and query with the topic where this vendor sends it; unchanged where the body says it."""
    if source.topic_header:
        return {**headers, source.topic_header: topic}, query
    if source.topic_query:
        return headers, "&".join(filter(None, (query, urlencode({source.topic_query: topic}))))
    click.echo(f"tagway: {source.name} reads its topic from the body; --topic is not used", err=True)
    return headers, query
