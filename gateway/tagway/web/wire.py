"""Answers as ASGI messages: what every path of the gateway sends, success or refusal.

The hot path reuses ready messages; everything else is built here, so that all answers look alike: exactly 200
with a JSON object, or a refusal with `code` and `message` (SDKs read both).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Final

from starlette.types import Message, Send

from tagway.core import body
from tagway.errors import RefusedError

Headers = Iterable[tuple[bytes, bytes]]

_RETRY_AFTER: Final = b"2"
"""Seconds, an integer: real SDKs do not read dates."""
_JSON: Final = (b"content-type", b"application/json")
_SUCCESS: Final = b'{"success":true}'
_GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# The body message is sent as it is, never changed: one object serves all requests.
_SUCCESS_BODY: Final[Message] = {"type": "http.response.body", "body": _SUCCESS}
_SUCCESS_HEADERS: Final = [_JSON, (b"content-length", str(len(_SUCCESS)).encode())]


async def success(send: Send, headers: Headers = ()) -> None:
    """Answer that the bytes are on disk."""
    await send({"type": "http.response.start", "status": 200, "headers": [*_SUCCESS_HEADERS, *headers]})
    await send(_SUCCESS_BODY)


async def pixel(send: Send, headers: Headers = ()) -> None:
    """Answer an image request: the same promise, as a transparent GIF."""
    await _send(send, 200, _GIF, [(b"content-type", b"image/gif"), (b"cache-control", b"no-store"), *headers])


async def json(send: Send, value: Any, *, status: int = 200, headers: Headers = ()) -> None:
    """Answer with a JSON value."""
    await _send(send, status, body.encode(value), [_JSON, *headers])


async def refusal(send: Send, refused: RefusedError, headers: Headers = ()) -> None:
    """Answer a refusal by the table of `errors.STATUS`."""
    await _send(send, refused.status, refusal_body(refused), [_JSON, *refusal_headers(refused), *headers])


async def empty(send: Send, headers: Headers = ()) -> None:
    """Answer a preflight."""
    await _send(send, 204, b"", headers)


def refusal_headers(refused: RefusedError) -> list[tuple[bytes, bytes]]:
    """The headers that a refusal needs besides its type: when to come again, or by which method."""
    if refused.allow:
        return [(b"allow", ", ".join(refused.allow).encode())]
    return [(b"retry-after", _RETRY_AFTER)] if refused.status == 503 else []


def refusal_body(refused: RefusedError) -> bytes:
    """The JSON of a refusal."""
    return body.encode({"success": False, "code": refused.code, "message": refused.message})


async def _send(send: Send, status: int, content: bytes, headers: Headers) -> None:
    length = [] if status == 204 else [(b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": content})
