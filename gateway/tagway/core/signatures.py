"""Webhook signatures as data and small pure functions: is this digest one of the live secrets' digests?

Comparison is constant time, on bytes of equal length; anything that cannot be parsed is no match, never an
exception. Every function returns the place of the secret that matched, so that rotation can be watched.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final, Literal

Encoding = Literal["hex", "base64", "base64url"]

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
        if token and hmac.compare_digest(given.encode(), token.encode()) and found is None:
            found = place
    return found
