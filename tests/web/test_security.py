"""Known ways to attack an ingest, one row for each, named after the risk; and laws over whatever else may be sent.

Framing, floods, slow senders and bombs in bytes on the wire are in `test_wire`, reading and files in `test_reading`,
keys and origins in `test_sdk_paths`, crashes and full disks in `tests/process` and `tests/torture`.
"""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tagway import DeadLetter, Event, Request, Source, hookimpl, web
from tagway.core import signatures
from tagway.core.body import encode
from tagway.core.moments import DAY, HOUR
from tagway.core.signatures import Scheme, Stamped
from tagway.errors import ConfigError
from tagway.hookspecs import Access, Proof
from tagway.process.logs import JsonLines

from tests.core.test_signature_schemes import SCHEMES, secret_for
from tests.web.site import NOW, Site, configured, site
from tests.web.test_webhooks import ORDER, signed

WEB = '[sources.web]\nplugin = "segment"\nwrite_keys = ["web-key"]\norigins = ["https://shop.example"]\n'
SHOPIFY = '[sources.shopify]\nplugin = "shopify"\nsecrets = ["new-secret", "old-secret"]\n'
KEY = {"authorization": "Bearer web-key"}
CALL = b'{"type":"track","event":"Product Viewed","anonymousId":"a1","messageId":"m1","properties":{"n":%s}}'
UNSIGNED = {"x-shopify-topic": "orders/create"}
SIGNATURE = signed(ORDER)["x-shopify-hmac-sha256"]
BOMB = gzip.compress(b'"' + b"x" * 20_000_000 + b'"', compresslevel=9)


class Signed(Source):
    """A webhook whose whole proof is one scheme of `core.signatures`."""

    def __init__(self, name: str, scheme: Scheme) -> None:
        self.name, self.scheme, self.signature_header = name, scheme, scheme.header

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        if request.body == b'"raise"':
            raise RuntimeError("s3cret words")
        return [Event(name="Signed")]


class Faulty(Signed):
    """A verifier that fails in its own way on every request."""

    def __init__(self) -> None:
        super().__init__("faulty", Stamped(header="x-stamp"))

    def verify(self, request: Request, access: Access) -> Proof:
        raise RuntimeError(request.headers.get("x-stamp", ""))


class Plugin:
    """Registers sources of the test."""

    def __init__(self, *sources: Source) -> None:
        self._sources = sources

    @hookimpl
    def register_sources(self, register: Any) -> None:
        for one in self._sources:
            register(one)


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A request, and the one answer that it may get."""

    body: bytes
    status: int
    code: str
    path: str = "/v1/track"
    headers: Mapping[str, str] | list[tuple[str, str]] = field(default_factory=lambda: KEY)


def webhook(code: str, body: bytes = ORDER, **headers: str) -> Attack:
    """A webhook that proves nothing."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Attack(path="/webhooks/shopify", headers={**UNSIGNED, **given}, body=body, status=401, code=code)


def call(status: int, code: str, body: bytes, **headers: str) -> Attack:
    """A keyed call with a hostile body."""
    return Attack(body=body, status=status, code=code, headers={**KEY, **headers})


