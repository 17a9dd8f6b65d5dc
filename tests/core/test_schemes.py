"""Ways of signing as data: what each accepts, and which code it refuses with."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

import pytest
from tagway import RefusedError
from tagway.core.moments import SECOND
from tagway.core.signatures import Hmac, Scheme, Stamped, Token

BODY: Final = b'{"a":"{body}{timestamp}"}'
NOW: Final = 1_760_000_000 * SECOND
MAC: Final = hmac.new(b"key", BODY, hashlib.sha256).digest()
SCHEMES: Final[dict[str, Scheme]] = {
    "plain": Hmac(header="x-sig"),
    "prefixed": Hmac(header="x-sig", prefix="sha256="),
    "sha1": Hmac(header="x-sig", encodings=("hex",), algorithm="sha1"),
    "timed": Hmac(header="x-sig", signed="v0:{timestamp}:{body}", timestamp_header="x-time", tolerance=300 * SECOND),
    "stamped": Stamped(header="x-sig"),
    "token": Token(header="x-sig"),
}


def refused(scheme: Scheme, headers: dict[str, str], *, body: bytes = BODY, now: int = NOW) -> str:
    with pytest.raises(RefusedError) as caught:
        scheme.which(headers, body, ("key",), now)
    return caught.value.code


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        (Hmac(header="x-sig"), {"x-sig": base64.b64encode(MAC).decode()}),
        (Hmac(header="x-sig", encodings=("hex", "base64")), {"x-sig": MAC.hex()}),
        (Hmac(header="x-sig", encodings=("hex", "base64")), {"x-sig": base64.b64encode(MAC).decode()}),
        (Hmac(header="x-sig", encodings=("base64url",)), {"x-sig": base64.urlsafe_b64encode(MAC).decode().rstrip("=")}),
        (Hmac(header="x-sig", prefix="sha256="), {"x-sig": "sha256=" + base64.b64encode(MAC).decode()}),
        (
            Hmac(header="x-sig", encodings=("hex",), signed="{body}{timestamp}", timestamp_header="x-time"),
            {"x-sig": hmac.new(b"key", BODY + b"7", hashlib.sha256).hexdigest(), "x-time": "7"},
        ),
        (
            Stamped(header="x-sig"),
            {
                "x-sig": "t=1760000000,v0=00,v1=00,v1="
                + hmac.new(b"key", b"1760000000." + BODY, hashlib.sha256).hexdigest()
            },
        ),
        (Token(header="x-sig"), {"x-sig": "key"}),
    ],
)
def test_what_a_vendor_signs_is_accepted(scheme: Scheme, headers: dict[str, str]) -> None:
    assert scheme.which(headers, BODY, ("another", "key"), NOW) == 1


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_what_a_scheme_signs_it_accepts(scheme: Scheme) -> None:
    assert scheme.which(scheme.sign(BODY, "key", NOW), BODY, ("key",), NOW) == 0


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_without_its_header_there_is_no_proof(scheme: Scheme) -> None:
    assert refused(scheme, {}) == "no_proof"


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_another_secret_is_a_bad_proof(scheme: Scheme) -> None:
    assert refused(scheme, scheme.sign(BODY, "other", NOW)) == "bad_proof"


@pytest.mark.parametrize("name", ["timed", "stamped"])
@pytest.mark.parametrize("away", [-301, 301])
def test_a_proof_outside_its_window_is_stale(name: str, away: int) -> None:
    assert refused(SCHEMES[name], SCHEMES[name].sign(BODY, "key", NOW), now=NOW + away * SECOND) == "stale_proof"


def test_a_forged_time_is_a_bad_proof_and_not_a_stale_one() -> None:
    assert refused(SCHEMES["timed"], {"x-sig": "AAAA", "x-time": "1"}) == "bad_proof"


def test_only_so_many_digests_of_one_header_are_tried() -> None:
    proof = SCHEMES["stamped"].sign(BODY, "key", NOW)["x-sig"]
    many = proof.replace("v1=", "v1=00," * 8 + "v1=")
    assert refused(SCHEMES["stamped"], {"x-sig": many}) == "bad_proof"
