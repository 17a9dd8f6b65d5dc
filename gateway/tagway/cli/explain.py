"""`tagway explain` and `tagway why`: a profile and its evidence; what joins two identifiers or keeps them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from tagway.answers import explain as explaining
from tagway.answers import why as reasoning
from tagway.cli.options import as_json, ascii_json, examples, load, located, print_json
from tagway.cli.submit import IDENTIFIER
from tagway.config import Config
from tagway.core.events import Identifier
from tagway.core.safe import visible
from tagway.core.wording import counted
from tagway.errors import TagwayError
from tagway.store.feed import Feed

Json = Mapping[str, Any]


@click.command(epilog=examples("tagway explain email:ana@example.com", "tagway explain order_id:4509 --json"))
@click.argument("identifier", metavar="KIND:VALUE", type=IDENTIFIER)
@located
@as_json
def explain(identifier: str, config_file: str | None, data: str | None, as_json: bool) -> None:
    """Print the profile that KIND:VALUE belongs to, with the evidence of each alias."""
    config = load(config_file, data)
    with Feed(config.data) as feed:
        profile = explaining.explain(feed, known(feed, identifier, config))
    if profile is None:
        raise TagwayError(unknown(identifier))
    if as_json:
        print_json(profile)
        return
    for line in _tree(profile):
        click.echo(visible(line))


@click.command(epilog=examples("tagway why email:ana@example.com anonymous_id:5ad9f7c2"))
@click.argument("one", metavar="A", type=IDENTIFIER)
@click.argument("other", metavar="B", type=IDENTIFIER)
@located
@as_json
def why(one: str, other: str, config_file: str | None, data: str | None, as_json: bool) -> None:
    """Print the shortest chain of evidence that joins A and B, or the verdict that keeps them apart.

    Both are KIND:VALUE. Exit code 0 when they are one person, 1 when they are not.
    """
    config = load(config_file, data)
    with Feed(config.data) as feed:
        found = reasoning.why(feed, known(feed, one, config), known(feed, other, config))
    if found is None:
        raise TagwayError(unknown(one))
    if as_json:
        print_json(found)
    else:
        for line in _chain(found):
            click.echo(visible(line))
    if not found["joined"]:
        raise SystemExit(1)


def known(feed: Feed, text: str, config: Config) -> Identifier:
    """The known identifier that a text means. Raises `TagwayError` when no event has carried it."""
    found = explaining.found(feed, text, config)
    if found is None:
        raise TagwayError(unknown(text))
    return found


def unknown(text: str) -> str:
    """The sentence for an identifier that nobody has."""
    return f"no event has carried {visible(text)}"


def _tree(profile: Json) -> Iterator[str]:
    yield f"profile {profile['profile_id']}   {profile['first_seen']} to {profile['last_seen']}"
    total, before = profile["events"]["total"], profile["events"]["before_identify"]
    yield f"├─ events: {total}, of them {before} before there was an address"
    yield "├─ identifiers"
    for alias in profile["aliases"]:
        link, event = alias["link"], alias["event"] or {}
        told = " ".join(filter(None, (link["verdict"], link["rule"])))
        by = f" by event {event['seq']} {event['name']} of {event['source']}" if event else ""
        yield f"│  ├─ {alias['kind']}:{alias['value']}   {told}{by}, {alias['first_seen']}"
    if profile["traits"]:
        yield "├─ traits: " + ", ".join(f"{name}={_plain(value)}" for name, value in profile["traits"].items())
    yield "├─ reachability"
    for span in profile["reachability"]:
        how = "by " + " and ".join(span["by"]) if span["reachable"] else "not reachable"
        yield f"│  ├─ {span['since']} to {span['until'] or 'now'}: {how}, {counted(span['events'], 'event')}"
    yield "└─ timeline"
    for one in profile["timeline"]:
        yield f"   ├─ {_moment(one)}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else ascii_json(value)


def _moment(one: Json) -> str:
    if one["what"] == "event":
        return f"{one['at']}  {one['name']}  {one['status']}  {one['source']}  (event {one['seq']})"
    tried, subject = one["identifier"], one["subject"]
    told = " ".join(filter(None, (one["verdict"], one["rule"])))
    return f"{one['at']}  {told}: {tried['kind']}:{tried['value']} on {subject['kind']}:{subject['value']}"


def _chain(found: Json) -> Iterator[str]:
    yield f"{found['from']} and {found['to']}: {found['sentence']}"
    for step in found["chain"]:
        event = step["event"]
        told = " ".join(filter(None, (step["verdict"], step["rule"])))
        by = f"event {event['seq']} {event['name']} of {event['source']}" if "seq" in event else event["event_id"]
        yield f"  {step['from']}  ──  {step['to']}   {told}   {by}, {step['at']}"
    if found["fix"]:
        yield f"what would join them: {found['fix']}"
