"""The golden bodies of webhooks, sent over HTTP as their vendors send them: taken, and folded to what they become."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from tagway import Event, PayloadError, Request, Source, registry
from tagway.config import Config
from tagway.testing import golden_pairs

from tests.plugins.test_vendors import HERE
from tests.web.site import Site, configured, site

SOURCES: Final = {name: one for name, one in registry.load(Config()).available.items() if one.kind == "webhook"}
# Refused before it is logged: neither a body nor a query.
REFUSED: Final = frozenset(("justuno/nothing",))
WITH_PAIRS: Final = sorted(name for name in SOURCES if name != "mapping" and (HERE / name).is_dir())


def expected(source: Source, request: Request) -> list[str]:
    """The names of the events that the body becomes; dead letters are nameless."""
    try:
        return [item.name if isinstance(item, Event) else "" for item in source.normalize(request)]
    except PayloadError:
        return [""]


async def deliver(one: Site, request: Request) -> int:
    query = f"?{request.query}" if request.query else ""
    kind = "application/json" if request.body[:1] in (b"{", b"[") else "application/x-www-form-urlencoded"
    headers = {"content-type": kind, **request.headers}
    return (await one.send(request.path + query, request.body, headers, method=request.method)).status


@pytest.mark.parametrize("name", WITH_PAIRS)
async def test_every_delivery_of_a_vendor_is_taken_and_becomes_what_it_should(name: str, tmp_path: Path) -> None:
    source, pairs = SOURCES[name], golden_pairs(HERE / name)
    async with site(tmp_path) as one:
        answers = {str(pair): await deliver(one, pair.request(source)) for pair in pairs}
    taken = [pair for pair in pairs if str(pair) not in REFUSED]
    assert answers == {str(pair): 200 if pair in taken else 400 for pair in pairs}
    wanted = [event for pair in taken for event in expected(source, pair.request(source))]
    assert [event["name"] for event in one.fold()] == wanted


async def test_a_post_without_a_body_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        answer = await one.send("/webhooks/justuno", b"", {"content-type": "application/json"})
    assert (answer.status, answer.code) == (400, "empty_body")


async def test_mailchimps_question_whether_somebody_is_there_is_answered_and_makes_no_event(tmp_path: Path) -> None:
    settings = configured('[sources.news]\nplugin = "mailchimp"\npath_token = "un-guessable"\n')
    async with site(tmp_path, settings) as one:
        assert (await one.send("/webhooks/news/un-guessable", method="GET")).status == 200
        assert (await one.send("/webhooks/news/guessed", method="GET")).status == 401
    assert one.fold() == []
