"""`tagway carts`: the reachability waterfall; why did only 30 % of the abandoners enter the flow?"""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from tagway import clock
from tagway.answers import carts as answer
from tagway.cli.options import as_json, examples, load, located, print_json
from tagway.core.safe import visible
from tagway.core.wording import counted
from tagway.store.feed import Feed

_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
_BAR = 30


@click.command(epilog=examples("tagway carts --since 7d", "tagway carts --code NEVER_IDENTIFIED --json"))
@located
@as_json
@click.option("--since", default="", metavar="24h", help="Only carts touched since so long (m, h, d).")
@click.option("--code", default="", metavar="CODE", help="Only carts with this cause, each in a line.")
def carts(config_file: str | None, data: str | None, as_json: bool, since: str, code: str) -> None:
    """Print every cart in exactly one bucket, with its cause and fix; one cart a line with --json."""
    with Feed(load(config_file, data).data) as feed:
        found = answer.waterfall(feed, _since(since))
    listed = [cart for cart in found.carts if code in ("", cart.cause.code)]
    if as_json:
        for cart in listed:
            print_json(answer.as_json(cart))
        return
    for line in _lines(found):
        click.echo(line)
    for cart in listed if code else ():
        click.echo(f"{visible(cart.facts.cart_id)}  {cart.cause.code}  {cart.cause.fix}")


def _lines(found: answer.Waterfall) -> Iterator[str]:
    """The answer in a sentence, the steps, and each cause with its fix."""
    total = found.steps[0].carts
    yield f"{counted(len(found.carts), 'cart')}, {len(found.carts) - total:,} bought. {answer.summary(found)}"
    for step in found.steps:
        share = step.carts / total if total else 0.0
        lost = ", ".join(f"-{count:,} {cause}" for cause, count in step.lost)
        yield f"{'█' * round(_BAR * share):<{_BAR}} {step.carts:>6,} {share:>4.0%}  {step.name:<26} {lost}".rstrip()
    for cause, count in found.causes:
        yield f"{count:>6,} {cause.code}: {cause.text} {cause.fix}"


def _since(text: str) -> int:
    if not text:
        return 0
    match = re.fullmatch(r"(\d{1,5})([mhd])", text)
    if match is None:
        raise click.BadParameter("write a time like 30m, 24h or 7d", param_hint="--since")
    return clock.now() - int(match[1]) * _UNITS[match[2]] * 1_000_000
