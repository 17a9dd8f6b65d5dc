"""The read side: the token, the Host names, and what is never stored."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from tagway.log import Log

from tests.web.site import TOKEN, configured, site

BODY = b'{"type":"track","event":"Product Viewed","anonymousId":"a1","messageId":"m1"}'
IDENTIFY = (
    b'{"type":"identify","userId":"u/1","anonymousId":"a1","messageId":"m2","traits":{"email":"ana@example.com"}}'
)
PATHS = (
    "/inspect/events",
    "/inspect/violations",
    "/inspect/merges",
    "/inspect/ledger",
    "/inspect/profiles/email/ana%40example.com",
    "/inspect/stream",
    "/metrics",
)
ALL = pytest.mark.parametrize("path", PATHS)


@ALL
async def test_the_read_side_needs_the_token(tmp_path: Path, path: str) -> None:
    async with site(tmp_path) as one:
        for headers in ({}, {"x-tagway-token": "wrong"}, {"x-tagway-token": ""}, {"authorization": f"Basic {TOKEN}"}):
            answer = await one.send(path, method="GET", headers=headers)
            assert (answer.status, answer.code) == (401, "no_token")


@pytest.mark.parametrize("path", [*PATHS, "/commands"])
async def test_who_asks_without_the_token_is_counted_and_what_they_asked_for_is_not_kept(
    tmp_path: Path, path: str
) -> None:
    async with site(tmp_path) as one:
        one.fold()
        for headers in ({"x-tagway-token": "wr0ng"}, {"host": "evil.example"}):
            answer = await one.send(path, method="POST" if path == "/commands" else "GET", headers=headers)
            assert answer.status in (400, 401)
        text = (await one.read("/metrics")).body.decode()
    for code in ("no_token", "bad_host"):
        assert f'tagway_requests_refused_total{{code="{code}",source=""}} 1.0' in text
    assert [(entry.kind, entry.code) for entry in one.logged()] == [("refused", "no_token"), ("refused", "bad_host")]
    assert found(tmp_path, b"ana%40", b"wr0ng") == []


async def test_a_reader_s_own_mistake_is_no_refused_request(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        one.fold()
        assert (await one.read("/inspect/profiles/email/nobody@example.com")).status == 404
        assert (await one.read("/inspect/events?after=x")).status == 400
    assert one.logged() == []


@ALL
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "[::1"])
async def test_the_read_side_answers_to_its_own_names_only(tmp_path: Path, path: str, host: str) -> None:
    async with site(tmp_path) as one:
        answer = await one.send(path, method="GET", headers={"host": host, "x-tagway-token": TOKEN})
    assert (answer.status, answer.code) == (400, "bad_host")


async def test_a_configured_name_and_every_way_to_write_loopback_are_answered(tmp_path: Path) -> None:
    config = configured('[gateway]\nhosts = ["tagway.internal"]\n[sources.web]\nplugin = "segment"\n')
    async with site(tmp_path, config) as one:
        one.fold()
        for host in ("tagway.internal:80", "TAGWAY.internal", "localhost:8787", "127.0.0.1", "[::1]:8787"):
            answer = await one.read("/inspect/ledger", {"host": host})
            assert (host, answer.status) == (host, 200)


async def test_the_token_is_taken_as_a_bearer_too(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        one.fold()
        answer = await one.send("/inspect/ledger", method="GET", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200


async def test_events_profiles_and_the_ledger_are_read(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        for body in (BODY, IDENTIFY):
            await one.send("/v1/track" if body is BODY else "/v1/identify", body)
            one.clock += 1_000_000
        one.fold()
        page = (await one.read("/inspect/events?limit=1")).json
        assert [event["message_id"] for event in page["events"]] == ["m1"]
        rest = (await one.read(f"/inspect/events?after={page['next']}")).json
        assert [event["message_id"] for event in rest["events"]] == ["m2"]
        for path in ("email/ana%40example.com", "email/ANA@Example.com", "user_id/u%2F1", "anonymous_id/a1"):
            profile = (await one.read(f"/inspect/profiles/{path}")).json
            assert profile["events"] == {"total": 2, "before_identify": 1}
        assert (await one.read("/inspect/ledger")).json["balanced"]
        assert (await one.read("/inspect/violations")).json["violations"]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=1e3", "after=" + "9" * 30])
async def test_a_parameter_that_is_no_number_is_a_400(tmp_path: Path, query: str) -> None:
    async with site(tmp_path) as one:
        answer = await one.read(f"/inspect/events?{query}")
    assert (answer.status, answer.code) == (400, "malformed_body")


async def test_a_stream_begins_anew_after_a_last_event_that_is_no_row(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        one.fold()
        for last in ("9" * 5_000, "9" * 20, "-1", "x"):
            assert (await one.read("/inspect/stream", {"last-event-id": last})).status == 200


async def test_an_unknown_identifier_is_a_404_and_no_store_yet_a_503(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        early = await one.read("/inspect/ledger")
        assert (early.status, early.headers["retry-after"].isdigit()) == (503, True)
        one.fold()
        for path in ("email/nobody@example.com", "shoe_size/44"):
            assert (await one.read(f"/inspect/profiles/{path}")).status == 404


async def test_a_command_is_a_row_of_the_log_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        token = {"x-tagway-token": TOKEN}
        good = json.dumps({"action": "block", "target": ["email:spam@example.com"]}).encode()
        assert (await one.send("/commands", good)).status == 401
        answer = await one.send("/commands", good, token)
        assert answer.status in (200, 400), answer.body
        assert (await one.send("/commands", b'{"action": "explode"}', token)).code == "malformed_body"
        beyond = b'{"action": "block", "target": "%b", "n": 1e999}' % (b"x" * 20_000)
        assert (await one.send("/commands", beyond, token)).code == "malformed_json"


async def test_anybody_may_ask_whether_it_lives_and_only_the_token_learns_more(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        assert (await one.send("/livez", method="GET")).json == {"status": "ok"}
        assert (await one.send("/readyz", method="GET")).json == {"status": "ok"}
        assert "engine" in (await one.read("/readyz")).json


async def test_a_log_that_cannot_be_written_is_not_ready_and_no_200(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        await one.send("/v1/track", BODY)
        commit = one.application.intake.commit
        assert commit is not None
        commit._log.close()  # as a disk that fails
        answer = await one.send("/v1/track", BODY)
        assert (answer.status, answer.code) == (503, "log_unwritable")
        ready = await one.read("/readyz")
        assert (ready.status, "cannot be written" in ready.json["faults"][0]) == (503, True)


@pytest.mark.skipif(sys.platform == "win32", reason="what is open there cannot be deleted")
@pytest.mark.parametrize("again", [False, True], ids=["gone", "another in its place"])
async def test_a_log_that_was_deleted_is_no_200_that_nobody_will_find(tmp_path: Path, again: bool) -> None:
    folder = tmp_path / "data"
    async with site(folder) as one:
        assert (await one.send("/v1/track", BODY)).status == 200
        shutil.rmtree(folder)
        if again:
            Log(folder).close()
        answer = await one.send("/v1/track", BODY)
        assert (answer.status, answer.code) == (503, "log_unwritable")
        assert "log.db was moved or deleted; start the gateway anew" in answer.json["message"]
        ready = await one.read("/readyz")
        assert (ready.status, len(ready.json["faults"])) == (503, 1 if again else 2)


async def test_only_declared_headers_are_stored_and_no_key_token_cookie_or_address(tmp_path: Path) -> None:
    config = configured(
        '[sources.web]\nplugin = "segment"\nwrite_keys = ["c4nary-key"]\n'
        '[sources.shopify]\nplugin = "shopify"\nsecrets = ["s"]\n'
    )
    secret = {"cookie": "c4nary-cookie", "x-forwarded-for": "203.0.113.99", "user-agent": "c4nary-agent"}
    async with site(tmp_path, config) as one:
        await one.send("/v1/track?writeKey=c4nary-key&a=1", BODY, secret)
        await one.send("/v1/track", BODY, {**secret, "authorization": "Bearer c4nary-key"})
        await one.send("/webhooks/shopify", BODY, {**secret, "x-shopify-hmac-sha256": "AAAA"})
        entries = one.logged()
    assert [entry.query for entry in entries[:2]] == ["a=1", ""]
    assert found(tmp_path, b"c4nary", b"203.0.113.99") == []


def found(folder: Path, *texts: bytes) -> list[str]:
    """The files of a folder that hold one of the texts."""
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    return [name for name, content in contents.items() if any(text in content for text in texts)]


async def test_metrics_are_prometheus_text(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        await one.send("/v1/track", BODY)
        await one.send("/v1/track", b"{")
        assert "tagway_engine_lag_rows" not in (await one.read("/metrics")).body.decode()  # nobody folds yet
        one.fold()
        await one.send("/v1/track", BODY)
        text = (await one.read("/metrics")).body.decode()
    assert 'tagway_requests_taken_total{source="segment"} 2.0' in text
    assert "tagway_engine_lag_rows 1.0" in text
    assert 'tagway_requests_refused_total{code="malformed_json",source="segment"} 1.0' in text


async def test_no_cache_between_keeps_what_is_about_people(tmp_path: Path) -> None:
    async with site(tmp_path) as one:
        await one.send("/v1/identify", IDENTIFY)
        one.fold()
        for path in ("/inspect/events", "/inspect/merges", "/inspect/profiles/email/ana%40example.com"):
            assert (await one.read(path)).headers["cache-control"] == "no-store"
