"""Form bodies: `application/x-www-form-urlencoded` and `multipart/form-data` as text fields.

Webhooks that began as HTML forms still send these. Files are named but never read. Everything is limited, so
that a hostile body costs no more than its length.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from tagway.core.body import BodyError

_FIELDS: Final = 2_000
_DEPTH: Final = 16
_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]{1,200})', re.IGNORECASE)
_NAME: Final = re.compile(rb'[;\s]name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILE: Final = re.compile(rb'[;\s]filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\[([^\[\]]*)\]")


def decode(body: bytes, content_type: str = "") -> dict[str, str]:
    """The fields of a form; of a name that repeats, the first. Raises `BodyError` for what is no form.

    A body that opens with a boundary is multipart even where the content type was lost on the way.
    """
    if body.startswith(b"--") or "multipart/" in content_type.lower():
        return _multipart(body, content_type)
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace").strip(), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        raise BodyError(f"more than {_FIELDS} fields") from None
    if not pairs or all(value == "" for _, value in pairs):
        raise BodyError("not a form: no field has a value")
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def nested(fields: dict[str, str]) -> dict[str, Any]:
    """The object that names with brackets spell: `data[merges][EMAIL]=x` is `{"data": {"merges": {"EMAIL": "x"}}}`.

    Where a name is both a value and an object, the first one stays.
    """
    result: dict[str, Any] = {}
    for name, value in fields.items():
        head, bracket, rest = name.partition("[")
        keys = [head, *_BRACKETS.findall(bracket + rest)][:_DEPTH]
        inner: Any = result
        for key in keys[:-1]:
            inner = inner.setdefault(key, {}) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner.setdefault(keys[-1], value)
    return result


def _multipart(body: bytes, content_type: str) -> dict[str, str]:
    given = _BOUNDARY.search(content_type)
    boundary = f"--{given[1]}".encode() if given else body.split(b"\n", 1)[0].strip()
    if len(boundary) < 3 or boundary not in body:
        raise BodyError("multipart/form-data without its boundary")
    parts = body.split(boundary, _FIELDS + 1)
    if len(parts) > _FIELDS + 1:
        raise BodyError(f"more than {_FIELDS} fields")
    fields: dict[str, str] = {}
    for part in parts[1:]:
        head, separator, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if separator and name:
            file = _FILE.search(head)
            text = file[1] if file else value.removesuffix(b"\r\n")
            fields.setdefault(_text(name[1]), _text(text))
    if not fields:
        raise BodyError("multipart/form-data without a field")
    return fields


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
