"""Webhook signatures as data and small pure functions: is this digest one of the live secrets' digests?

Comparison is constant time, on bytes of equal length; anything that cannot be parsed is no match, never an
exception. Every function returns the place of the secret that matched, so that rotation can be watched.

A vendor's way of signing is a `Scheme`, a value: `Hmac` (a digest in a header, of the body or of body and time),
`Stamped` (`t=...,v1=...` in one header, as Stripe made it common), `Standard` (Standard Webhooks), `Salted` (a plain
digest of secret and body), `Token` (the secret itself in a header) or `Basic` (name and password).
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

    @property
    def headers(self) -> tuple[str, ...]:
        """All headers that the proof is made of, kept with a request that has to be verified again."""
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

    @property
    def headers(self) -> tuple[str, ...]:
        """The digest's, and the timestamp's where there is one."""
        return (self.header, self.timestamp_header) if self.timestamp_header else (self.header,)

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

    @property
    def headers(self) -> tuple[str, ...]:
        """The one header."""
        return (self.header,)

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
class Standard:
    """Standard Webhooks: `v1,<base64>` of `<id>.<timestamp>.<body>`, several of them, separated by spaces.

    The key is the base64 after `whsec_`; a secret that is no base64 is the key itself. Other versions (`v1a`) are
    passed over. The reference library is not used to verify: hostile headers make it raise what is no refusal.
    `prefix` is `svix-` for senders from before the standard.
    (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md)
    """

    prefix: str = "webhook-"
    tolerance: int | None = 300 * SECOND

    @property
    def header(self) -> str:
        """The signature's."""
        return self.prefix + "signature"

    @property
    def headers(self) -> tuple[str, ...]:
        """Signature, id and timestamp."""
        return (self.header, self.prefix + "id", self.prefix + "timestamp")

    def which(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: int) -> int:
        """The place of the secret that proves the request; see `Scheme`."""
        signature, message_id, timestamp = (_given(headers, name) for name in self.headers)
        message = f"{message_id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
        for one in signature.split(" ")[:_CANDIDATES]:
            version, _, text = one.partition(",")
            given = decoded(text, "base64") if version == "v1" else None
            if given is None or len(given) != hashlib.sha256().digest_size:
                continue
            for place, secret in enumerate(secrets):
                if secret and hmac.compare_digest(given, digest(_standard_key(secret), message)):
                    _demand_fresh(timestamp, self.tolerance, now)
                    return place
        raise _mismatch(self.header)

    def sign(self, body: bytes, secret: str, now: int) -> dict[str, str]:
        """Id, time and signature; the id is made of time and body, so that the same delivery has the same."""
        timestamp = str(now // SECOND)
        message_id = "msg_" + hashlib.sha256(timestamp.encode() + body).hexdigest()[:24]
        raw = digest(_standard_key(secret), f"{message_id}.{timestamp}.".encode() + body)
        return dict(zip(self.headers, (f"v1,{encoded(raw, 'base64')}", message_id, timestamp), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Salted:
    """A plain SHA-256, in hex, of the secret followed by the body: no HMAC. Recharge's older webhooks have it."""

    header: str

    @property
    def headers(self) -> tuple[str, ...]:
        """The one header."""
        return (self.header,)

    def which(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: int) -> int:
        """The place of the secret that proves the request; see `Scheme`."""
        del now
        given = decoded(_given(headers, self.header).strip(), "hex")
        for place, secret in enumerate(secrets):
            expected = hashlib.sha256(secret.encode() + body).digest()
            if secret and given is not None and hmac.compare_digest(given, expected):
                return place
        raise _mismatch(self.header)

    def sign(self, body: bytes, secret: str, now: int) -> dict[str, str]:
        """The digest's header."""
        del now
        return {self.header: hashlib.sha256(secret.encode() + body).hexdigest()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """HTTP Basic: a secret is `name:password`, as it stands before the @ of an address."""

    header: str = "authorization"

    @property
    def headers(self) -> tuple[str, ...]:
        """The one header."""
        return (self.header,)

    def which(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: int) -> int:
        """The place of the secret that was sent; see `Scheme`."""
        del body, now
        scheme, _, text = _given(headers, self.header).partition(" ")
        pair = decoded(text.strip(), "base64") if scheme.lower() == "basic" else None
        found = None if pair is None else same(pair.decode("utf-8", "surrogateescape"), secrets)
        if found is None:
            raise _mismatch(self.header)
        return found

    def sign(self, body: bytes, secret: str, now: int) -> dict[str, str]:
        """The header with name and password."""
        del body, now
        return {self.header: "Basic " + encoded(secret.encode(), "base64")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The secret itself in a header: it proves the sender, and nothing about the body."""

    header: str

    @property
    def headers(self) -> tuple[str, ...]:
        """The one header."""
        return (self.header,)

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


def _standard_key(secret: str) -> bytes:
    return decoded(secret.removeprefix("whsec_"), "base64") or secret.encode()


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
