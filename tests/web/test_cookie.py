"""The first-party cookie: one anonymous id a browser, also where scripts lose theirs."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from tagway.errors import ConfigError

from tests.web.site import configured, site

CONFIG = """
[gateway]
public_url = "https://events.shop.example"
[sources.web]
plugin = "segment"
write_keys = ["k"]
cookie = "tagway_id"
cookie_domain = ".shop.example"
"""
KEY = {"authorization": "Bearer k"}


def call(message_id: str, **fields: str) -> bytes:
    return json.dumps({"type": "track", "event": "Product Viewed", "messageId": message_id, **fields}).encode()


def value(cookie: str) -> str:
    return cookie.split(";")[0].partition("=")[2]


async def test_a_browser_without_an_id_gets_one_and_its_next_event_carries_it(tmp_path: Path) -> None:
    async with site(tmp_path, configured(CONFIG)) as one:
        first = (await one.send("/v1/t", call("m1"), KEY)).headers["set-cookie"]
        again = (await one.send("/v1/t", call("m2"), {**KEY, "cookie": f"a=b; tagway_id={value(first)}"})).headers
        events = one.fold()
    assert value(again["set-cookie"]) == value(first)
    assert {event["anonymous_id"] for event in events} == {value(first)}
    for part in ("Max-Age=34128000", "SameSite=Lax", "Domain=.shop.example", "Secure", "HttpOnly", "Path=/"):
        assert part in first


async def test_the_clients_own_id_is_respected_and_taken_over(tmp_path: Path) -> None:
    async with site(tmp_path, configured(CONFIG)) as one:
        taken_over = await one.send("/v1/t", call("m1", anonymousId="client-id-1"), KEY)
        headers = {**KEY, "cookie": "tagway_id=cookie-id-1"}
        await one.send("/v1/t", call("m2", anonymousId="client-id-2"), headers)
        events = one.fold()
    assert value(taken_over.headers["set-cookie"]) == "client-id-1"
    assert [event["anonymous_id"] for event in events] == ["client-id-1", "client-id-2"]


async def test_the_id_of_an_image_request_is_taken_over_too(tmp_path: Path) -> None:
    data = quote(base64.b64encode(call("m1", anonymousId="a-1")).decode())
    async with site(tmp_path, configured(CONFIG)) as one:
        answer = await one.send(f"/v1/pixel/track?writeKey=k&data={data}", method="GET")
    assert (answer.status, value(answer.headers["set-cookie"])) == (200, "a-1")


@pytest.mark.parametrize("forged", ["", "x" * 200, "a b c d e f g", 'quote"quote', "semi\x00colon"])
async def test_a_cookie_that_is_no_id_is_replaced(tmp_path: Path, forged: str) -> None:
    async with site(tmp_path, configured(CONFIG)) as one:
        answer = await one.send("/v1/t", call("m1"), {**KEY, "cookie": f"tagway_id={forged}"})
    assert value(answer.headers["set-cookie"]) != forged


async def test_nobody_who_did_not_ask_gets_a_cookie(tmp_path: Path) -> None:
    async with site(tmp_path, configured(CONFIG.replace('cookie = "tagway_id"', ""))) as one:
        assert "set-cookie" not in (await one.send("/v1/t", call("m1"), KEY)).headers
    async with site(tmp_path, configured(CONFIG)) as one:
        assert "set-cookie" not in (await one.send("/v1/t", b"{", KEY)).headers


def test_a_name_that_is_none_is_refused_at_start_up() -> None:
    with pytest.raises(ConfigError, match="cookie"):
        configured(CONFIG.replace("tagway_id", "a; b"))
