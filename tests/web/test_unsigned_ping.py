"""WooCommerce pings an address before it uses it, as a form and without a signature: that alone may come unsigned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tagway import signatures

from tests.web.site import NOW, configured, site

CONFIG = '[sources.woo]\nplugin = "woocommerce"\nsecrets = ["secret"]\n'
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOPIC = {"Content-Type": "application/json", "X-WC-Webhook-Topic": "order.created"}
ORDER = json.dumps({"id": 727, "total": "54.70"}).encode()


async def test_a_ping_is_answered_with_200(tmp_path: Path) -> None:
    async with site(tmp_path, configured(CONFIG)) as one:
        assert (await one.send("/webhooks/woo", b"webhook_id=4", FORM)).status == 200


@pytest.mark.parametrize("body", [ORDER, b"webhook_id=4&id=727", b"webhook_id=x"])
async def test_anything_else_without_a_signature_is_refused(tmp_path: Path, body: bytes) -> None:
    async with site(tmp_path, configured(CONFIG)) as one:
        assert (await one.send("/webhooks/woo", body, TOPIC)).status == 401


async def test_a_signed_order_is_taken(tmp_path: Path) -> None:
    signature = signatures.Hmac(header="X-WC-Webhook-Signature").sign(ORDER, "secret", NOW)
    async with site(tmp_path, configured(CONFIG)) as one:
        assert (await one.send("/webhooks/woo", ORDER, {**TOPIC, **signature})).status == 200
        (entry,) = one.logged()
    assert entry.verified
