"""What is copied: always ASCII, so that a pasted payload holds no live escape sequence. Pure."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any, Final

from tagway.core import body

_BEYOND_ASCII: Final = re.compile(r"[^\x20-\x7e]")


def as_json(value: Any) -> str:
    """Compact JSON; whatever is not ASCII is escaped; amounts keep their digits."""
    return _BEYOND_ASCII.sub(_escaped, body.encode(value).decode("utf-8"))


def as_value(value: Any) -> str:
    """A value as text: a string bare when it is printable ASCII, everything else as JSON."""
    if isinstance(value, str) and not _BEYOND_ASCII.search(value):
        return value
    return as_json(value)


def as_ascii(text: str) -> str:
    """Text with lines, otherwise printable ASCII: what is beyond is escaped as in JSON."""
    return "\n".join(_BEYOND_ASCII.sub(_escaped, line) for line in text.split("\n"))


def as_curl(url: str, method: str, headers: dict[str, str], raw: bytes) -> str:
    """A request as one cURL command, quoted for a POSIX shell.

    `--data-raw`, because `--data` would read a file for a body that begins with `@`. A body that is not
    printable ASCII travels as `$'…'` escapes, which bash and zsh read. A vendor's signature is a header like
    others: once its time is over, the copy is refused as late.
    """
    parts = ["curl", "-X", shlex.quote(method), shlex.quote(url)]
    for name, value in sorted(headers.items()):
        parts += ["-H", shlex.quote(_BEYOND_ASCII.sub("?", f"{name}: {value}"))]
    if raw:
        parts += ["--data-raw", _quoted(raw)]
    return " ".join(parts)


def _quoted(raw: bytes) -> str:
    text = raw.decode("latin-1")
    if not _BEYOND_ASCII.search(text):
        return shlex.quote(text)
    shell = "".join(
        f"\\x{ord(one):02x}" if not " " <= one <= "~" else f"\\{one}" if one in "\\'" else one for one in text
    )
    return f"$'{shell}'"


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]
