"""Bodies: read with a cap, inflate with a cap, and check that they are JSON before they are logged.

Checks are ordered by what they cost. A body is validated without being decoded (msgspec's `Raw` skips over
it), so a few things that skipping does not see are looked for by themselves: bytes that are not UTF-8, depth,
and numbers that no reader can hold.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from starlette.types import Receive

from tagway.config import Limits
from tagway.core import body as json_body
from tagway.errors import RefusedError

_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_PARTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NOT_STRUCTURE: Final = bytes(set(range(256)) - set(b'[]{},"\\'))
# Below this size it is cheaper to count brackets than to look at how they nest.
_SMALL: Final = 2_048
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
# With all digits and signs alike, a number that no double holds has this in it; so have pieces of identifiers.
_ALIKE: Final = bytes.maketrans(b"123456789E+-", b"000000000e00")
_EXPONENT: Final = b"0e000"
# In larger bodies this search costs more than it is worth: there the engine makes a dead letter of the request.
_EXACT_UP_TO: Final = 16_384
_BEFORE_A_NUMBER: Final = b":,[ \t\r\n"
_GZIP: Final = b"\x1f\x8b"
_DRAINED: Final = 67_108_864
# Below this size a body cannot blow up to anything that matters, however well it compresses.
_RATIO_FROM: Final = 65_536


class ClientGoneError(Exception):
    """The sender closed the connection before the request was complete; nobody is left to answer."""


def announced(headers: dict[bytes, bytes], limits: Limits) -> int:
    """How many bytes the head announces; as many as may come where it does not say. Raises `RefusedError`."""
    length = headers.get(b"content-length")
    if length is None or not length.isdigit():
        return limits.body if b"transfer-encoding" in headers else 0
    if int(length) > limits.body:
        raise _too_large(limits)
    return int(length)


async def read(receive: Receive, limits: Limits) -> bytes:
    """The whole body as sent. Raises `RefusedError` once it is too large; what follows is not kept."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        content: bytes = message.get("body", b"")
        if len(content) > limits.body:
            raise _too_large(limits)
        return content
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        more = message.get("more_body", False)
        if len(parts) > limits.body:
            if more:
                await drain(receive)
            raise _too_large(limits)
        if not more:
            return bytes(parts)
        message = await receive()
    raise ClientGoneError


