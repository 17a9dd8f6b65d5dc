"""Webhooks: proof before anything is parsed, 401 for everything else, and the quarantine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tagway.cli import tagway
from tagway.config import Config
from tagway.store.feed import Feed

from tests.web.site import Site, configured, site

SHOPIFY = """
[sources.shopify]
plugin = "shopify"
secrets = ["new-secret", "old-secret"]
[limits]
quarantine_rows = 3
"""
FORM = """
[sources.quiz]
plugin = "jotform"
path_token = "un-guessable"
[sources.partner]
plugin = "tally"
allow_ips = ["203.0.113.0/24"]
[gateway]
trusted_proxies = ["10.0.0.1"]
"""
ORDER = json.dumps(
    {
        "id": 820982911946154508,
        "email": "jon@example.com",
        "currency": "USD",
        "total_price": "403.00",
        "created_at": "2026-11-01T10:00:00Z",
        "line_items": [{"id": 1, "title": "Aria", "price": "199.00", "quantity": 1}],
    }
).encode()


def signed(body: bytes, secret: str = "new-secret") -> dict[str, str]:
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {
        "x-shopify-hmac-sha256": digest,
        "x-shopify-topic": "orders/create",
        "x-shopify-shop-domain": "shop.example",
        "x-shopify-webhook-id": "w1",
        "host": "events.shop.example",
    }


async def post(one: Site, headers: dict[str, str], body: bytes = ORDER) -> tuple[int, str]:
    answer = await one.send("/webhooks/shopify", body, headers)
    return answer.status, "" if answer.status == 200 else answer.code


async def test_an_order_with_its_signature_is_taken_and_its_repetition_is_a_duplicate(tmp_path: Path) -> None:
    async with site(tmp_path, configured(SHOPIFY)) as one:
        assert await post(one, signed(ORDER)) == (200, "")
        assert await post(one, signed(ORDER, "old-secret")) == (200, "")
        first, second = one.fold()
    assert (first["status"] != "duplicate", second["status"], first["verified"]) == (True, "duplicate", True)
    feed = Feed(tmp_path)
    assert set(feed.proofs()["shopify"]) == {0, 1}
    feed.close()


async def test_a_wrong_signature_is_a_401_no_event_and_a_visible_refusal(tmp_path: Path) -> None:
    async with site(tmp_path, configured(SHOPIFY)) as one:
        assert await post(one, signed(ORDER, "wrong")) == (401, "bad_proof")
    assert one.fold() == []
    feed = Feed(tmp_path)
    assert feed.sources()["shopify"]["refused"] == {"bad_proof": 1}
    assert feed.ledger()["balanced"]
    feed.close()


async def test_without_a_signature_nothing_is_kept(tmp_path: Path) -> None:
    async with site(tmp_path, configured(SHOPIFY)) as one:
        headers = {name: value for name, value in signed(ORDER).items() if name != "x-shopify-hmac-sha256"}
        assert await post(one, headers) == (401, "no_proof")
    (refused,) = one.logged()
    assert (refused.body, refused.headers) == (None, {})


async def test_a_signature_is_checked_before_the_body_is_looked_at(tmp_path: Path) -> None:
    async with site(tmp_path, configured(SHOPIFY)) as one:
        assert await post(one, signed(b"{", "wrong"), b"{") == (401, "bad_proof")
        assert await post(one, signed(b"{"), b"{") == (400, "malformed_json")


async def test_a_webhook_that_is_too_large_is_a_413(tmp_path: Path) -> None:
    async with site(tmp_path, configured(SHOPIFY)) as one:
        large = b'"' + b"x" * 5_000_000 + b'"'
        assert await post(one, signed(large), large) == (413, "too_large_webhook")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(value=st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=80), body=st.binary(max_size=200))
async def test_no_signature_header_and_no_body_is_ever_an_error(tmp_path: Path, value: str, body: bytes) -> None:
    async with site(tmp_path, configured(SHOPIFY)) as one:
        status, _ = await post(one, {**signed(ORDER), "x-shopify-hmac-sha256": value}, body)
    assert status in (400, 401)


async def test_a_path_token_opens_a_source_that_cannot_sign(tmp_path: Path) -> None:
    elsewhere = {"host": "events.shop.example", "content-type": "application/x-www-form-urlencoded"}
    body = b"formID=1&submissionID=2&rawRequest=%7B%7D"
    async with site(tmp_path, configured(FORM)) as one:
        assert (await one.send("/webhooks/quiz/un-guessable", body, elsewhere)).status == 200
        for path in ("/webhooks/quiz", "/webhooks/quiz/un-guessabl", "/webhooks/quiz/", "/webhooks/quiz/x"):
            assert (await one.send(path, body, elsewhere)).status in (401, 404)
        taken = [entry for entry in one.logged() if entry.kind == "request"]
    assert [(entry.path, entry.verified) for entry in taken] == [("/webhooks/quiz", True)]


@pytest.mark.parametrize(
    ("client", "forwarded", "status"),
    [
        ("203.0.113.7", None, 200),
        ("198.51.100.1", None, 401),
        ("198.51.100.1", "203.0.113.7", 401),
        ("10.0.0.1", "203.0.113.7", 200),
        ("10.0.0.1", "203.0.113.7, 198.51.100.1", 401),
        ("10.0.0.1", "nonsense", 401),
        ("10.0.0.1", None, 401),
    ],
)
async def test_addresses_are_those_of_the_peer_or_of_a_listed_proxys_last_hop(
    tmp_path: Path, client: str, forwarded: str | None, status: int
) -> None:
    headers = {"host": "events.shop.example"} | ({"x-forwarded-for": forwarded} if forwarded else {})
    body = json.dumps({"eventId": "1", "eventType": "FORM_RESPONSE", "data": {"fields": []}}).encode()
    async with site(tmp_path, configured(FORM)) as one:
        assert (await one.send("/webhooks/partner", body, headers, client=client)).status == status


async def test_the_quarantine_keeps_the_first_bodies_and_counts_the_rest(tmp_path: Path) -> None:
    async with site(tmp_path, configured(SHOPIFY)) as one:
        for number in range(6):
            body = ORDER.replace(b"820982911946154508", b"%d" % number)
            await post(one, signed(body, "wrong"), body)
    kept = [entry for entry in one.logged() if entry.body is not None]
    assert [b'"id": %d' % number in (entry.body or b"") for number, entry in enumerate(kept)] == [True, True, True]
    assert sum(entry.count for entry in one.logged()) == 6


def redrive(folder: Path, config: Config, *arguments: str) -> dict[str, object]:
    file = folder / "tagway.toml"
    file.write_text(SHOPIFY.replace("new-secret", config.sources["shopify"].secrets[0]))
    given = ["redrive", "--quarantined", "--json", "--config", str(file), "--data", str(folder), *arguments]
    result = CliRunner().invoke(tagway, given)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.output.splitlines()[-1]))


async def test_quarantined_requests_are_counted_then_taken_in_once_after_the_secret_is_corrected(
    tmp_path: Path,
) -> None:
    async with site(tmp_path, configured(SHOPIFY)) as one:
        for secret in ("corrected", "never-known"):
            await post(one, signed(ORDER, secret))
    before, after = configured(SHOPIFY), configured(SHOPIFY.replace("new-secret", "corrected"))
    assert redrive(tmp_path, before)["proven"] == {}
    assert redrive(tmp_path, after)["proven"] == {"shopify": 1}
    assert one.fold() == []
    assert redrive(tmp_path, after, "--yes")["redriven"] is True
    (event,) = one.fold()
    assert (event["name"], event["verified"], event["received_at"]) == (
        "Order Completed",
        True,
        "2025-10-09T08:53:20.000Z",
    )
    assert redrive(tmp_path, after, "--yes")["proven"] == {}
    feed = Feed(tmp_path)
    assert feed.ledger()["balanced"]
    feed.close()