ATTACKS = {
    "prefix signature bypass: empty": webhook("no_proof", x_shopify_hmac_sha256=""),
    "prefix signature bypass: one character": webhook("bad_proof", x_shopify_hmac_sha256=SIGNATURE[:1]),
    "prefix signature bypass: something appended": webhook("bad_proof", x_shopify_hmac_sha256=SIGNATURE + "AAAA"),
    "verifier crash: not base64": webhook("bad_proof", x_shopify_hmac_sha256="v1,a,b"),
    "verifier crash: not ASCII": webhook("bad_proof", x_shopify_hmac_sha256="\xff\xfe"),
    "verifier crash: header sent twice": Attack(
        path="/webhooks/shopify",
        headers=[*signed(ORDER).items(), ("x-shopify-hmac-sha256", SIGNATURE)],
        body=ORDER,
        status=401,
        code="bad_proof",
    ),
    "verifier crash: third-party verifier raises": Attack(
        path="/webhooks/faulty", headers={"x-stamp": "s3cret"}, body=b"{}", status=401, code="bad_proof"
    ),
    "fail-open verifier: header of another name": webhook("no_proof", x_shopify_hmac_sha256_=SIGNATURE),
    "fail-open verifier: NaN as time": Attack(
        path="/webhooks/stamped", headers={"x-stamp": "t=NaN,v1=" + "0" * 64}, body=b"{}", status=401, code="bad_proof"
    ),
    "auth after work: bomb without a signature": webhook("no_proof", BOMB, content_encoding="gzip"),
    "auth after work: deep JSON with a wrong one": webhook(
        "bad_proof", b"[" * 100_000, x_shopify_hmac_sha256=SIGNATURE
    ),
    "body re-encoding: line end": webhook("bad_proof", ORDER + b"\r\n", x_shopify_hmac_sha256=SIGNATURE),
    "body re-encoding: byte order mark": webhook("bad_proof", b"\xef\xbb\xbf" + ORDER, x_shopify_hmac_sha256=SIGNATURE),
    "body re-encoding: key order": webhook(
        "bad_proof", json.dumps(json.loads(ORDER), sort_keys=True).encode(), x_shopify_hmac_sha256=SIGNATURE
    ),
    "body re-encoding: compressed on the way": webhook(
        "bad_proof", gzip.compress(ORDER), x_shopify_hmac_sha256=SIGNATURE, content_encoding="gzip"
    ),
    "JSON bomb: lists": call(400, "too_deep", b"[" * 100_000 + b"]" * 100_000),
    "JSON bomb: objects": call(400, "too_deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "NaN": call(400, "malformed_json", CALL % b"NaN"),
    "1e400": call(400, "malformed_json", CALL % b"1e400"),
    "lone surrogate": call(400, "malformed_json", CALL % b'"\\ud800"'),
    "raw NUL": call(400, "malformed_json", CALL % b'"\x00"'),
    "invalid UTF-8": call(400, "malformed_json", CALL % b'"\xff"'),
    "decompression bomb": call(400, "too_large", BOMB),
    "decompression bomb: one in another": call(400, "malformed_json", gzip.compress(gzip.compress(CALL % b"1"))),
    "header flood: number": call(431, "headers_too_large", CALL % b"1", **{f"x-{n}": "1" for n in range(3_000)}),
    "header flood: size": call(431, "headers_too_large", CALL % b"1", **{"x-long": "1" * 70_000}),
    "smuggling: key sent twice": Attack(
        headers=[*KEY.items(), ("authorization", "Bearer other")], body=b"{}", status=400, code="duplicate_header"
    ),
    "cross-origin: unlisted page": call(401, "bad_origin", CALL % b"1", origin="https://evil.example"),
}
STAMPED = (
    '[sources.stamped]\nplugin = "stamped"\nsecrets = ["s"]\n[sources.faulty]\nplugin = "faulty"\nsecrets = ["s"]\n'
)
HOSTS = Plugin(Signed("stamped", Stamped(header="x-stamp")), Faulty())


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_gets_its_answer_and_nothing_into_the_log(
    tmp_path: Path, attack: Attack, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(tmp_path, configured(WEB + SHOPIFY + STAMPED), [HOSTS]) as one:
        answer = await one.send(attack.path, attack.body, attack.headers)
        assert (answer.status, answer.code) == (attack.status, attack.code)
        assert "access-control-allow-credentials" not in answer.headers
        assert [entry.kind for entry in one.logged() if entry.kind == "request"] == []
        assert (await one.send("/v1/track", CALL % b"1", KEY)).status == 200
    assert "s3cret" not in "".join(JsonLines().format(record) for record in caplog.records)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param(b"18446744073709551616", 2**64, id="big integer: no float"),
        pytest.param(b"9007199254740993", 2**53 + 1, id="big integer: no double"),
        pytest.param(b'"a\\u0000b"', "a\x00b", id="escaped NUL"),
        pytest.param(b'"[@click=app.x]\\u001b[2J"', "[@click=app.x]\x1b[2J", id="escapes and markup stay data"),
        pytest.param(b'1,"n":2', 2, id="duplicate key: the last one counts, as for every reader"),
    ],
)
async def test_unusual_values_are_kept_as_they_are(tmp_path: Path, sent: bytes, kept: object) -> None:
    async with site(tmp_path, configured(WEB)) as one:
        assert (await one.send("/v1/track", CALL % sent, KEY)).status == 200
    (event,) = one.fold()
    assert event["properties"] == {"n": kept}


