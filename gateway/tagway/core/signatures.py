"""Webhook signatures as data and small pure functions: is this digest one of the live secrets' digests?

Comparison is constant time, on bytes of equal length; anything that cannot be parsed is no match, never an
exception. Every function returns the place of the secret that matched, so that rotation can be watched.

A vendor's way of signing is a `Scheme`, a value: `Hmac` (a digest in a header, of the body or of body and time),
`Stamped` (`t=...,v1=...` in one header, as Stripe made it common) or `Token` (the secret itself in a header).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from tagway.core.moments import SECOND, from_unix
from tagway.errors import RefusedError

Encoding = Literal["hex", "base64", "base64url"]

# So many digests in one header are tried: each costs a pass over the body.
_CANDIDATES: Final = 8
_HEX: Final = re.compile(r"[0-9a-fA-F]+", re.ASCII)


def digest(secret: str | bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    """HMAC of a message under a secret (text secrets are taken as UTF-8)."""
    return hmac.new(secret.encode() if isinstance(secret, str) else secret, message, algorithm).digest()


def decoded(signature: str, encoding: Encoding) -> bytes | None:
    """The bytes that a signature text stands for; None when it is not exactly that encoding."""
    try:
        if encoding == "hex":
            return bytes.fromhex(signature) if _HEX.fullmatch(signature) and len(signature) % 2 == 0 else None
        if encoding == "base64url":
            padded = signature + "=" * (-len(signature) % 4)
            return base64.b64decode(padded, altchars=b"-_", validate=True)
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return None


def encoded(raw: bytes, encoding: Encoding) -> str:
    """A digest as text; base64url is written without padding."""
    if encoding == "hex":
        return raw.hex()
    if encoding == "base64url":
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return base64.b64encode(raw).decode()


def matching(
    signature: str,
    message: bytes,
    secrets: Sequence[str],
    *,
    encoding: Encoding = "base64",
    algorithm: str = "sha256",
) -> int | None:
    """The place of the first secret whose HMAC of `message` is `signature`; None when there is none."""
    given = decoded(signature, encoding)
    size = hashlib.new(algorithm).digest_size
    if given is None or len(given) != size:
        return None
    found: int | None = None
    for place, secret in enumerate(secrets):
        if secret and hmac.compare_digest(given, digest(secret, message, algorithm)) and found is None:
            found = place
    return found


def same(given: str, expected: Sequence[str]) -> int | None:
    """The place of the token that equals `given`, in constant time; None when there is none."""
    found: int | None = None
    for place, token in enumerate(expected):
        if token and hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode()) and found is None:
            found = place
    return found


class Scheme(Protocol):
    """How a vendor proves a request. Header names are lower-case, `now` is in microseconds."""

    @property
    def header(self) -> str:
        """The header that carries the proof."""
        ...

    def which(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: int) -> int:
        """The place of the secret that proves the request.

        Raises `RefusedError`: `no_proof` without the header, `bad_proof` when it matches no secret, `stale_proof`.
        """
        ...

    def sign(self, body: bytes, secret: str, now: int) -> dict[str, str]:
        """The headers that the vendor would add."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hmac:
    """A digest in a header.

    `signed` says what it is a digest of, with `{body}` and `{timestamp}` in it; the timestamp is Unix seconds in
    `timestamp_header`, and may be `tolerance` microseconds away (None: the vendor states no window). More than
    one encoding means that the vendor's documents disagree; the first is the one to sign with.
    """

    header: str
    encodings: tuple[Encoding, ...] = ("base64",)
    algorithm: str = "sha256"
    prefix: str = ""
    signed: str = "{body}"
    timestamp_header: str = ""
    tolerance: int | None = None

    def which(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: int) -> int:
        """The place of the secret that proves the request; see `Scheme`."""
        signature = _given(headers, self.header).strip()
        timestamp = _given(headers, self.timestamp_header).strip() if self.timestamp_header else ""
        if signature.startswith(self.prefix):
            message = self._message(body, timestamp)
            for encoding in self.encodings:
                signature_text = signature[len(self.prefix) :]
                found = matching(signature_text, message, secrets, encoding=encoding, algorithm=self.algorithm)
                if found is not None:
                    _demand_fresh(timestamp, self.tolerance, now)
                    return found
        raise _mismatch(self.header)

    def sign(self, body: bytes, secret: str, now: int) -> dict[str, str]:
        """The signature's header, and the timestamp's where there is one."""
        timestamp = str(now // SECOND)
        raw = digest(secret, self._message(body, timestamp), self.algorithm)
        headers = {self.header: self.prefix + encoded(raw, self.encodings[0])}
        return {**headers, self.timestamp_header: timestamp} if self.timestamp_header else headers

    def _message(self, body: bytes, timestamp: str) -> bytes:
        # Replaced, never formatted: a template that is not ours must not reach into objects.
        filled = self.signed.replace("{timestamp}", timestamp).encode("utf-8", "surrogateescape")
        return filled.replace(b"{body}", body, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """`t=<unix seconds>,v1=<digest>[,v1=<digest>]` in one header, a digest of `<t>.<body>`; any of them may match."""

    header: str
    encoding: Encoding = "hex"
    version: str = "v1"
    tolerance: int | None = 300 * SECOND

    def which(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: int) -> int:
        """The place of the secret that proves the request; see `Scheme`."""
        parts = [part.strip().partition("=") for part in _given(headers, self.header).split(",")]
        timestamp = next((value for name, _, value in parts if name == "t"), "")
        message = timestamp.encode("utf-8", "surrogateescape") + b"." + body
        for value in [value for name, _, value in parts if name == self.version][:_CANDIDATES]:
            found = matching(value, message, secrets, encoding=self.encoding)
            if found is not None:
                _demand_fresh(timestamp, self.tolerance, now)
                return found
        raise _mismatch(self.header)

    def sign(self, body: bytes, secret: str, now: int) -> dict[str, str]:
        """The header with the time and one digest."""
        timestamp = str(now // SECOND)
        raw = digest(secret, timestamp.encode() + b"." + body)
        return {self.header: f"t={timestamp},{self.version}={encoded(raw, self.encoding)}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The secret itself in a header: it proves the sender, and nothing about the body."""

    header: str

    def which(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: int) -> int:
        """The place of the secret that was sent; see `Scheme`."""
        del body, now
        found = same(_given(headers, self.header), secrets)
        if found is None:
            raise _mismatch(self.header)
        return found

    def sign(self, body: bytes, secret: str, now: int) -> dict[str, str]:
        """The header with the secret."""
        del body, now
        return {self.header: secret}


def _given(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise RefusedError("no_proof", f"the header {name} is missing")
    return value


def _mismatch(header: str) -> RefusedError:
    return RefusedError("bad_proof", f"the header {header} matches none of the configured secrets")


def _demand_fresh(timestamp: str, tolerance: int | None, now: int) -> None:
    if tolerance is None:
        return
    at = from_unix(timestamp)
    if at is None or abs(now - at) > tolerance:
        raise RefusedError("stale_proof", f"signed more than {tolerance // SECOND} s ago or ahead; is the clock right?")
