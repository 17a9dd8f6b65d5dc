"""Write keys: where real clients put them, and which source a key opens.

Keys are looked up in a dict: Python's string hash is keyed by process, so the time of a look-up tells nothing
about the keys. What proves a webhook is compared in constant time instead (`core.signatures`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from tagway.core import signatures
from tagway.errors import RefusedError
from tagway.web import bodies

SECRET: Final = frozenset(("writeKey", "write_key", "api_secret"))
"""Query parameters that carry a write key and nothing else; they are not kept with the request."""
QUERY: Final = SECRET | {"aid"}
"""All query parameters that carry a write key: with Snowplow's trackers it is the application id."""
BODY: Final = ("writeKey", "write_key", "api_key", "token", "aid")
"""Members of a JSON object, or of the first object of a batch, that carry a write key."""


def from_head(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> tuple[str, ...]:
    """The keys that the head of a request offers: by path, header or query; none when it offers none.

    Several readings of one Basic header are all returned: `key:` and `site:key` are both in use.
    """
    if key := scope.get("path_params", {}).get("write_key"):
        return (unquote(key),)
    if authorization := headers.get(b"authorization"):
        return _authorization(authorization)
    if key := headers.get(b"x-write-key"):
        return (key.decode("latin-1").strip(),)
    if query := scope["query_string"]:
        return _query(query)
    return ()


def without_keys(query: bytes) -> str:
    """A query string without its write keys."""
    text = query.decode("latin-1")
    if not any(name in text for name in SECRET):
        return text
    return "&".join(one for one in text.split("&") if unquote(one.partition("=")[0]) not in SECRET)


def authorizations(key: str) -> tuple[bytes, ...]:
    """The `Authorization` headers that clients commonly make of a key, so that they need not be decoded."""
    basic = f"{key}:" if ":" not in key else key
    return (b"Basic " + base64.b64encode(basic.encode()), b"Bearer " + key.encode())


def _authorization(value: bytes) -> tuple[str, ...]:
    scheme, _, given = value.partition(b" ")
    if scheme.lower() == b"bearer":
        return (given.strip().decode("latin-1"),)
    if scheme.lower() != b"basic":
        raise RefusedError("unknown_key", "the Authorization header is neither Basic nor Bearer")
    try:
        pair = base64.b64decode(given.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise RefusedError("unknown_key", "the Basic Authorization header cannot be read") from None
    user, _, password = pair.partition(":")
    return (pair,) if password else (user,)


def call_of_image(query: bytes) -> bytes:
    """The call (JSON) that an image request carries in its query as `data`, in base64; empty when there is none."""
    data = next((value for name, value in _parameters(query) if name == "data"), "")
    return (
        signatures.decoded(data.replace(" ", "+"), "base64") or signatures.decoded(data.rstrip("="), "base64url") or b""
    )


def _query(query: bytes) -> tuple[str, ...]:
    """The keys in a query string, or in the call that an image request carries in it."""
    found = tuple(value for name, value in _parameters(query) if name in QUERY)
    if found or b"data=" not in query:
        return found
    key = bodies.field(call_of_image(query), BODY)
    return (key,) if key else ()


def _parameters(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query.decode("latin-1"), max_num_fields=100)
    except ValueError:
        raise RefusedError("malformed_body", "the query string has too many parameters") from None
