"""`tagway forget` and `tagway export`: what privacy law asks of whoever holds a person's data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from tagway.answers.explain import PROFILE, found
from tagway.answers.export import exported, requested
from tagway.cli.explain import known, unknown
from tagway.cli.options import as_json, ascii_json, examples, load, located, print_json
from tagway.cli.submit import SOMEBODY, submit
from tagway.config import Config
from tagway.core.events import Identifier
from tagway.core.identity.kinds import PERSON
from tagway.core.safe import visible
from tagway.core.wording import counted
from tagway.errors import TagwayError
from tagway.store.feed import Feed, Json


@click.command(epilog=examples("tagway forget email:ana@example.com", "tagway forget email:ana@example.com --allow"))
@click.argument("identifier", metavar="KIND:VALUE", type=SOMEBODY)
@located
@as_json
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--allow", is_flag=True, help="Let a forgotten identifier come back, instead of erasing anything.")
def forget(identifier: str, config_file: str | None, data: str | None, as_json: bool, yes: bool, allow: bool) -> None:
    """Erase the person of KIND:VALUE from every file of the data folder, for ever.

    Events, the raw log, deliveries, dead letters, log files, free pages: a report names each place. Salted
    hashes stay, so that late events and replays bring nobody back; --allow lifts that for one identifier.
    Whoever was kept apart as somebody else stays, and is named.
    """
    config = load(config_file, data)
    target, profile = _known(config, identifier)
    if not allow and not yes:
        click.confirm(_question(target, profile), abort=True, err=True)
    done = submit(config, {"action": "allow" if allow else "forget", "target": target})
    beside = [] if allow else _beside(profile)
    if as_json:
        print_json({"outcome": done["outcome"], **done["report"], **({"beside": beside} if beside else {})})
    else:
        for line in (*_report(identifier, done["report"]), *map(_stays, beside)):
            click.echo(visible(line))
    if done["outcome"] != "done" or "in use" in done["report"].get("files", {}).values():
        raise SystemExit(1)


@click.command(epilog=examples("tagway export email:ana@example.com --out ana.json", "tagway export --requested"))
@click.argument("identifier", metavar="[KIND:VALUE]", type=SOMEBODY, required=False)
@located
@as_json
@click.option("--requested", "all_requested", is_flag=True, help="Everybody whose data a vendor has asked for.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write to this file instead of printing.")
def export(
    identifier: str | None,
    config_file: str | None,
    data: str | None,
    as_json: bool,
    all_requested: bool,
    out: Path | None,
) -> None:
    """Print everything about the person of KIND:VALUE as one JSON document: the answer to a data request."""
    if (identifier is None) is not all_requested:
        raise click.UsageError("name either KIND:VALUE or --requested")
    config = load(config_file, data)
    with Feed(config.data) as feed:
        people = requested(feed) if identifier is None else [known(feed, identifier, config)]
        documents = [_document(feed, one) for one in people]
    if not documents:
        click.echo("no signed webhook has asked for anybody's data", err=True)
    lines = [ascii_json(one) if as_json or out else _indented(one) for one in documents]
    if out is None:
        for line in lines:
            click.echo(line)
    else:
        out.touch(mode=0o600)
        out.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        click.echo(f"{len(documents)} written to {visible(str(out))}", err=True)


def _document(feed: Feed, identifier: Identifier) -> Json:
    document = exported(feed, identifier)
    if document is None:
        raise TagwayError(unknown(f"{identifier.kind}:{identifier.value}"))
    return document


def _indented(document: Json) -> str:
    return msgspec.json.format(ascii_json(document), indent=2)


def _known(config: Config, identifier: str) -> tuple[str, Json | None]:
    """The identifier as it is known, with its shop or for a profile's id, and its profile; as given when it is not."""
    with Feed(config.data) as feed:
        one = found(feed, identifier, config)
        profile = feed.profile(*one) if one else None
    if one is None and identifier.startswith(f"{PROFILE}:"):
        raise TagwayError(unknown(identifier))
    return (f"{one.kind}:{one.value}" if one else identifier), profile


def _question(target: str, profile: Json | None) -> str:
    if profile is None:
        return f"No event has carried {visible(target)}. Never take it in?"
    names = [f"{alias['kind']}:{alias['value']}" for alias in profile["aliases"]]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    events = counted(profile["events"]["total"], "event")
    asked = f"Erase {events} and these identifiers for ever: {', '.join(names[:_NAMED])}{more}?"
    return "\n".join(map(visible, (*map(_stays, _beside(profile)), asked)))


def _beside(profile: Json | None) -> list[str]:
    """Identifiers of somebody else that were sent together with the person's, and kept apart: two user_ids."""
    decided, aliases = ((profile or {}).get(name, ()) for name in ("merges", "aliases"))
    mine = {(alias["kind"], alias["value"]) for alias in aliases}
    kept_apart = [one for one in decided if (one["verdict"], one["rule"]) == ("skipped_conflict", "two_people")]
    sides = [one[side] for one in kept_apart for side in ("identifier", "subject")]
    others = [
        f"{kind}:{value}" for kind, value in map(dict.values, sides) if kind in PERSON and (kind, value) not in mine
    ]
    return list(dict.fromkeys(others))


def _stays(user: str) -> str:
    return f"{user} was sent together with these, is kept apart as somebody else, and stays"


def _report(identifier: str, report: Json) -> Iterator[str]:
    if "lifted" in report:
        yield f"{identifier} may come back" if report["lifted"] else f"{identifier} was not forgotten"
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in report["identifiers"].items())
    yield f"{identifier} is forgotten: {counted(report['events'], 'event')}, {kinds or 'nothing more than before'}"
    for place, count in report.get("places", {}).items():
        yield f"  {place}: {counted(count, 'row')}"
    for kind, count in report.get("words", {}).items():
        yield f"  {count} {kind} is a word that many others use too, and stays where they said it"
    for file, how in report.get("files", {}).items():
        yield f"  {file}: {_SETTLED[how]}"


# Identifiers that a question names: nobody reads more.
_NAMED = 20
_SETTLED = {
    "clean": "nothing left, write-ahead log empty",
    "vacuumed": "written anew, nothing left",
    "in use": "another program holds it; what is in free pages goes when it lets go and the command is repeated",
}
