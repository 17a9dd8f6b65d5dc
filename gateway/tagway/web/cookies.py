"""The first-party cookie: an anonymous id that outlives what browsers take from scripts. Only where a source asks.

Set by the server, at an address of the store's own domain, it is kept for its whole life; what a script writes
is cut to days by some browsers. An id that the client sends itself is respected: the cookie takes it over.
"""

from __future__ import annotations

import re
import uuid
from typing import Final

from tagway.config import SourceConfig
from tagway.web import bodies

_MONTHS_13: Final = 395 * 86_400
_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_CLIENTS: Final = ("anonymousId", "anonymous_id")


def anonymous_id(config: SourceConfig, headers: dict[bytes, bytes], call: bytes) -> str:
    """The browser's id: of its cookie, else the one that its call (JSON) carries, else a new one."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == config.cookie and _ID.fullmatch(value):
            return value
    sent = bodies.field(call, _CLIENTS)
    return sent if _ID.fullmatch(sent) else str(uuid.uuid4())


def set_cookie(config: SourceConfig, value: str, *, secure: bool) -> tuple[bytes, bytes]:
    """The header that gives a browser its id, or lengthens the life of the one it has."""
    parts = [f"{config.cookie}={value}", f"Max-Age={_MONTHS_13}", "Path=/", "SameSite=Lax", "HttpOnly"]
    if config.cookie_domain:
        parts.append(f"Domain={config.cookie_domain}")
    if secure:
        parts.append("Secure")
    return b"set-cookie", "; ".join(parts).encode("latin-1")