LONG = b"9" * 4_301
"""One digit more than can be read."""
AROUND = b'"%b"' % (b"1" * 30_000)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(LONG, id="alone"),
        pytest.param(b"-" + LONG, id="negative"),
        pytest.param(b"1" * 100_000, id="a body of digits"),
        *(pytest.param(b'"%b",%b' % (b" " * before, LONG), id=f"behind {before} bytes") for before in (2_000, 50_000)),
        pytest.param(b"[%b,%b]" % (AROUND, LONG), id="beside text of digits"),
        pytest.param(b"[%b,%b]" % (LONG, AROUND), id="before text of digits"),
    ],
)
async def test_a_number_of_more_digits_than_can_be_read_is_refused(tmp_path: Path, value: bytes) -> None:
    async with site(tmp_path, configured(WEB)) as one:
        answer = await one.send("/v1/track", CALL % (b"[%b]" % value), KEY)
        assert (answer.status, answer.code) == (400, "malformed_json")
        assert "more than 4300 digits" in answer.json["message"]
    assert [entry.kind for entry in one.logged()] == ["refused"]


async def test_a_number_of_all_digits_that_can_be_read_and_a_text_of_more_are_kept(tmp_path: Path) -> None:
    async with site(tmp_path, configured(WEB)) as one:
        for value in (LONG[1:], AROUND):
            assert (await one.send("/v1/track", CALL % value, KEY)).status == 200
    assert [encode(event["properties"]["n"]) for event in one.fold()] == [LONG[1:], AROUND]


@pytest.mark.parametrize("later", [0, HOUR, 5 * HOUR, 30 * DAY])
async def test_a_replayed_webhook_without_a_time_in_it_is_a_duplicate(tmp_path: Path, later: int) -> None:
    async with site(tmp_path, configured(SHOPIFY)) as one:
        for one.clock in (NOW, NOW + later):
            assert (await one.send("/webhooks/shopify", ORDER, signed(ORDER))).status == 200
        first, again = one.fold()
    assert (first["status"] == "duplicate", again["status"]) == (False, "duplicate")


@pytest.mark.parametrize("later", [-HOUR, HOUR, 5 * HOUR, 30 * DAY])
async def test_a_replayed_webhook_with_a_time_in_it_is_a_401(tmp_path: Path, later: int) -> None:
    headers = Stamped(header="x-stamp").sign(b"{}", "s", NOW)
    async with site(tmp_path, configured(STAMPED), [HOSTS]) as one:
        assert (await one.send("/webhooks/stamped", b"{}", headers)).status == 200
        one.clock = NOW + later
        answer = await one.send("/webhooks/stamped", b"{}", headers)
    assert (answer.status, answer.code) == (401, "stale_proof")


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES.keys())
async def test_every_truncation_of_a_valid_signature_is_a_401(tmp_path: Path, scheme: Scheme) -> None:
    body, secret = b'{"id": 820982911946154508}', secret_for(scheme)
    config = configured(f'[sources.signed]\nplugin = "signed"\nsecrets = [{json.dumps(secret)}]\n')
    headers = scheme.sign(body, secret, NOW)
    async with site(tmp_path, config, [Plugin(Signed("signed", scheme))]) as one:
        assert (await one.send("/webhooks/signed", body, headers)).status == 200
        for length in range(len(headers[scheme.header])):
            cut = {**headers, scheme.header: headers[scheme.header][:length]}
            assert (await one.send("/webhooks/signed", body, cut)).status == 401


@pytest.mark.parametrize("secret", ["secrets = ['']", "write_keys = ['']", "path_token = 5", "secrets = 's'"])
def test_a_source_with_an_empty_or_odd_secret_does_not_start(secret: str) -> None:
    with pytest.raises(ConfigError):
        configured(f"[sources.shopify]\nplugin = 'shopify'\n{secret}\n")


