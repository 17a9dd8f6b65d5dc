"""JSON bodies: exact decoding (numbers as `int` or `Decimal`) and encoding.

The decoder refuses NaN, Infinity, lone surrogates and invalid UTF-8; amounts keep their digits in both
directions. `depth` guards readers that recurse.

Of a key that comes twice in one object the last value counts, as for nearly every reader of JSON, and nothing is
flagged: only a reader that builds each object from its pairs in Python sees it, at six times the cost of decoding.
Nothing rests on it, because signatures are checked over the bytes, and the log keeps these.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

# What a double holds, as for every other reader of JSON; beyond it, `int(1e999999999)` would hang whoever tries.
_LARGEST_EXPONENT: Final = 308
MOST_DIGITS: Final = 4_300
"""What a whole number may have, so that reading and writing it costs nobody a thing: Python's own bound."""
_BEYOND: Final = "Integer value out of range"
_TOO_LONG: Final = f"a whole number has more than {MOST_DIGITS} digits"


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(f"the number {text[:40]} is out of range")
    return number


_DECODER: Final = msgspec.json.Decoder(float_hook=_number)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class BodyError(ValueError):
    """The bytes are not one JSON value that Tagway takes; the message says why."""


def decode(body: bytes | str) -> Any:
    """Decode one JSON value. Raises `BodyError` for anything that is not exactly that."""
    try:
        return _DECODER.decode(body)
    except RecursionError:
        raise BodyError("nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise BodyError(str(error).replace(_BEYOND, _TOO_LONG)) from None


def encode(value: Any) -> bytes:
    """Encode a value as compact JSON; `Decimal`s become numbers with their own digits."""
    return _ENCODER.encode(value)


def pointer(*parts: str | int) -> str:
    """Build a JSON pointer (RFC 6901) from its reference tokens."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def tokens(path: str) -> list[str]:
    """The reference tokens of a JSON pointer, unescaped; none for the whole document."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def order(path: str) -> list[tuple[int, str]]:
    """A key that sorts JSON pointers as their places follow each other in a document's lists."""
    return [(int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in path.split("/")]


def at(document: Any, path: str) -> Any:
    """The value at a JSON pointer; None when there is nothing."""
    for part in tokens(path):
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isascii() and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document
