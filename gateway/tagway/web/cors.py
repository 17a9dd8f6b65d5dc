"""CORS on ingest: who may send from a browser, and never what a page may read.

Every preflight is answered without a key, because browsers send none with it. The listed origins are named
back one at a time (`null` can be listed: sandboxed pixels have it); where none is listed anybody may send.
Credentials only at paths that declare them, and only for a listed origin. The read side sends no such header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tagway.web.paths import Place
from tagway.web.trust import Origins

Header = tuple[bytes, bytes]

_HEADER_NAMES: Final = re.compile(rb"[A-Za-z0-9_-]+(?: ?, ?[A-Za-z0-9_-]+){0,50}")
_MAX_AGE: Final = b"86400"
_DEFAULT_HEADERS: Final = b"authorization, content-type, x-write-key, x-retry-count, anonymousid, sentat"
_EXPOSE: Final = (b"access-control-expose-headers", b"retry-after")
_CREDENTIALS: Final = (b"access-control-allow-credentials", b"true")
_ANY: Final = ((b"access-control-allow-origin", b"*"), _EXPOSE)
_VARY: Final = (b"vary", b"origin")


@dataclass(frozen=True, slots=True)
class Policy:
    """The rule of one path: the origins of all sources that listen there, together."""

    listed: tuple[Origins, ...]
    methods: bytes
    credentials: bool
    anybody: bool

    def headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """What every answer to a request from `origin` carries, errors included; nothing without one."""
        if origin is None:
            return ()
        if self.anybody and not self.credentials:
            return _ANY
        if not (self.anybody or any(origin in one for one in self.listed)):
            return (_VARY,)
        allowed = ((b"access-control-allow-origin", origin), _EXPOSE, _VARY)
        return (*allowed, _CREDENTIALS) if self.credentials else allowed

    def preflight(self, headers: Mapping[bytes, bytes], answered: tuple[Header, ...]) -> list[Header]:
        """The answer to a preflight: methods, the headers that were asked for, and how long that holds."""
        asked = headers.get(b"access-control-request-headers", b"")
        if not _HEADER_NAMES.fullmatch(asked):
            asked = _DEFAULT_HEADERS
        return [
            *answered,
            (b"access-control-allow-methods", self.methods),
            (b"access-control-allow-headers", asked),
            (b"access-control-max-age", _MAX_AGE),
        ]


def policy(place: Place, *, everything_open: bool = False) -> Policy:
    """The rule of a path. Without a configuration nothing is listed, and any page may use credentialed paths, too:

    the gateway is on loopback then, sets no cookies, and Snowplow's trackers send nothing without.
    """
    targets = place.targets
    # One source without a list takes anybody, and a preflight does not tell which source is meant.
    anybody = not all(one.origins for one in targets)
    return Policy(
        listed=tuple(one.origins for one in targets),
        methods=", ".join(dict.fromkeys([*place.methods, "OPTIONS"])).encode(),
        credentials=any(one.route.credentials for one in targets) and (everything_open or not anybody),
        anybody=anybody,
    )