@pytest.mark.parametrize("right", [0, 1, 2, None])
def test_the_time_of_a_check_does_not_tell_which_secret_was_close(
    monkeypatch: pytest.MonkeyPatch, right: int | None
) -> None:
    compared: list[int] = []

    def watched(one: bytes, other: bytes) -> bool:
        compared.append(len(one))
        assert type(one) is type(other) is bytes
        return compare(one, other)

    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", watched)
    live = ["first", "second", "third"]
    given = signatures.encoded(signatures.digest("other" if right is None else live[right], b"body"), "base64")
    assert signatures.matching(given, b"body", live) == right
    assert compared == [32, 32, 32]


async def test_a_plugin_that_raises_loses_no_request_and_repeats_nobodys_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scheme = Stamped(header="x-stamp")
    caplog.set_level(logging.DEBUG)
    async with site(tmp_path, configured(STAMPED), [HOSTS]) as one:
        for body in (b'"raise"', b'"fine"'):
            assert (await one.send("/webhooks/stamped", body, scheme.sign(body, "s", NOW))).status == 200
    assert [event["status"] == "dead_letter" for event in one.fold()] == [True, False]
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(("package", "floor"), [("starlette", (0, 49, 1)), ("h11", (0, 16, 0))])
def test_dependencies_are_newer_than_their_known_holes(package: str, floor: tuple[int, ...]) -> None:
    assert tuple(int(part) for part in version(package).split(".")[:3]) >= floor


def test_no_older_starlette_can_be_installed_with_the_gateway() -> None:
    assert "starlette>=0.49.1" in (requires("tagway") or [])


def test_no_form_is_parsed_and_no_file_served_by_the_framework() -> None:
    sources = "".join(path.read_text() for path in Path(web.__file__ or "").parent.glob("*.py"))
    assert not [
        word for word in ("request.form(", "FileResponse", "StaticFiles", "python_multipart") if word in sources
    ]


VALUES = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=60)
NAMES = st.sampled_from(
    ["authorization", "x-write-key", "content-encoding", "content-length", "content-type", "origin", "prefer", "cookie",
     "x-forwarded-for", "host", "x-shopify-hmac-sha256", "x-stamp", "x-tagway-token", "transfer-encoding", "expect"]
)  # fmt: skip
HEADERS = st.tuples(
    NAMES, VALUES | st.sampled_from(["gzip", "Bearer web-key", "respond=5", "null", "9" * 40, SIGNATURE])
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["batch", "type", "a"]), inner),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
BODIES = st.binary(max_size=200) | JSON | JSON.map(gzip.compress) | st.just(ORDER) | JSON.map(lambda text: text[:-1])
PATHS = st.sampled_from(
    ["/v1/track", "/v1/batch", "/v1/track/web-key", "/web/v1/t", "/webhooks/shopify", "/webhooks/stamped", "/livez",
     "/webhooks/faulty", "/inspect/events", "/v1/t?data=%ff&writeKey=web-key", "/v1/projects/x/settings", "/\xff", ""]
)  # fmt: skip
REQUESTS = st.tuples(
    st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "DELETE", "OPTIONS", "HEAD", "X"]),
    PATHS,
    st.booleans(),
    st.lists(HEADERS, max_size=5),
    BODIES,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(REQUESTS, min_size=1, max_size=12))
def test_whatever_the_head_and_the_body_are_the_answer_is_200_4xx_or_503(
    tmp_path: Path, requests: list[tuple[str, str, bool, list[tuple[str, str]], bytes]]
) -> None:
    async def ask(one: Site) -> None:
        for method, path, keyed, headers, body in requests:
            known = [*KEY.items(), *signed(body).items()] if keyed else []
            answer = await one.send(path, body, [*known, *headers], method=method)
            assert (
                answer.status in (200, 503) or 400 <= answer.status < 500 or (answer.status, method) == (204, "OPTIONS")
            )

    async def asked() -> None:
        async with site(tmp_path, configured(WEB + SHOPIFY + STAMPED), [HOSTS]) as one:
            await ask(one)
            assert (await one.send("/v1/track", CALL % b"1", KEY)).status == 200

    asyncio.run(asked())
