"""`tagway redrive --quarantined`: what a wrong secret kept out, counted first, then taken in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import click

from tagway import registry
from tagway.cli.options import as_json, examples, load, located, print_json
from tagway.config import Config
from tagway.core import moments, safe
from tagway.errors import RefusedError
from tagway.log import Entry, Log
from tagway.web import again


@click.command(
    epilog=examples("tagway redrive --quarantined --list", "tagway redrive --quarantined --source shopify --yes")
)
@located
@as_json
@click.option("--quarantined", is_flag=True, required=True, help="Requests whose signature did not match.")
@click.option("--source", metavar="NAME", help="Only those of one source.")
@click.option("--list", "listed", is_flag=True, help="Print each, and what it would become.")
@click.option("--yes", is_flag=True, help="Take them in; without it they are only counted.")
def redrive(
    config_file: str | None,
    data: str | None,
    as_json: bool,
    quarantined: bool,
    source: str | None,
    listed: bool,
    yes: bool,
) -> None:
    """Verify quarantined requests again under today's secrets, and take in those that are proven now.

    The requests keep the time at which they came in; what was recorded already is a duplicate.
    """
    del quarantined
    config = load(config_file, data, with_secrets=True)
    log = Log(config.data, read_only=not yes)
    try:
        verdicts = list(_verdicts(config, log.quarantined(source)))
        taken = [one for _, one in verdicts if isinstance(one, Entry)]
        if yes:
            log.append(taken)
    finally:
        log.close()
    if listed:
        _list(verdicts, as_json)
    _count(verdicts, as_json, yes=yes)


Verdict = tuple[Entry, Entry | RefusedError]


def _verdicts(config: Config, kept: Iterable[Entry]) -> Iterable[Verdict]:
    sources = registry.load(config).sources
    for one in kept:
        bound = sources.get(one.source)
        if bound is None:
            yield one, RefusedError("unknown_source", f"source {one.source!r} is not configured any more")
            continue
        try:
            yield one, again.taken(one, bound, config.limits)
        except RefusedError as refused:
            yield one, refused


def _list(verdicts: Sequence[Verdict], as_json: bool) -> None:
    for kept, verdict in verdicts:
        row = {
            "seq": kept.seq,
            "source": kept.source,
            "received_at": moments.write(kept.received_at),
            "bytes": len(kept.body or b""),
            "was": kept.code,
            "is": "proven" if isinstance(verdict, Entry) else verdict.code,
        }
        if as_json:
            print_json(row)
        else:
            click.echo(safe.visible("  ".join(str(value) for value in row.values())))


def _count(verdicts: Sequence[Verdict], as_json: bool, *, yes: bool) -> None:
    proven = Counter(kept.source for kept, verdict in verdicts if isinstance(verdict, Entry))
    refused = Counter((kept.source, verdict.code) for kept, verdict in verdicts if isinstance(verdict, RefusedError))
    if as_json:
        print_json(
            {
                "proven": dict(proven),
                "refused": [{"source": name, "code": code, "count": count} for (name, code), count in refused.items()],
                "redriven": yes,
            }
        )
        return
    for name, count in sorted(proven.items()):
        click.echo(f"{name}: {count} proven now{', taken in' if yes else '; add --yes to take them in'}")
    for (name, code), count in sorted(refused.items()):
        click.echo(f"{name}: {count} still refused ({code})")
    if not verdicts:
        click.echo("nothing is in quarantine")
