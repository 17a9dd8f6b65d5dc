"""`tagway normalize`: what a body would become, without a gateway."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tagway.cli.normalize import normalize
from tagway.cli.options import with_topic
from tagway.testing import InProcess

from tests.testing.sources import Sound

CALL = {
    "type": "track",
    "event": "Product Viewed",
    "anonymousId": "a1",
    "messageId": "m1",
    "timestamp": "2026-11-01T10:00:00Z",
    "properties": {"product_id": "1", "sku": "A", "name": "Candle", "price": 25, "currency": "EUR"},
}


def run(body: bytes, *arguments: str) -> Result:
    return CliRunner().invoke(normalize, ["-", *arguments], input=body)


def rows(body: Any, *arguments: str) -> list[dict[str, Any]]:
    result = run(json.dumps(body).encode(), "--plugin", "segment", "--path", "/v1/batch", "--json", *arguments)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_an_event_is_printed_as_the_store_would_have_it(tmp_path: Path) -> None:
    call = {**CALL, "userId": "gid://shopify/Customer/7", "traits": {"email": " Ana@Example.COM"}}
    (printed,) = rows({"batch": [call]})
    with InProcess(tmp_path) as gateway:
        (stored,) = gateway.send("segment", json.dumps({"batch": [call]}).encode(), path="/v1/batch", verified=False)
    assert (printed["user_id"], printed["email"]) == ("7", "ana@example.com")

    for only_known_to_the_store in (
        "seq",
        "profile_id",
        "reachable",
        "reachable_at",
        "duplicate_of",
        "request",
        "received_at",
    ):
        del stored[only_known_to_the_store]
    assert {key: printed[key] for key in stored} == stored


def test_the_identifiers_of_an_event_are_printed() -> None:
    (printed,) = rows({"batch": [CALL]})
    assert printed["identifiers"] == [{"kind": "anonymous_id", "value": "a1"}]


def test_what_identity_refuses_is_told_as_it_was_sent_and_is_nobody_s() -> None:
    (printed,) = rows({"batch": [{**CALL, "userId": "null", "traits": {"phone": "0151 1234567"}}]})
    assert printed["user_id"] is None
    assert {"kind": "phone", "value": "0151 1234567"} in printed["identifiers"]


def test_the_same_message_twice_in_a_body_is_a_duplicate() -> None:
    assert [row["status"] for row in rows({"batch": [CALL, CALL]})] == ["accepted", "duplicate"]


def test_nothing_but_dead_letters_is_a_failure() -> None:
    result = run(b"[", "--plugin", "segment", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["dead_letter"]["code"] == "payload"


def test_one_event_among_dead_letters_is_none() -> None:
    result = run(json.dumps({"batch": [1, CALL]}).encode(), "--plugin", "segment")
    assert result.exit_code == 0
    assert result.stdout.startswith("dead_letter")


def test_a_terminal_never_gets_a_live_escape_sequence() -> None:
    call = {**CALL, "event": "\x1b[31mred", "properties": {"\x1b]0;x": "\x1b[2J"}}
    result = run(json.dumps({"batch": [call]}).encode(), "--plugin", "segment")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--plugin", "nope"], "'nope' is none of: "),
        (["--source", "nope"], "'nope' is none of: "),
        ([], "give one of --plugin and --source"),
        (["--plugin", "segment", "--source", "segment"], "give one of --plugin and --source"),
        (["--plugin", "segment", "--header", "topic"], "'topic' is not of the form NAME=VALUE"),
    ],
)
def test_a_wrong_use_says_what_is_wrong(arguments: list[str], says: str) -> None:
    result = run(b"{}", *arguments)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr


class ByHeader(Sound):
    topic_header = "x-topic"


class ByQuery(Sound):
    topic_query = "topic"


def test_a_topic_is_sent_where_the_vendor_sends_it() -> None:
    assert with_topic(ByHeader(), "orders/create", {}, "") == ({"x-topic": "orders/create"}, "")
    assert with_topic(ByQuery(), "orders create", {}, "a=1") == ({}, "a=1&topic=orders+create")


def test_a_topic_that_the_body_names_is_not_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert with_topic(Sound(), "orders/create", {}, "") == ({}, "")
    assert "reads its topic from the body" in capsys.readouterr().err


def test_a_configured_source_of_the_plugin_is_the_one_that_is_meant(tmp_path: Path) -> None:
    """Its spellings hold, and a fix names it."""
    file = tmp_path / "tagway.toml"
    file.write_text('[sources.web]\nplugin = "segment"\nwrite_keys = ["k"]\n[sources.web.aliases]\nartikel = "sku"\n')
    named = {**CALL, "properties": {"artikel": "A", "product_name": "Candle", "product_id": "1"}}
    (printed,) = rows({"batch": [named]}, "--config", str(file))
    assert (printed["source"], printed["properties"]["sku"]) == ("web", "A")
    spelled = next(one for one in printed["violations"] if one["code"] == "property_spelling")
    assert "`tagway taxonomy alias web product_name name`" in spelled["resolution"]
