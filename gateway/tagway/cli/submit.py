"""A command from the command line into the log: to the gateway that runs, or straight where none does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import click
import httpx2

from tagway import clock, commands, registry
from tagway.answers.explain import PROFILE
from tagway.config import Config
from tagway.core.identity import commands as documents
from tagway.engine import Fold
from tagway.errors import PayloadError, TagwayError
from tagway.log import Entry, Log
from tagway.process import folder
from tagway.replay import Alone
from tagway.store.feed import Feed, Json

_PATIENCE: Final = 300.0


class IdentifierType(click.ParamType[str]):
    """`KIND:VALUE`, where the kind may be `profile_id`; another spelling is a usage error."""

    name = "identifier"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check it; it stays the text that it is."""
        if value.startswith(f"{PROFILE}:"):
            return value
        try:
            documents.identifier(value)
        except PayloadError as error:
            self.fail(error.message, param, ctx)
        return value


SOMEBODY: Final = IdentifierType()


def submit(config: Config, document: Mapping[str, Any]) -> Json:
    """Write a command, see it carried out, and return what became of it: `outcome` and `report`.

    Raises `TagwayError` when it is faulty, nothing is recorded in the folder, or the gateway that runs does not
    answer; `UsageError` when it is no command at all.
    """
    try:
        entry = commands.entry(document, now=clock.now())
    except PayloadError as error:
        raise click.UsageError(error.message) from None
    Feed(config.data).close()  # a folder that was mistyped is not made
    with Alone(config.data) as alone:
        seq = _written(config, entry) if alone.take() else _posted(config, document)
    done = _awaited(config, seq)
    if done["outcome"] == "faulty":
        raise TagwayError(done["report"]["message"])
    return done


def _written(config: Config, entry: Entry) -> int:
    log = Log(config.data)
    (seq,) = log.append([entry])
    log.close()
    fold = Fold(config.data, config, registry.load(config), clock.now)
    fold.drain()
    fold.close()
    return seq


def _posted(config: Config, document: Mapping[str, Any]) -> int:
    url = folder.running(config.data).get("url")
    if not url:
        raise TagwayError(f"{config.data}: a gateway is starting or stopping on this folder; try again in a moment")
    token = folder.inspect_token(config.data, config.gateway.inspect_token)
    try:
        answer = httpx2.post(f"{url}/commands", json=dict(document), headers={"X-Tagway-Token": token}, timeout=30)
    except httpx2.HTTPError as error:
        raise TagwayError(f"the gateway at {url} does not answer: {error}") from None
    if answer.status_code != 200:
        raise TagwayError(f"the gateway at {url} refused the command: {answer.text[:500]}")
    return int(answer.json()["seq"])


def _awaited(config: Config, seq: int) -> Json:
    deadline = time.monotonic() + _PATIENCE
    with Feed(config.data) as feed:
        while time.monotonic() < deadline:
            found = feed.commands(after=seq - 1, limit=1)
            if found and found[0]["seq"] == seq and found[0]["outcome"] != "erasing":
                return found[0]
            time.sleep(0.1)
    raise TagwayError(f"the command is in the log (row {seq}), but was not carried out in time: see engine.log")
