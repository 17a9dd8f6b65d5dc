"""`tagway explain` and `tagway why`: a profile and its evidence; what joins two identifiers or keeps them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from tagway.answers import explain as explaining
from tagway.answers import why as reasoning
from tagway.answers.explain import PROFILE
from tagway.answers.rules import SHARED
from tagway.cli.options import as_json, ascii_json, examples, load, located, print_json
from tagway.cli.submit import SOMEBODY
from tagway.cli.tree import Branch, drawn, leaves, some
from tagway.config import Config
from tagway.core.events import Identifier
from tagway.core.identity.kinds import WEAK
from tagway.core.safe import visible
from tagway.core.wording import counted, shortened, to_the_second
from tagway.errors import TagwayError
from tagway.store.feed import Feed

Json = Mapping[str, Any]
# Left out where there is nothing under them.
_LISTS = ("identifiers", "traits", "reachability", "timeline")


@click.command(epilog=examples("tagway explain email:ana@example.com", "tagway explain order_id:4509 --json"))
@click.argument("identifier", metavar="KIND:VALUE", type=SOMEBODY)
@located
@as_json
def explain(identifier: str, config_file: str | None, data: str | None, as_json: bool) -> None:
    """Print the profile that KIND:VALUE belongs to, with the evidence of each alias.

    `profile_id:…`, as other commands print it, names a profile as well.
    """
    config = load(config_file, data)
    with Feed(config.data) as feed:
        profile = explaining.explain(feed, known(feed, identifier, config))
    if profile is None:
        raise TagwayError(unknown(identifier))
    if as_json:
        print_json(profile)
        return
    for line in drawn(_tree(profile)):
        click.echo(visible(line))


@click.command(epilog=examples("tagway why email:ana@example.com anonymous_id:5ad9f7c2"))
@click.argument("one", metavar="A", type=SOMEBODY)
@click.argument("other", metavar="B", type=SOMEBODY)
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
    named = visible(shortened(text, 200))
    return f"nobody was ever known by {named}" if text.startswith(PROFILE) else f"no event has carried {named}"


def _tree(profile: Json) -> Branch:
    total, before = profile["events"]["total"], profile["events"]["before_identify"]
    seen = f"seen from {_at(profile['first_seen'])} to {_at(profile['last_seen'])}"
    parts = [
        *leaves([seen, f"{counted(total, 'event')}, of them {before:,} before there was an address"]),
        Branch("identifiers", some([_identifier(one) for one in profile["aliases"]])),
        Branch("traits", leaves(f"{name}: {shortened(_plain(one))}" for name, one in profile["traits"].items())),
        Branch("reachability", leaves(map(_span, profile["reachability"]))),
        Branch(_how_much(profile), some([_moment(one) for one in profile["timeline"]])),
    ]
    if profile["folding"]:
        parts.insert(0, Branch("folding: so much has come late that this is being worked out again"))
    return Branch(f"profile {profile['profile_id']}", [one for one in parts if one.under or one.text not in _LISTS])


def _identifier(alias: Json) -> Branch:
    event = alias["event"]
    by = f" by {_event(event)}" if event else ""
    under = [f"{_told(alias['link'])}{by}", f"since {_at(alias['first_seen'])}"]
    if alias["until"]:
        ended = "when it started anew" if alias["kind"] in WEAK else "when it changed hands"
        under.append(f"until {_at(alias['until'])}, {ended}")
    if alias["shared"]:
        under.append(f"joins nobody: {SHARED.get(alias['shared'], alias['shared'])}")
    return Branch(f"{alias['kind']}:{alias['value']}", leaves(under))


def _span(span: Json) -> str:
    how = "by " + " and ".join(span["by"]) if span["reachable"] else "not reachable"
    until = _at(span["until"]) if span["until"] else "now"
    return f"{_at(span['since'])} to {until}: {how}, {counted(span['events'], 'event')}"


def _how_much(profile: Json) -> str:
    shown, total = sum(one["what"] == "event" for one in profile["timeline"]), profile["events"]["total"]
    return "timeline" if shown == total else f"timeline, the last {shown:,} of {total:,} events"


def _moment(one: Json) -> Branch:
    if one["what"] == "event":
        return Branch(f"{_at(one['at'])}  {one['name']}, {one['status']}, {one['source']} (event {one['seq']})")
    tried, subject = one["identifier"], one["subject"]
    return Branch(
        f"{_at(one['at'])}  {_told(one)}",
        leaves([f"{tried['kind']}:{tried['value']} on {subject['kind']}:{subject['value']}"]),
    )


def _chain(found: Json) -> Iterator[str]:
    yield f"{found['from']} and {found['to']}:"
    yield found["sentence"]
    for step in found["chain"]:
        event = step["event"]
        by = _event(event) if "seq" in event else f"event {event['event_id']}"
        yield f"  {step['from']}"
        yield f"    {'│' if step['joins'] else '╳'} {_told(step)} by {by}, {_at(step['at'])}"
    if found["chain"]:
        yield f"  {found['to']}"
    if found["fix"]:
        yield f"what would join them: {found['fix']}"


def _event(event: Json) -> str:
    return f"event {event['seq']}, {event['name']} of {event['source']}"


def _told(decided: Json) -> str:
    return f"{decided['verdict']} ({decided['rule']})" if decided["rule"] else str(decided["verdict"])


def _at(moment: str | None) -> str:
    return to_the_second(moment) if moment else "never"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else ascii_json(value)
