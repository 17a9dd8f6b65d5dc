"""`tagway send` against a running gateway: signed as the vendor signs, and the verdict printed."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path

from click.testing import CliRunner
from tagway.cli import tagway

from tests.process.running import running

CONFIG = '[sources.shopify]\nplugin = "shopify"\nsecrets = ["s3cret"]\n'
ORDER = {
    "id": 42,
    "email": "jon@example.com",
    "currency": "USD",
    "total_price": "10.00",
    "created_at": "2026-11-01T10:00:00Z",
    "line_items": [],
}


def test_a_sent_webhook_is_taken_and_its_outcome_printed(tmp_path: Path) -> None:
    config, body = tmp_path / "tagway.toml", tmp_path / "order.json"
    config.write_text(CONFIG)
    body.write_text(json.dumps(ORDER))
    arguments = ["send", str(body), "--source", "shopify", "--topic", "orders/create", "--json"]
    with running(tmp_path, "--config", str(config)) as one:
        where = ["--config", str(config), "--data", str(one.data)]
        sent = CliRunner().invoke(tagway, [*arguments, *where])
        assert sent.exit_code == 0, sent.output
        (outcome,) = json.loads(sent.output)["outcomes"]
        assert outcome["name"] == "Order Completed"
        config.write_text(CONFIG.replace("s3cret", "wrong"))
        refused = CliRunner().invoke(tagway, [*arguments, *where])
        assert (refused.exit_code, json.loads(refused.output)["code"]) == (1, "bad_proof")


def test_a_sent_body_that_becomes_no_event_is_told_why(tmp_path: Path) -> None:
    body = tmp_path / "call.json"
    body.write_text('{"type": "blink"}')
    with running(tmp_path) as one:
        arguments = ["send", str(body), "--source", "segment", "--data", str(one.data)]
        printed = CliRunner().invoke(tagway, arguments).output
        (outcome,) = json.loads(CliRunner().invoke(tagway, [*arguments, "--json"]).output)["outcomes"]
    assert "dead_letter  expected one of alias, group, identify, page, screen, track, at /type" in printed
    assert (outcome["status"], outcome["dead_letter"]["pointer"]) == ("dead_letter", "/type")


class NoGateway(http.server.BaseHTTPRequestHandler):
    """A web server of another kind, as a tunnel that has ended is."""

    def do_POST(self) -> None:
        self.send_response(502)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        del format, args


def test_an_address_without_a_gateway_is_a_sentence(tmp_path: Path) -> None:
    body = tmp_path / "call.json"
    body.write_text("{}")
    arguments = ["send", str(body), "--source", "segment", "--data", str(tmp_path / "data"), "--url"]
    with http.server.HTTPServer(("127.0.0.1", 0), NoGateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        other = CliRunner().invoke(tagway, [*arguments, f"http://127.0.0.1:{server.server_port}"])
        server.shutdown()
    assert "answers 502, but not as a gateway does" in str(other.exception)
    for url in ("nothing", "http://[::1", f"http://127.0.0.1:{server.server_port}"):
        assert "does a gateway run there?" in str(CliRunner().invoke(tagway, [*arguments, url]).exception)
