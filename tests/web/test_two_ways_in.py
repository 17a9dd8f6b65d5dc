"""Customer.io has keyed calls and signed webhooks: one source, each of its paths opened its own way."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tagway import signatures

from tests.web.site import NOW, configured, site

EVENT = json.dumps({"name": "Product Viewed", "data": {"sku": "A"}}).encode()
REPORT = json.dumps({"event_id": "01J", "object_type": "email", "metric": "opened", "data": {}}).encode()
KEY = {"Authorization": "Basic " + base64.b64encode(b"site:key").decode()}
SCHEME = signatures.Hmac(
    header="x-cio-signature", encodings=("hex",), signed="v0:{timestamp}:{body}", timestamp_header="x-cio-timestamp"
)
SECRETS = 'secrets = ["signing-key"]'
KEYS = 'write_keys = ["site:key"]'


def source(*lines: str) -> str:
    return "\n".join(["[sources.cio]", 'plugin = "customerio"', *lines])


async def test_a_source_with_both_takes_keyed_calls_and_signed_reports(tmp_path: Path) -> None:
    async with site(tmp_path, configured(source(SECRETS, KEYS))) as one:
        sent = await one.send("/api/v1/customers/a%2Fb%20c/events", EVENT, KEY)
        reported = await one.send("/webhooks/cio", REPORT, SCHEME.sign(REPORT, "signing-key", NOW))
        assert (sent.status, reported.status) == (200, 200)
        call, report = one.logged()
    assert (call.path, call.verified, report.verified) == ("/api/v1/customers/a%2Fb%20c/events", True, True)


async def test_neither_way_in_opens_the_other(tmp_path: Path) -> None:
    async with site(tmp_path, configured(source(SECRETS, KEYS))) as one:
        assert (await one.send("/webhooks/cio", REPORT, KEY)).status == 401
        assert (await one.send("/api/v2/entity", EVENT, SCHEME.sign(EVENT, "signing-key", NOW))).status == 401
        assert not [entry for entry in one.logged() if entry.kind == "request"]


async def test_a_way_that_was_not_configured_is_shut(tmp_path: Path) -> None:
    async with site(tmp_path / "keys", configured(source(KEYS))) as one:
        assert (await one.send("/webhooks/cio", REPORT)).status == 401
    async with site(tmp_path / "secrets", configured(source(SECRETS))) as one:
        assert (await one.send("/api/v1/events", EVENT)).status == 401
