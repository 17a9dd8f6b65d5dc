"""Overload: 503 with an integer Retry-After before memory grows, and everything works again afterwards."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from tagway.process.logs import JsonLines

from tests.web.site import configured, site

BODY = json.dumps({"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": "m1"}).encode()
SOURCE = '[sources.web]\nplugin = "segment"\nwrite_keys = ["k"]\n'
KEY = {"authorization": "Bearer k", "content-length": str(len(BODY))}


@pytest.mark.parametrize(
    "limit", [{"in_flight": 0}, {"queue": 0}, {"queue_bytes": 10}], ids=lambda one: next(iter(one))
)
async def test_what_cannot_be_taken_now_is_a_503_with_an_integer_retry_after(
    tmp_path: Path, limit: dict[str, int]
) -> None:
    config = configured(SOURCE)
    full = replace(config, limits=replace(config.limits, **limit))
    async with site(tmp_path, full) as one:
        answer = await one.send("/v1/track", BODY, {**KEY, "origin": "https://shop.example"})
    assert (answer.status, answer.code) == (503, "overloaded")
    assert answer.headers["retry-after"].isdigit()
    assert answer.headers["access-control-expose-headers"] == "retry-after"
    (refused,) = one.logged()
    assert (refused.source, refused.code) in (("web", "overloaded"), ("", "overloaded"))


async def test_refused_and_taken_requests_give_back_what_they_claimed(tmp_path: Path) -> None:
    async with site(tmp_path, configured(SOURCE)) as one:
        for body, headers in ((BODY, KEY), (b"{", {**KEY, "content-length": "1"}), (BODY, {"content-length": "77"})):
            await one.send("/v1/track", body, headers)
        assert (one.application.intake.claimed, one.application.intake.in_flight) == (0, 0)


async def test_after_the_end_a_request_is_told_to_come_again(tmp_path: Path) -> None:
    async with site(tmp_path, configured(SOURCE)) as one:
        pass
    answer = await one.send("/v1/track", BODY, KEY)
    assert (answer.status, answer.code) == (503, "draining")


def test_a_log_line_is_one_line_of_ascii_and_never_the_words_of_an_error() -> None:
    words = json.loads('"s3\\u0063ret\\n\\u001b[2J forged"')
    try:
        raise ValueError(words)
    except ValueError:
        record = logging.LogRecord("tagway", logging.ERROR, __file__, 1, "failed\n%s", ("\u202e",), sys.exc_info())
    line = JsonLines().format(record)
    assert line.isascii()
    assert "\n" not in line
    assert "s3cret" not in line
    assert json.loads(line)["error"] == "ValueError"
