"""What browser SDKs and image requests need besides posting: settings per key, pixels, beacons, CORS."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.web.site import configured, site

CALL = {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": "m1", "writeKey": "k1"}
KEYED = """
[sources.web]
plugin = "segment"
write_keys = ["k1"]
origins = ["https://shop.example", "null"]
[sources.rudder]
plugin = "rudderstack"
write_keys = ["r1"]
"""


async def test_settings_are_those_of_the_key_and_point_to_where_they_were_asked(tmp_path: Path) -> None:
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send("/v1/projects/k1/settings", method="GET", headers={"host": "events.shop.example"})
    assert answer.status == 200
    assert answer.json["integrations"]["Segment.io"]["apiHost"] == "events.shop.example/v1"
    assert list(answer.json["integrations"]) == ["Segment.io"]


async def test_settings_of_an_unknown_key_are_refused(tmp_path: Path) -> None:
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send("/v1/projects/nope/settings", method="GET")
    assert (answer.status, answer.code) == (401, "unknown_key")


async def test_the_source_config_of_a_key_enables_it(tmp_path: Path) -> None:
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send("/sourceConfig/?writeKey=r1&v=3", method="GET")
    assert answer.json["source"]["enabled"] is True


async def test_an_image_request_is_an_event_and_is_answered_with_an_image(tmp_path: Path) -> None:
    data = quote(base64.b64encode(json.dumps(CALL).encode()).decode())
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send(f"/v1/pixel/track?data={data}", method="GET")
        assert (answer.status, answer.headers["content-type"], answer.body[:3]) == (200, "image/gif", b"GIF")
        (event,) = one.fold()
    assert (event["name"], event["message_id"], event["source"]) == ("Product Viewed", "m1", "web")


async def test_a_beacon_is_taken_without_any_header(tmp_path: Path) -> None:
    body = json.dumps({"batch": [CALL]}).encode()
    async with site(tmp_path, configured(KEYED)) as one:
        assert (await one.send("/beacon/v1/batch?writeKey=r1", body, {"content-type": "text/plain"})).status == 200
        assert (await one.send("/v1/batch", body, {"content-type": "text/plain"})).status == 200


@pytest.mark.parametrize("path", ["/v1/track", "/v1/projects/k1/settings", "/web/v1/batch", "/sourceConfig/"])
async def test_every_preflight_is_answered_without_a_key(tmp_path: Path, path: str) -> None:
    headers = {
        "origin": "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-retry-count",
    }
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send(path, method="OPTIONS", headers=headers)
    assert answer.status == 204
    assert answer.headers["access-control-allow-headers"] == "authorization,x-retry-count"
    assert answer.headers["access-control-allow-origin"] in ("*", "https://shop.example")
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "allowed", "status"),
    [("https://shop.example", "https://shop.example", 200), ("null", "null", 200), ("https://evil.example", None, 401)],
)
async def test_only_a_listed_origin_may_send_and_read_the_answer(
    tmp_path: Path, origin: str, allowed: str | None, status: int
) -> None:
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send("/v1/t", json.dumps(CALL).encode(), {"origin": origin})
    assert (answer.status, answer.headers.get("access-control-allow-origin")) == (status, allowed)
    assert answer.headers["vary"] == "origin"


async def test_errors_carry_the_cors_headers_too(tmp_path: Path) -> None:
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send("/v1/t", b"{", {"origin": "null", "authorization": "Bearer k1"})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (400, "null")
    assert answer.headers["access-control-expose-headers"] == "retry-after"


@pytest.mark.parametrize("path", ["/inspect/events", "/inspect/ledger", "/livez", "/metrics", "/nowhere"])
async def test_the_read_side_sends_no_cors_headers(tmp_path: Path, path: str) -> None:
    async with site(tmp_path, configured(KEYED)) as one:
        one.fold()
        answer = await one.read(path, {"origin": "https://shop.example"})
    assert not any(name.startswith("access-control") for name in answer.headers)


async def test_without_keys_a_shared_path_belongs_to_no_dialect_and_prefixes_tell_them_apart(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        for path in ("/v1/track", "/segment/v1/track", "/rudderstack/v1/track"):
            assert (await one.send(path, json.dumps(CALL).encode())).status == 200
        assert [entry.source for entry in one.logged()] == ["segment", "segment", "rudderstack"]


@pytest.mark.parametrize("short", ["t", "i", "p", "s", "g", "a", "b"])
async def test_the_short_forms_of_the_browser_sdk_and_of_its_fork_are_told_apart_by_key(
    tmp_path: Path, short: str
) -> None:
    keyed = KEYED + '[sources.cio]\nplugin = "customerio"\nwrite_keys = ["c1"]\n'
    async with site(tmp_path, configured(keyed)) as one:
        for key in ("k1", "c1"):
            assert (await one.send(f"/v1/{short}", json.dumps({**CALL, "writeKey": key}).encode())).status == 200
        assert [entry.source for entry in one.logged()] == ["web", "cio"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer k1"}, {"x-write-key": "nope"}], ids=str)
async def test_a_method_that_a_path_does_not_take_is_refused_as_such_whatever_the_key(
    tmp_path: Path, method: str, headers: dict[str, str]
) -> None:
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send("/v1/track", b"", headers, method=method)
    assert (answer.status, answer.code) == (405, "method_not_allowed")
