"""`tagway init`: a first configuration, with fresh keys."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from tagway import registry
from tagway.cli.options import examples
from tagway.config import DEFAULT_FILE, Config
from tagway.errors import TagwayError
from tagway.hookspecs import Source

# The name in the configuration and the plugin of the sources that most stores begin with.
_FIRST: Final = (("web", "segment"), ("tags", "gtm"), ("pixel", "shopify_pixel"))
_HEAD: Final = """\
# Tagway's configuration. `env:NAME` reads an environment variable; `tagway check` says what would run.
# Whoever reads this file can send events: keep it out of public repositories.

[gateway]
host = "127.0.0.1"
port = 8787
data = "./tagway-data"
# inspect_token = "env:TAGWAY_INSPECT_TOKEN"    # made at first start when absent
# public_url = "env:TAGWAY_PUBLIC_URL"          # the tunnel or domain that your store reaches this gateway at
"""


@click.command(epilog=examples("tagway init", "tagway init --config shop.toml"))
@click.option("--config", "config_file", default=DEFAULT_FILE, metavar="FILE", help="The file to write.")
def init(config_file: str) -> None:
    """Write a configuration with fresh keys; an existing file is never touched."""
    path = Path(config_file)
    text = document(registry.load(Config()).available)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise TagwayError(f"{path} exists already; `tagway check` says what it does") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"wrote {path}; `tagway up` runs it, `tagway snippet html --source web` prints what to paste")


def document(available: Mapping[str, Source]) -> str:
    """The text of a first configuration for the installed plugins."""
    first = [(name, plugin) for name, plugin in _FIRST if plugin in available]
    listed = {plugin for _, plugin in first} | set(registry.NEEDS_SETTINGS)
    others = [(name, name) for name in sorted(available) if name not in listed]
    active = (_table(name, available[plugin]) for name, plugin in first)
    offered = (_commented(_table(name, available[plugin])) for name, plugin in others)
    return "\n".join([_HEAD, *active, "# Further sources: take away the `# ` of what you need.\n", *offered])


def _table(name: str, source: Source) -> str:
    head = f'[sources.{name}]\nplugin = "{source.name}"\n'
    if source.kind == "collect":
        return f'{head}write_keys = ["{secrets.token_urlsafe(18)}"]\n'
    if source.signature_header:
        return f'{head}secrets = ["env:{name.upper()}_SECRET"]\n'
    return f'{head}path_token = "{secrets.token_urlsafe(18)}"\n'


def _commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines())
