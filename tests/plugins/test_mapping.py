"""The plugin `mapping`: what its options may say, and what it says about those that are wrong."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from tagway import Access, ConfigError, Event, RefusedError, Source, registry
from tagway import config as configuration
from tagway.testing import conformance, request_to, signed
from tagway_plugins import mapping

FULL = mapping.__doc__ or ""


def configured(options: dict[str, Any]) -> Source:
    return mapping.Unmapped().configured(options)


def test_the_example_of_the_documentation_is_a_configuration() -> None:
    text = "\n".join(line.removeprefix("    ") for line in FULL.splitlines() if line.startswith("    "))
    parsed = configuration.parse(tomllib.loads(text), file="tagway.toml", environ={"REVIEWS_SECRET": "s"})
    bound = registry.load(parsed).sources["reviews"]
    assert (bound.source.side, bound.source.signature_header) == ("server", "x-reviews-signature")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "`event` wants a text"),
        (
            {"event": "/type", "propertys": {}},
            "`propertys` is no option of the plugin mapping; there are: constants, event",
        ),
        ({"event": "/type", "items": "data"}, "`items` wants a JSON pointer like \"/data/id\", not 'data'"),
        ({"event": "/type", "message_id": 7}, "`message_id` wants a JSON pointer"),
        ({"event": "/type", "side": "moon"}, "`side` is one of web, server, app, provider, not 'moon'"),
        ({"event": "/type", "time_format": "iso8601"}, "`time_format` is one of iso, iso_utc, s, ms, us"),
        ({"event": "/type", "events": {"a": 1}}, "`events.a` wants a text"),
        (
            {"event": "/type", "identity": {"mail": "/m"}},
            "`identity.mail` is no kind of identifier; there are: user_id, email",
        ),
        ({"event": "/type", "identity": {"email": "m"}}, "`identity.email` wants a JSON pointer"),
        ({"event": "/type", "identity": []}, "`identity` wants a table"),
        (
            {"event": "/type", "properties": {"total": {"cents": "/t"}}},
            "`properties.total.cents` is no reader; there are: each, raw",
        ),
        (
            {"event": "/type", "properties": {"total": {"amount": "t"}}},
            "`properties.total.amount` wants a JSON pointer",
        ),
        (
            {"event": "/type", "properties": {"total": 7}},
            "`properties.total` wants a JSON pointer, or a reader with one",
        ),
        ({"event": "/type", "properties": {"products": {"each": "/l"}}}, "`properties.products.fields` says nothing"),
        (
            {"event": "/type", "properties": {"products": {"each": "/l", "fields": {"sku": "s"}}}},
            "`properties.products.fields.sku` wants a JSON pointer",
        ),
        (
            {"event": "/type", "signature": {"header": "X"}},
            "`signature.scheme` is missing; there are: hmac-sha256-base64",
        ),
        (
            {"event": "/type", "signature": {"scheme": "md5", "header": "X"}},
            "`signature.scheme` is one of hmac-sha256-base64",
        ),
        ({"event": "/type", "signature": {"scheme": "token"}}, "`signature.header` wants a text"),
        (
            {"event": "/type", "signature": {"scheme": "token", "header": "X", "prefix": "v"}},
            "`signature.prefix` is no setting",
        ),
        (
            {"event": "/type", "signature": {"scheme": "hmac-sha256-hex", "header": "X", "signed": "{timestamp}"}},
            "`signature.signed` wants `{body}` once",
        ),
        (
            {
                "event": "/type",
                "signature": {"scheme": "hmac-sha256-hex", "header": "X", "signed": "{timestamp}.{body}"},
            },
            "`signature.timestamp_header` and",
        ),
        (
            {"event": "/type", "signature": {"scheme": "stamped-hex", "header": "X", "tolerance": "5m"}},
            "`signature.tolerance` wants seconds",
        ),
    ],
)
def test_a_fault_in_the_options_names_its_key(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(options)
    assert caught.value.message.startswith(says)


SIGNATURES = [
    {"scheme": "hmac-sha256-base64", "header": "X-Sig"},
    {"scheme": "hmac-sha256-base64url", "header": "X-Sig"},
    {"scheme": "hmac-sha256-hex", "header": "X-Sig", "prefix": "sha256="},
    {"scheme": "hmac-sha1-hex", "header": "X-Sig"},
    {
        "scheme": "hmac-sha256-hex",
        "header": "X-Sig",
        "signed": "v0:{timestamp}:{body}",
        "timestamp_header": "X-Time",
        "tolerance": 300,
    },
    {"scheme": "stamped-hex", "header": "X-Sig"},
    {"scheme": "stamped-base64", "header": "X-Sig", "tolerance": 60},
    {"scheme": "standard-webhooks"},
    {"scheme": "svix", "tolerance": 60},
    {"scheme": "salted-sha256-hex", "header": "X-Sig"},
    {"scheme": "token", "header": "X-Sig"},
    {"scheme": "basic"},
]


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda one: "-".join(map(str, one.values())))
def test_every_scheme_that_can_be_named_verifies_what_is_signed_by_it(signature: dict[str, Any]) -> None:
    checks = {check.name: check for check in conformance(configured({"event": "/type", "signature": signature}))}
    for name in (
        "its own signature is accepted, under any live secret",
        "a wrong or absent signature is refused",
        "a tampered body is refused",
        "a truncated signature is refused",
    ):
        checks[name]()


def test_a_stale_signature_is_refused_within_the_configured_tolerance() -> None:
    source = configured({"event": "/type", "signature": {"scheme": "stamped-hex", "header": "X-Sig", "tolerance": 60}})
    now = 1_760_000_000_000_000
    request = signed(source, request_to(source, {}), "s", now)
    assert source.verify(request, Access(secrets=("s",), now=now + 59_000_000)).verified
    with pytest.raises(RefusedError, match="60 s"):
        source.verify(request, Access(secrets=("s",), now=now + 61_000_000))


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({}, ["msg_1"]),
        ({"items": "/data"}, ["msg_1/data/0", "msg_1/data/1"]),
        ({"message_id": "/id"}, ["own"]),
        ({"message_id": "/nowhere"}, ["msg_1"]),
    ],
    ids=str,
)
def test_a_delivery_of_standard_webhooks_is_told_from_its_repeats_by_the_id_in_its_headers(
    options: dict[str, Any], ids: list[str]
) -> None:
    source = configured({"event": "/type", "signature": {"scheme": "standard-webhooks"}, **options})
    document = {"id": "own", "type": "Order Completed", "data": [{"n": 1}, {"n": 2}]}
    events = source.normalize(request_to(source, document, headers={"Webhook-Id": "msg_1"}))
    assert [event.message_id for event in events if isinstance(event, Event)] == ids
