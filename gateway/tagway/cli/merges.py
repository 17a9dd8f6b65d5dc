"""`tagway merges` and `tagway unmerge`: what was decided about identities, what wants deciding, and undoing it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import Any, Final

import click

from tagway import clock, commands
from tagway.answers.explain import found
from tagway.cli.explain import known
from tagway.cli.options import NUMBER, as_json, examples, load, located, print_json
from tagway.cli.replay import difference
from tagway.cli.submit import SOMEBODY, submit
from tagway.config import Config
from tagway.core.safe import visible
from tagway.core.wording import counted, to_the_second
from tagway.errors import TagwayError
from tagway.replay import foresee
from tagway.store.feed import Feed
from tagway.store.verdicts import VERDICTS

Json = Mapping[str, Any]
_EVENT: Final = re.compile(r"(?:event:)?([0-9a-f]{32})", re.IGNORECASE)
# Ids of profiles that fit beside each other in a terminal.
_SHOWN: Final = 4
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


@click.command(
    epilog=examples(
        "tagway merges --review",
        "tagway merges --verdict skipped_conflict --json",
        "tagway merges --approve 7188389780001 7188389780002",
        "tagway merges --block phone:+14155550100",
    )
)
@located
@as_json
@click.option("--review", is_flag=True, help="Only refused joins that wait for your decision.")
@click.option("--duplicates", is_flag=True, help="Identifiers on several profiles, by email, phone, cart or device.")
@click.option("--verdict", type=click.Choice(VERDICTS), help="Only verdicts of this sort.")
@click.option("--after", default=0, type=NUMBER, metavar="ID", help="Only verdicts after this one.")
@click.option("--limit", default=1_000_000, type=NUMBER, metavar="N", help="At most so many.")
@click.option("--approve", nargs=2, metavar="USER USER", help="Record that these two user_ids are one person.")
@click.option("--reject", nargs=2, metavar="USER USER", help="Record that they are not, and ask no more.")
@click.option("--block", metavar="KIND:VALUE", help="Record that this identifier joins nobody.")
@click.option("--unblock", metavar="KIND:VALUE", help="Take that back.")
def merges(config_file: str | None, data: str | None, as_json: bool, **given: Any) -> None:
    """List what was decided about identities, each with its verdict; decide what waits for a person."""
    config = load(config_file, data)
    if (document := _decision(given)) is not None:
        _record(config, document, as_json)
        return
    rows: Sequence[Json]
    with Feed(config.data) as feed:
        if given["review"]:
            rows, lines = feed.review(), _review
        elif given["duplicates"]:
            rows, lines = feed.duplicates(), _duplicates
        else:
            rows = feed.merges(after=given["after"], limit=given["limit"], verdict=given["verdict"])
            lines = _verdicts
    for line in rows if as_json else lines(rows):
        print_json(line) if as_json else click.echo(visible(str(line)))


@click.command(
    epilog=examples(
        "tagway unmerge 1284",
        "tagway unmerge 8e8ecef553abe037ed0fac92388eed65 --apply",
        "tagway unmerge email:ana@example.com anonymous_id:5ad9f7c2 --apply",
    )
)
@click.argument("target", nargs=-1, required=True, metavar="EVENT | A B")
@located
@as_json
@click.option("--apply", is_flag=True, help="Record the command; without it only the effect is shown.")
@click.option("--undo", is_flag=True, help="Restore what was unmerged.")
def unmerge(
    target: tuple[str, ...], config_file: str | None, data: str | None, as_json: bool, apply: bool, undo: bool
) -> None:
    """Undo what joined: an EVENT (its number, or its id as `tagway merges` prints it), or the link of A and B.

    A retracted event joins nothing any more; a retracted link never joins directly, in whatever event. Shows
    what would change; --apply records it.
    """
    config = load(config_file, data)
    action = "restore" if undo else "retract"
    document = {"action": action, "target": _target(config, target)}
    effect = foresee(config, commands.entry(document, now=clock.now()), clock.now())
    done = submit(config, document) if apply else None
    if as_json:
        print_json({**effect, "applied": apply})
        return
    for line in difference(effect):
        click.echo(visible(line))
    if done is not None:
        click.echo(_recorded(action, done))
    elif not effect["same"]:
        click.echo("nothing is changed yet: --apply records it")
    elif len(target) == 2 and not undo:
        click.echo("what else joins the two still does: `tagway why` prints it")


def _target(config: Config, given: Sequence[str]) -> str | list[str]:
    """What to retract, as the command names it; what nobody has ever sent is an error."""
    with Feed(config.data) as feed:
        if len(given) == 1:
            return f"event:{_event(feed, given[0]).hex()}"
        if len(given) != 2:
            raise click.UsageError("name one EVENT, or two identifiers A and B")
        for one in given:
            SOMEBODY.convert(one, None, click.get_current_context())
        pair = [known(feed, one, config) for one in given]
        if pair[0] == pair[1]:
            raise click.UsageError(f"both are {pair[0].kind}:{pair[0].value}")
        if not feed.carried_together(*pair):
            raise TagwayError("no event has carried both: nothing joins them directly, and `tagway why` says what does")
    return [f"{one.kind}:{one.value}" for one in pair]


def _event(feed: Feed, text: str) -> bytes:
    if match := _EVENT.fullmatch(text):
        event_id = bytes.fromhex(match[1])
        if any(event_id) and event_id in feed.events_by_id([event_id]):  # what is erased has zeros
            return event_id
    elif _NUMBER.fullmatch(text):
        event = feed.event(int(text))
        if event is not None and event["status"] not in ("dead_letter", "erased"):
            return bytes.fromhex(event["event_id"])
    else:
        raise click.UsageError(
            f"{text!r} is no EVENT: give its number, or its id of 32 hex digits; or name two identifiers A and B"
        )
    raise TagwayError(f"there is no event {visible(text)}")


def _decision(given: Mapping[str, Any]) -> dict[str, Any] | None:
    asked = [action for action in ("approve", "reject", "block", "unblock") if given[action]]
    if len(asked) > 1:
        raise click.UsageError(f"one decision at a time, not {' and '.join(asked)}")
    if not asked:
        return None
    target = given[asked[0]]
    if asked[0] in ("approve", "reject"):
        target = [one if one.startswith("user_id:") else f"user_id:{one}" for one in target]
    return {"action": asked[0], "target": target}


def _record(config: Config, document: dict[str, Any], as_json: bool) -> None:
    done = submit(config, document)
    if as_json:
        print_json(done)
        return
    click.echo(_recorded(document["action"], done))
    if document["action"] == "approve" and _are_apart(config, document["target"]):
        click.echo("no event has joined the two yet: the next one that carries something of both will")


def _are_apart(config: Config, users: Sequence[str]) -> bool:
    with Feed(config.data) as feed:
        one, other = (feed.places(who) if (who := found(feed, user, config)) else [] for user in users)
    return {place.profile_id for place in one}.isdisjoint(place.profile_id for place in other)


def _recorded(action: str, done: Json) -> str:
    return f"{action} recorded as row {done['seq']} of the log: {done['outcome']}"


def _verdicts(rows: Sequence[Json]) -> Iterator[str]:
    for row in rows:
        yield f"{row['id']:>7}  {to_the_second(row['at'])}  {row['verdict']:<16} {row['event_id']}"
        yield f"         {row['rule']}: {_pair(row)}"
    counts = Counter(row["verdict"] for row in rows)
    yield ", ".join(f"{count:,} {verdict}" for verdict, count in counts.most_common()) or "no verdicts"


def _review(rows: Sequence[Json]) -> Iterator[str]:
    for row in rows:
        yield f"{to_the_second(row['last'])}  {row['verdict']} ({row['rule']}), {counted(row['events'], 'event')}"
        yield f"    {_pair(row)}"
        yield from (f"    {what:<11} tagway {command}" for what, command in _choices(row))
    yield f"{len(rows):,} to review" if rows else "nothing to review"


def _choices(row: Json) -> Iterator[tuple[str, str]]:
    one, subject = (quote(_text(row[name])) for name in ("identifier", "subject"))
    if row["people"]:
        people = " ".join(quote(user) for user in row["people"])
        yield "one person:", f"merges --approve {people}"
        yield "two people:", f"merges --reject {people}"
    else:
        yield "look:", f"why {one} {subject}"
        shared = row["verdict"] == "skipped_shared"
        yield "leave it:", f"merges --block {one}" if shared else f"unmerge {one} {subject} --apply"


def _duplicates(rows: Sequence[Json]) -> Iterator[str]:
    for row in rows:
        yield f"{row['by']:<8} {_text(row['identifier'])}, on {counted(row['profiles'], 'profile')}"
        shown = row["profile_ids"][:_SHOWN]
        more = f" and {row['profiles'] - len(shown):,} more" if len(shown) < row["profiles"] else ""
        yield f"         {' '.join(shown)}{more}"
    counts = Counter(row["by"] for row in rows)
    yield "duplicates by " + ", ".join(f"{by}: {counts.get(by, 0):,}" for by in ("email", "phone", "cart", "device"))


def _pair(row: Json) -> str:
    return f"{_text(row['identifier'])} on {_text(row['subject'])}"


def _text(one: Json) -> str:
    return f"{one['kind']}:{one['value']}"
