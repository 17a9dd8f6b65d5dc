"""Ingest over ASGI: what is taken, what is refused, and what stands in the log afterwards."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from tests.web.site import configured, site

TRACK = {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": "m1"}
BODY = json.dumps(TRACK).encode()
KEYED = """
[sources.web]
plugin = "segment"
write_keys = ["k1", "k2"]
[sources.app]
plugin = "segment"
write_keys = ["k3"]
"""


async def test_a_request_is_in_the_log_as_sent_once_it_is_answered(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        answer = await one.send("/v1/track", BODY)
        assert (answer.status, answer.body) == (200, b'{"success":true}')
        (entry,) = one.logged()
    assert (entry.kind, entry.source, entry.path, entry.body) == ("request", "segment", "/v1/track", BODY)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "malformed_json"),
        (b"", "empty_body"),
        (b"  \n", "empty_body"),
        (b'{"value": NaN}', "malformed_json"),
        (b'{"value": Infinity}', "malformed_json"),
        (b'{"value": 1e400}', "malformed_json"),
        (b'{"value": -1e-400}', "malformed_json"),
        (b'{"value": [1E+400]}', "malformed_json"),
        (b'{"value": 0.00001e999}', "malformed_json"),
        (b'{"name": "\\ud800"}', "malformed_json"),
        (b'{"name": "\xff"}', "malformed_json"),
        (b'{"name": "\xc0\x80"}', "malformed_json"),
        (b"\xef\xbb\xbf{}", "malformed_json"),
        (b"{}{}", "malformed_json"),
        (b"[" * 65 + b"]" * 65, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too_deep"),
        (b'"' + b"x" * 2_000_000 + b'"', "too_large"),
        (b'{"batch":[' + b"{}," * 2_500 + b"{}]}", "batch_too_long"),
        (b'{"batch":["' + b"x" * 600_000 + b'"]}', "too_large"),
    ],
)
async def test_a_body_that_is_not_taken_is_a_400_with_a_code(tmp_path: Path, body: bytes, code: str) -> None:
    async with site(tmp_path) as one:
        answer = await one.send("/v1/batch", body)
        assert (answer.status, answer.code) == (400, code)
        assert answer.json["message"]
    (refused,) = one.logged()
    assert (refused.kind, refused.source, refused.code, refused.body) == ("refused", "segment", code, None)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 63 + b'{"a]": "[[\\"[{"}' + b"]" * 63,
        b'{"a": [' + b'{"b": "]"},' * 100 + b"1]}",
        b'{"text": "a 1e999 \\\\"}',
        b'{"id": 9007199254740993, "big": 123456789012345678901234567890}',
        b'{"small": 1.5e-07, "large": -2E+10, "id": "12345678-1e45-4e-999"}',
        b'{"name": "caf\xc3\xa9 \\ud83d\\ude00"}',
    ],
)
async def test_unusual_json_is_taken(tmp_path: Path, body: bytes) -> None:
    async with site(tmp_path) as one:
        assert (await one.send("/v1/track", body)).status == 200


@pytest.mark.parametrize(
    ("path", "headers", "body", "source"),
    [
        ("/v1/track", {"authorization": "Basic " + base64.b64encode(b"k1:").decode()}, TRACK, "web"),
        ("/v1/track", {"authorization": "basic " + base64.b64encode(b"k1").decode()}, TRACK, "web"),
        ("/v1/track", {"authorization": "Bearer k3"}, TRACK, "app"),
        ("/v1/track", {"x-write-key": "k2"}, TRACK, "web"),
        ("/v1/track?writeKey=k3", {}, TRACK, "app"),
        ("/v1/track", {}, {**TRACK, "writeKey": "k3"}, "app"),
        ("/web/v1/track", {"authorization": "Bearer k2"}, TRACK, "web"),
    ],
)
async def test_a_write_key_is_found_wherever_clients_put_it(
    tmp_path: Path, path: str, headers: dict[str, str], body: object, source: str
) -> None:
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send(path, json.dumps(body).encode(), headers)
        assert answer.status == 200
        (entry,) = one.logged()
    assert (entry.source, entry.path, entry.verified, entry.query) == (source, "/v1/track", True, "")


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/v1/track", {}, "no_proof"),
        ("/v1/track", {"authorization": "Bearer nope"}, "unknown_key"),
        ("/v1/track", {"authorization": "Basic ???"}, "unknown_key"),
        ("/v1/track", {"authorization": "Digest k1"}, "unknown_key"),
        ("/v1/track?writeKey=nope", {}, "unknown_key"),
        ("/app/v1/track", {"authorization": "Bearer k1"}, "unknown_key"),
    ],
)
async def test_a_wrong_or_missing_write_key_is_a_401(
    tmp_path: Path, path: str, headers: dict[str, str], code: str
) -> None:
    async with site(tmp_path, configured(KEYED)) as one:
        answer = await one.send(path, BODY, headers)
    assert (answer.status, answer.code) == (401, code)


@pytest.mark.parametrize("headers", [{"content-encoding": "gzip"}, {"content-type": "text/plain"}])
async def test_gzip_is_told_by_header_or_by_its_first_bytes(tmp_path: Path, headers: dict[str, str]) -> None:
    async with site(tmp_path) as one:
        assert (await one.send("/v1/track", gzip.compress(BODY), headers)).status == 200
        (entry,) = one.logged()
    assert entry.body == BODY


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(gzip.compress(BODY)[:-4], "gzip", id="cut off"),
        pytest.param(gzip.compress(BODY) + b"more", "gzip", id="with more after it"),
        pytest.param(b"\x1f\x8b nothing of the kind", "gzip", id="gzip by its first bytes only"),
        pytest.param(BODY, "br", id="of an unknown kind"),
    ],
)
async def test_an_encoding_that_cannot_be_undone_is_a_400(tmp_path: Path, body: bytes, encoding: str) -> None:
    async with site(tmp_path) as one:
        answer = await one.send("/v1/track", body, {"content-encoding": encoding})
    assert (answer.status, answer.code) == (400, "malformed_encoding")


async def test_a_body_in_many_chunks_is_one_body(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        assert (await one.send("/v1/track", BODY, chunks=7)).status == 200
        (entry,) = one.logged()
    assert entry.body == BODY


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/nowhere", "POST", 404, "unknown_path"),
        ("/webhooks/nobody", "POST", 404, "unknown_source"),
        ("/v1/track/", "POST", 404, "unknown_path"),
        ("/v1/track", "PATCH", 405, "method_not_allowed"),
    ],
)
async def test_a_path_that_is_nobodys_is_refused_in_json(
    tmp_path: Path, path: str, method: str, status: int, code: str
) -> None:
    async with site(tmp_path) as one:
        answer = await one.send(path, BODY, method=method)
        assert (answer.status, answer.code) == (status, code)
    (refused,) = one.logged()
    assert refused.code == code


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/v1/track", "PATCH", "POST, OPTIONS"),
        ("/v1/projects/k1/settings", "POST", "GET, OPTIONS"),
        ("/webhooks/shopify", "GET", "POST, OPTIONS"),
        ("/webhooks/justuno", "DELETE", "POST, PUT, GET, OPTIONS"),
        ("/inspect/ledger", "POST", "GET, HEAD"),
        ("/livez", "OPTIONS", "GET, HEAD"),
        ("/commands", "GET", "POST"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(tmp_path: Path, path: str, method: str, allowed: str) -> None:
    async with site(tmp_path) as one:
        answer = await one.send(path, BODY, method=method)
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
        for right in allowed.split(", "):
            answer = await one.send(path, BODY, method=right)
            assert (right, answer.status) != (right, 405)
            assert "allow" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ({"host": "abc.ngrok.app"}, "127.0.0.1"),
        ({"x-forwarded-for": "203.0.113.9"}, "127.0.0.1"),
        ({"cf-connecting-ip": "203.0.113.9"}, "127.0.0.1"),
        ({}, "192.168.1.20"),
    ],
)
async def test_an_open_source_takes_requests_from_this_machine_only(
    tmp_path: Path, headers: dict[str, str], client: str
) -> None:
    async with site(tmp_path) as one:
        answer = await one.send("/v1/track", BODY, headers, client=client)
    assert (answer.status, answer.code) == (401, "not_local")


async def test_headers_beyond_the_limits_are_a_431(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        many = await one.send("/v1/track", BODY, [(f"x-{n}", "v") for n in range(101)])
        large = await one.send("/v1/track", BODY, {"x-large": "v" * 20_000})
    assert [many.status, large.status] == [431, 431]


async def test_a_caller_with_the_token_can_wait_for_the_verdict(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        await one.send("/v1/track", BODY)
        one.fold()
        again = await one.send("/v1/track", BODY, {"prefer": "wait=1"})
        assert again.json == {"success": True}
        late = await one.send("/v1/track", BODY, {"prefer": "wait=1", "x-tagway-token": "t0ken"})
    assert late.json == {"success": True, "outcomes": None}
