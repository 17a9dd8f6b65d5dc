"""Laws of every signature scheme: what it signs it proves; nothing less, nothing else, and never an exception."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook
from tagway.core.moments import HOUR, SECOND
from tagway.core.signatures import Basic, Hmac, Salted, Scheme, Stamped, Standard, Token
from tagway.errors import RefusedError

NOW = 1_760_000_000 * SECOND
SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four byt").decode()
BODY = b'{"id": 820982911946154508}\n'
SCHEMES: dict[str, Scheme] = {
    "body, base64 (Shopify, WooCommerce)": Hmac(header="x-hmac"),
    "body, prefixed (Typeform)": Hmac(header="x-hmac", prefix="sha256="),
    "body, hex": Hmac(header="x-hmac", encodings=("hex",)),
    "body, hex, SHA-1": Hmac(header="x-hmac", encodings=("hex",), algorithm="sha1"),
    "body, base64url unpadded (Formsort)": Hmac(header="x-hmac", encodings=("base64url",)),
    "time and body (Customer.io)": Hmac(
        header="x-hmac",
        encodings=("hex",),
        signed="v0:{timestamp}:{body}",
        timestamp_header="x-time",
        tolerance=HOUR,
    ),
    "stamped (Stripe, Recharge)": Stamped(header="x-stamp"),
    "stamped, base64 (Jebbit)": Stamped(header="x-stamp", encoding="base64"),
    "Standard Webhooks": Standard(),
    "Svix": Standard(prefix="svix-"),
    "salted digest (Recharge, older)": Salted(header="x-digest"),
    "token": Token(header="x-token"),
    "Basic": Basic(),
}
ALL = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES.keys())
SIGNING = pytest.mark.parametrize("scheme", [one for one in SCHEMES.values() if not isinstance(one, Token | Basic)])
TIMED = pytest.mark.parametrize(
    "scheme", [one for one in SCHEMES.values() if getattr(one, "tolerance", None) is not None]
)
TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=120)


def secret_for(scheme: Scheme) -> str:
    return "name:pass word" if isinstance(scheme, Basic) else SECRET


def refused(scheme: Scheme, headers: dict[str, str], body: bytes = BODY, now: int = NOW) -> str:
    with pytest.raises(RefusedError) as caught:
        scheme.which(headers, body, [secret_for(scheme)], now)
    assert caught.value.status == 401
    return caught.value.code


@ALL
def test_what_is_signed_is_proven_and_the_matching_secret_is_told(scheme: Scheme) -> None:
    secret = secret_for(scheme)
    headers = scheme.sign(BODY, secret, NOW)
    assert set(headers) == set(scheme.headers)
    assert scheme.which(headers, BODY, ["other", "", secret], NOW) == 2


@ALL
def test_no_truncation_of_a_valid_signature_is_taken(scheme: Scheme) -> None:
    headers = scheme.sign(BODY, secret_for(scheme), NOW)
    whole = headers[scheme.header]
    for length in range(len(whole)):
        assert refused(scheme, {**headers, scheme.header: whole[:length]}) in ("bad_proof", "no_proof")


@ALL
def test_an_empty_secret_proves_nothing(scheme: Scheme) -> None:
    with pytest.raises(RefusedError):
        scheme.which(scheme.sign(BODY, "", NOW), BODY, [""], NOW)


@SIGNING
def test_another_body_is_not_taken(scheme: Scheme) -> None:
    assert refused(scheme, scheme.sign(BODY, SECRET, NOW), BODY + b" ") == "bad_proof"


@ALL
def test_another_secret_is_not_taken(scheme: Scheme) -> None:
    assert refused(scheme, scheme.sign(BODY, "wrong", NOW)) == "bad_proof"


@TIMED
@pytest.mark.parametrize("away", [-2 * HOUR, 2 * HOUR])
def test_a_signature_of_another_time_is_stale(scheme: Scheme, away: int) -> None:
    assert refused(scheme, scheme.sign(BODY, SECRET, NOW + away)) == "stale_proof"


@SIGNING
@pytest.mark.parametrize("timestamp", ["", "NaN", "inf", "-1", "1e10", "0x10", "9" * 30, " ", "1_760_000_000"])
def test_a_timestamp_that_is_none_is_not_taken(scheme: Scheme, timestamp: str) -> None:
    headers = scheme.sign(BODY, SECRET, NOW)
    said = str(NOW // SECOND)
    forged = {name: value.replace(said, timestamp) for name, value in headers.items()}
    if forged != headers:
        refused(scheme, forged)


@ALL
@given(value=TEXT)
def test_a_hostile_header_is_refused_and_never_an_error(scheme: Scheme, value: str) -> None:
    headers = {**scheme.sign(BODY, secret_for(scheme), NOW), scheme.header: value}
    if headers != scheme.sign(BODY, secret_for(scheme), NOW):
        refused(scheme, headers)


@given(values=st.lists(TEXT, min_size=3, max_size=3))
def test_hostile_standard_webhooks_headers_are_refused(values: list[str]) -> None:
    refused(Standard(), dict(zip(Standard().headers, values, strict=True)))


def test_standard_webhooks_agree_with_the_reference_library() -> None:
    headers = Standard().sign(BODY, SECRET, NOW)
    library = Webhook(SECRET)
    signature = library.sign(headers["webhook-id"], datetime.fromtimestamp(NOW // SECOND, UTC), BODY.decode())
    assert signature == headers["webhook-signature"]
    both = {**headers, "webhook-signature": f"v1a,AAAA v2,x {signature}"}
    assert Standard().which(both, BODY, [SECRET], NOW) == 0
