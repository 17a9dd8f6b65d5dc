"""Customer.io has keyed calls and signed webhooks: one source, each of its paths opened its own way."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from click.testing import CliRunner
from tagway import signatures
from tagway.cli import tagway

from tests.web.site import NOW, Site, configured, site

EVENT = json.dumps({"name": "Product Viewed", "data": {"sku": "A"}}).encode()
REPORT = json.dumps({"event_id": "01J", "object_type": "email", "metric": "opened", "data": {}}).encode()
KEY = {"Authorization": "Basic " + base64.b64encode(b"site:key").decode()}
SCHEME = signatures.Hmac(
    header="x-cio-signature", encodings=("hex",), signed="v0:{timestamp}:{body}", timestamp_header="x-cio-timestamp"
)
ALL = [("secret", 1), ("secret", 2), ("write key", 1), ("write key", 2)]
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


async def test_the_overview_tells_which_secret_and_which_key_opened_it(tmp_path: Path) -> None:
    text = source('secrets = ["older", "signing-key"]', 'write_keys = ["unused:key", "site:key"]')
    async with site(tmp_path, configured(text)) as one:
        await one.send("/webhooks/cio", REPORT, SCHEME.sign(REPORT, "signing-key", NOW))
        assert opened(one, text) == [("secret", 2)]
        one.clock += 1
        await one.send("/api/v1/customers/5/events", EVENT, KEY)
        assert opened(one, text) == [("secret", 2), ("write key", 2)]


def opened(one: Site, text: str) -> list[tuple[str, int]]:
    """What `tagway sources` says has opened the source, once the log is folded."""
    one.fold()
    file = one.folder / "tagway.toml"
    file.write_text(text)
    result = CliRunner().invoke(tagway, ["sources", "--json", "--config", str(file), "--data", str(one.folder)])
    row = json.loads(result.output)
    assert [(proof["kind"], proof["place"]) for proof in row["proofs"]] == ALL
    return [(proof["kind"], proof["place"]) for proof in row["proofs"] if proof["last_matched"]]


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
