"""What stands in place of the live list until the first event: what runs, what is missing, and how to send one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tagway.core.wording import counted

from tagway_tui.marks import Row
from tagway_tui.sample import address

if TYPE_CHECKING:
    from tagway_tui.app import TagwayApp


def first_run_rows(app: TagwayApp) -> list[Row]:
    """Each thing that is needed, with a tick or with what to do about it."""
    here, config, shown = app.seen.presence, app.config, app.mask.shown
    rows: list[Row] = [[("WAITING for the first event", "title")], []]
    if here.gateway:
        rows.append(_tick(f"the gateway listens at {shown(here.url)}"))
        rows.append(_tick("its engine runs") if here.engine else _lack("its engine is down", "look at engine.log"))
    else:
        rows.append(_lack("no gateway runs on this folder", "start one: tagway up"))
    writable = app.folder.is_dir() and os.access(app.folder, os.W_OK)
    rows.append(
        _tick(f"data folder {shown(app.folder)}")
        if writable
        else _lack("there is no data folder yet", "tagway up makes it")
    )
    if config.open:
        rows.append(_lack("no configuration: every source is open here", "tagway init writes one"))
    else:
        rows.append(_tick(f"{counted(len(config.sources), 'source')} in {shown(config.file)}"))
    rows += [[], *_send(app), [], [("Connect a store", "title")]]
    for what, how in (
        ("a tag manager", "tagway snippet gtm"),
        ("a Shopify pixel", "tagway snippet shopify-pixel"),
        ("any page", "tagway snippet html"),
        ("webhooks", "POST /webhooks/{source}"),
    ):
        rows.append([(f"  {what:<17}", ""), (how, "strong")])
    return [*rows, [], [("tagway up prints how a real store reaches this machine.", "dim")]]


def _send(app: TagwayApp) -> list[Row]:
    rows: list[Row] = [[("Send one now", "title")]]
    if address(app.config, app.seen.presence.url if app.seen.presence.gateway else "") is None:
        return [*rows, [("  the gateway must run here, with a source of plugin segment", "dim")]]
    if not app.read_only:
        rows.append([("  T  ", "title"), ("a sample journey: looks, adds to cart, gives an email, buys", "")])
    return [*rows, [("  y  ", "title"), ("copy one call as a cURL command", "")]]


def _tick(text: str) -> Row:
    return [("✓ ", "ok"), (text, "")]


def _lack(text: str, fix: str) -> Row:
    return [("! ", "warn"), (text, ""), ("   " + fix, "strong")]
