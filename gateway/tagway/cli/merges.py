"""`tagway merges` and `tagway unmerge`: what was decided about identities, what wants deciding, and undoing it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from tagway import clock, commands
from tagway.cli.options import as_json, examples, load, located, print_json
from tagway.cli.replay import difference
from tagway.cli.submit import submit
from tagway.config import Config
from tagway.core.safe import visible
from tagway.core.wording import counted
from tagway.errors import PayloadError
from tagway.replay import foresee
from tagway.store.feed import Feed

Json = Mapping[str, Any]
_EVENT: Final = re.compile(r"[0-9a-f]{32}")


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
@click.option(
    "--verdict", metavar="VERDICT", help="Only verdicts of this sort: merged, handed_over, skipped_conflict, ..."
)
@click.option("--after", default=0, metavar="ID", help="Only verdicts after this one.")
@click.option("--limit", default=1_000_000, type=click.IntRange(0), metavar="N", help="At most so many.")
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
        "tagway unmerge 8e8ecef553abe037ed0fac92388eed65",
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
    """Undo what joined: an EVENT (its id, as `tagway merges` prints it), or the link of two identifiers A and B.

    A retracted event joins nothing any more; a retracted link never joins directly, in whatever event. Shows
    what would change; --apply records it.
    """
    config = load(config_file, data)
    document = {"action": "restore" if undo else "retract", "target": _target(target)}
    try:
        entry = commands.entry(document, now=clock.now())
    except PayloadError as error:
        raise click.UsageError(error.message) from None
    effect = foresee(config, entry, clock.now())
    if apply:
        submit(config, document)
    if as_json:
        print_json({**effect, "applied": apply})
        return
    for line in difference(effect):
        click.echo(visible(line))
    if not apply:
        click.echo("nothing is changed yet: --apply records it")


def _target(given: Sequence[str]) -> str | list[str]:
    if len(given) == 1:
        return f"event:{given[0]}" if _EVENT.fullmatch(given[0]) else given[0]
    return list(given)


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
    else:
        click.echo(visible(f"{document['action']} recorded as row {done['seq']} of the log: {done['outcome']}"))


def _verdicts(rows: Sequence[Json]) -> Iterator[str]:
    for row in rows:
        yield f"{row['id']:>7}  {row['at']}  {row['verdict']:<18} {row['rule']:<18} {_pair(row)}  {row['event_id']}"
    counts = Counter(row["verdict"] for row in rows)
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()) or "no verdicts"


def _review(rows: Sequence[Json]) -> Iterator[str]:
    for row in rows:
        yield f"{row['last']}  {row['verdict']:<18} {row['rule']:<18} {_pair(row)}  {counted(row['events'], 'event')}"
        if row["people"]:
            users = " ".join(one.removeprefix("user_id:") for one in row["people"])
            yield f"    one person: tagway merges --approve {users}    two: tagway merges --reject {users}"
    yield f"{len(rows)} to review" if rows else "nothing to review"


def _duplicates(rows: Sequence[Json]) -> Iterator[str]:
    for row in rows:
        one, profiles = row["identifier"], ", ".join(row["profile_ids"])
        yield f"{row['by']:<8} {one['kind']}:{one['value']}  on {row['profiles']} profiles: {profiles}"
    counts = Counter(row["by"] for row in rows)
    yield "duplicates by " + ", ".join(f"{by}: {counts.get(by, 0)}" for by in ("email", "phone", "cart", "device"))


def _pair(row: Json) -> str:
    one, subject = row["identifier"], row["subject"]
    return f"{one['kind']}:{one['value']} on {subject['kind']}:{subject['value']}"