async def drain(receive: Receive, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Take the rest of a refused body and keep nothing of it, up to a bound.

    A connection that is closed while its sender still writes is reset, and the answer is lost with it: the
    sender sees no status, and browsers send the same again at once. One that asks first, by the `headers` of an
    untouched request (`Expect: 100-continue`), has sent nothing yet, and should not.
    """
    if any(name == b"expect" for name, _ in headers):
        return
    taken = 0
    while taken < _DRAINED:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        taken += len(message.get("body", b""))


def inflate(content: bytes, encoding: bytes, limits: Limits) -> bytes:
    """The body without its one layer of gzip, told by header or by its first bytes. Raises `RefusedError`."""
    if encoding not in (b"", b"gzip", b"x-gzip", b"identity"):
        raise RefusedError("malformed_encoding", "this Content-Encoding is not taken; send gzip or none")
    if not content.startswith(_GZIP):
        # A proxy may have inflated the body and left the header.
        return content
    cap = min(limits.inflated, max(_RATIO_FROM, len(content) * limits.ratio))
    reader = zlib.decompressobj(wbits=31)
    try:
        plain = reader.decompress(content, cap + 1)
    except zlib.error:
        raise RefusedError("malformed_encoding", "the body starts like gzip, but cannot be inflated") from None
    if len(plain) > cap:
        raise RefusedError(
            "too_large", f"the body inflates to more than {cap} bytes (`limits.inflated`, `limits.ratio`)"
        )
    if not reader.eof or reader.unused_data:
        raise RefusedError("malformed_encoding", "the gzip body is cut off, or something follows it")
    return plain


def check(content: bytes, limits: Limits) -> None:
    """Check that a body is one JSON text within the limits. Raises `RefusedError`."""
    if not content.strip():
        raise RefusedError("empty_body", "the body is empty")
    try:
        _RAW.decode(content)
        if not content.isascii():
            str(content, "utf-8")
    except RecursionError:
        raise _too_deep(limits) from None
    except UnicodeDecodeError:
        raise RefusedError("malformed_json", "the body is not UTF-8") from None
    except msgspec.DecodeError as error:
        raise RefusedError("malformed_json", f"the body is not JSON: {error}") from None
    if len(content) > _SMALL or content.count(b"[") + content.count(b"{") > limits.depth:
        _check_structure(content, limits)
    if len(content) <= _EXACT_UP_TO:
        _check_numbers(content)
    _check_digits(content)


def field(content: bytes, names: tuple[str, ...]) -> str:
    """The first text under one of the names in a JSON object, or in the first object of a list in it; else empty."""
    try:
        fields = _FIELDS.decode(content)
        for name in names:
            if name in fields and isinstance(value := msgspec.json.decode(fields[name]), str) and value:
                return value
        for value in fields.values():
            text = bytes(value)
            if text.startswith(b"[") and (items := _PARTS.decode(text)) and bytes(items[0]).startswith(b"{"):
                return field(bytes(items[0]), names)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return ""


def _check_structure(content: bytes, limits: Limits) -> None:
    """Hold brackets and commas alone against the limits: a hundredth of the body, seen by C code only."""
    structure = _structure(content)
    # Objects are counted by their braces; what is no object is cheaper, but not free.
    many = structure.count(b"{") > limits.batch or structure.count(b",") > 4 * limits.batch
    if many or len(content) > limits.event:
        _check_parts(content, limits)
    structure = structure.translate(None, b",")
    for _ in range(limits.depth):
        if not structure:
            return
        structure = structure.replace(b"[]", b"").replace(b"{}", b"")
    if structure:
        raise _too_deep(limits)


def _structure(content: bytes) -> bytes:
    """The brackets and commas of a JSON text, without what stands in its strings."""
    if b"\\" in content:
        content = _STRING.sub(b"", content)
    structure = content.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
    if b'"' in structure:  # brackets or commas inside of strings
        structure = _STRING.sub(b"", structure)
    return structure


def _check_numbers(content: bytes) -> None:
    alike = content.translate(_ALIKE)
    found = alike.find(_EXPONENT)
    while found >= 0:
        before = alike[max(0, found - 64) : found + 1].rstrip(b"0.")
        if not before or before[-1] in _BEFORE_A_NUMBER:
            _check_exactly(content)
            return
        found = alike.find(_EXPONENT, found + 1)


def _check_digits(content: bytes) -> None:
    """Look for a whole number that nobody can read: it fills one of some blocks of the body with digits alone."""
    block = json_body.MOST_DIGITS // 2
    for start in range(0, len(content) - block, block):
        if content[start : start + block].isdigit():
            _check_exactly(content)
            return


def _check_exactly(content: bytes) -> None:
    try:
        json_body.decode(content)
    except ValueError as error:
        raise RefusedError("malformed_json", f"the body is not JSON that can be read exactly: {error}") from None


def _check_parts(content: bytes, limits: Limits) -> None:
    """Hold each list at the top, or directly under the top, against the limits of a batch."""
    for items in _lists(content):
        if len(items) > limits.batch:
            raise RefusedError("batch_too_long", f"the batch has more than {limits.batch} events (`limits.batch`)")
        if any(len(bytes(one)) > limits.event for one in items):
            raise _event_too_large(limits)
    if len(content) > limits.event and not _lists(content):
        raise _event_too_large(limits)


def _lists(content: bytes) -> list[list[msgspec.Raw]]:
    text = content.lstrip()
    if text.startswith(b"["):
        return [_PARTS.decode(text)]
    if not text.startswith(b"{"):
        return []
    fields: dict[str, Any] = _FIELDS.decode(text)
    return [_PARTS.decode(one) for one in fields.values() if bytes(one).startswith(b"[")]


def _too_large(limits: Limits) -> RefusedError:
    return RefusedError("too_large", f"the body is larger than {limits.body} bytes (`limits.body`)")


def _event_too_large(limits: Limits) -> RefusedError:
    return RefusedError("too_large", f"an event is larger than {limits.event} bytes (`limits.event`)")


def _too_deep(limits: Limits) -> RefusedError:
    return RefusedError("too_deep", f"the JSON is nested deeper than {limits.depth} levels (`limits.depth`)")
