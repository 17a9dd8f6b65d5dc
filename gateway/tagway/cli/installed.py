"""`tagway plugins` and `tagway sources`: what is installed and configured, from where, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from tagway import registry
from tagway.cli.options import as_json, load, located, print_json
from tagway.config import SourceConfig
from tagway.core import moments, safe
from tagway.errors import TagwayError
from tagway.registry import ConfiguredSource
from tagway.store.feed import Feed, Json
from tagway.web.paths import Place, places


@click.command()
@located
@as_json
def plugins(config_file: str | None, data: str | None, as_json: bool) -> None:
    """Print what is installed: each plugin, its sources, its file and distribution."""
    for plugin in registry.load(load(config_file, data)).plugins:
        row = {
            "name": plugin.name,
            "sources": list(plugin.sources),
            "file": plugin.file,
            "distribution": plugin.distribution,
        }
        if as_json:
            print_json(row)
        else:
            click.echo(f"{plugin.name:<16} {', '.join(plugin.sources):<24} {plugin.distribution:<20} {plugin.file}")


@click.command()
@located
@as_json
def sources(config_file: str | None, data: str | None, as_json: bool) -> None:
    """Print the configured sources: where each listens, what it sent, what was refused, which secret matched when."""
    config = load(config_file, data)
    loaded = registry.load(config)
    listening = places(loaded.sources.values())
    seen, proofs = _seen(config.data)
    for name, bound in loaded.sources.items():
        row = _row(bound, _paths(name, listening), seen.get(name, {}), proofs.get(name, {}))
        if as_json:
            print_json(row)
        else:
            _print(row)
    nobody = seen.get("")
    if nobody and not as_json:
        click.echo(f"(no source)  refused: {_counts(nobody['refused'])}")


def _paths(name: str, listening: Mapping[str, Place]) -> list[str]:
    """Where a source is reached: by each of its paths, with its prefix only where the bare path is another's."""
    own = {path: None for path, place in listening.items() if any(one.name == name for one in place.targets)}
    return [path for path in own if not (path.startswith(f"/{name}/") and path.removeprefix(f"/{name}") in own)]


def _seen(folder: Any) -> tuple[dict[str, Json], dict[str, dict[int, int]]]:
    try:
        with Feed(folder) as feed:
            return feed.sources(), feed.proofs()
    except TagwayError:  # nothing has run here yet
        return {}, {}


def _row(bound: ConfiguredSource, paths: list[str], seen: Json, proofs: dict[int, int]) -> Json:
    config = bound.config
    return {
        "name": bound.name,
        "plugin": bound.source.name,
        "open": bound.open,
        "mode": config.mode,
        "paths": paths,
        "items": seen.get("items", {}),
        "refused": seen.get("refused", {}),
        "last_seen": _moment(seen.get("last_seen")),
        "last_refused": _moment(seen.get("last_refused")),
        "last_refusal": seen.get("last_message", ""),
        "proofs": [
            {"kind": kind, "place": place, "last_matched": _moment(proofs.get(which))}
            for which, (kind, place) in enumerate(_opened_by(config))
        ],
    }


def _opened_by(config: SourceConfig) -> list[tuple[str, int]]:
    """What opens a source, in the order in which proofs count it: kind, and place in its list from 1."""
    secrets = [("secret", place) for place, _ in enumerate(config.secrets, 1)]
    return secrets + [("write key", place) for place, _ in enumerate(config.write_keys, 1)]


def _print(row: Json) -> None:
    how = "open: anybody on this machine" if row["open"] else "keyed"
    click.echo(f"{row['name']}  ({row['plugin']}, {row['mode']}, {how})")
    click.echo(f"  listens at  {', '.join(row['paths'])}")
    click.echo(f"  items       {_counts(row['items'])}; last seen {row['last_seen'] or 'never'}")
    if row["refused"]:
        click.echo(
            f"  refused     {_counts(row['refused'])}; last {row['last_refused']}: {safe.visible(row['last_refusal'])}"
        )
    for proof in row["proofs"]:
        click.echo(f"  {proof['kind']} {proof['place']}: last matched {proof['last_matched'] or 'never'}")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


def _moment(at: int | None) -> str | None:
    return None if at is None else moments.write(at)
