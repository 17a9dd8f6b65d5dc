"""`tagway replay`: what today's plugins and rules make of the log, held against what the store says."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tagway import clock, registry
from tagway.cli.options import as_json, examples, load, located, print_json
from tagway.core.safe import visible
from tagway.replay import Json
from tagway.replay import replay as fold_anew


@click.command(epilog=examples("tagway replay", "tagway replay --config stricter.toml", "tagway replay --apply"))
@located
@as_json
@click.option("--apply", is_flag=True, help="Make what came out the store; no gateway may run.")
def replay(config_file: str | None, data: str | None, as_json: bool, apply: bool) -> None:
    """Fold the log anew through today's plugins and rules, and print what differs from the store.

    Name another --config to try other rules. Exit code 0 when nothing differs or the difference was applied, 1
    when something differs. Nothing is sent to anybody.
    """
    config = load(config_file, data)
    found = fold_anew(config, registry.load(config), clock.now, apply=apply)
    if as_json:
        print_json(found)
    else:
        for line in difference(found):
            click.echo(visible(line))
    if not found["same"] and not apply:
        raise SystemExit(1)


def difference(found: Json) -> Iterator[str]:
    """A comparison (`store.compare`) in lines."""
    if found["same"]:
        yield "nothing differs"
        return
    profiles, conflicts, events = found["profiles"], found["conflicts"], found["events"]
    yield f"profiles      {profiles['before']} -> {profiles['after']}"
    for what, name in (("merged", "from"), ("split", "into")):
        yield f"  {what:<11} {profiles[what]['count']}"
        for one in profiles[what]["samples"]:
            yield f"    {_named(one, one['profile_id'])} {name}"
            yield from (f"      {_named(one, other)}" for other in one[name] if other in one["names"])
    yield f"conflicts     {conflicts['before']} -> {conflicts['after']}"
    for what in ("gone", "new"):
        for one in conflicts[what]["samples"]:
            subject = f"{one['subject_kind']}:{one['subject_value']}"
            yield f"  {what:<5} {one['rule']}: {one['kind']}:{one['value']} on {subject}"
    for side in ("before", "after"):
        one = found["biggest"][side]
        yield (
            f"biggest {side:<6} {one['aliases']} identifiers on {one['profile_id']}" if one else f"biggest {side} none"
        )
    reachable = found["reachable"]
    yield f"reachable     {reachable['before']} -> {reachable['after']}"
    yield f"  gained {reachable['gained']['count']}, lost {reachable['lost']['count']}"
    yield f"events        {events['before']} -> {events['after']}, {events['changed']} changed"
    for what in ("status", "name"):
        for one in events[what]:
            yield f"  {what:<7} {one['from']} -> {one['to'] or 'none'}: {_where(one)}"
    for one in events["dead"]:
        yield f"  {one['code']}: {one['message']}: {_where(one)}"


def _named(sample: Json, profile_id: str) -> str:
    return f"{sample['names'][profile_id]} ({profile_id})"


def _where(one: Json) -> str:
    return f"{one['count']:,}, first in request {one['request']}"
