"""`tagway snippet`: the code to paste into a store, pointed at this gateway with a source's key."""

from __future__ import annotations

from typing import Final

import click

from tagway import registry
from tagway.cli.options import examples, load, located
from tagway.config import Config
from tagway.errors import TagwayError
from tagway.registry import ConfiguredSource

# What people call the code -> the plugin that has it; further plugins are called by their own names.
_PLUGINS: Final = {"html": "segment", "gtm": "gtm", "shopify-pixel": "shopify_pixel"}


@click.command(
    epilog=examples("tagway snippet gtm --url https://events.shop.example", "tagway snippet html --source web")
)
@click.argument("name", metavar="NAME")
@located
@click.option("--source", metavar="NAME", help="The source whose key it carries (default: the only one of its plugin).")
@click.option("--url", metavar="URL", help="Where the store reaches this gateway (default: gateway.public_url).")
def snippet(name: str, config_file: str | None, data: str | None, source: str | None, url: str | None) -> None:
    """Print the code to paste: html (any page), gtm (a Custom HTML tag), shopify-pixel (a custom pixel)."""
    config = load(config_file, data, with_secrets=True)
    bound = _source(config, _PLUGINS.get(name, name), source)
    endpoint = (url or config.gateway.public_url).rstrip("/")
    if not endpoint:
        endpoint = f"http://{config.gateway.host}:{config.gateway.port}"
        click.echo(f"no public URL is known, so this sends to {endpoint}: set gateway.public_url or --url", err=True)
    keys = bound.config.write_keys
    text = bound.source.snippet(endpoint, keys[0] if keys else "")
    if not text:
        raise TagwayError(f"{bound.source.name} has no code to paste: its vendor sends by itself")
    click.echo(text)


def _source(config: Config, plugin: str, name: str | None) -> ConfiguredSource:
    sources = registry.load(config).sources
    found = [one for one in sources.values() if one.source.name == plugin and name in (None, one.name)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise TagwayError(
            f"no source of plugin {plugin!r} is configured{f' as {name!r}' if name else ''}; `tagway sources` lists "
            f"what is. What is printed by name: {', '.join(_PLUGINS)}; of other plugins, by theirs"
        )
    raise TagwayError(
        f"several sources have this plugin; name one with --source: {', '.join(one.name for one in found)}"
    )
