"""One family of errors: a stable code, an HTTP status, a sentence, and what to do.

Every refusal that a sender or a person at the command line sees is one of these. The table `STATUS` is the
only place where a code meets an HTTP status, so that all paths answer alike. 400 is what SDKs do not retry;
413 is kept for webhooks because SDKs retry it for ever; 401, 404, 431 and 503 say what they mean.
"""

from __future__ import annotations

from typing import Final

STATUS: Final[dict[str, int]] = {
    "malformed_json": 400,
    "malformed_body": 400,
    "malformed_encoding": 400,
    "empty_body": 400,
    "too_deep": 400,
    "too_large": 400,
    "batch_too_long": 400,
    "malformed_http": 400,
    "duplicate_header": 400,
    "no_proof": 401,
    "bad_proof": 401,
    "stale_proof": 401,
    "unknown_key": 401,
    "not_local": 401,
    "bad_origin": 401,
    "no_token": 401,
    "bad_host": 400,
    "unknown_source": 404,
    "unknown_path": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "too_large_webhook": 413,
    "headers_too_large": 431,
    "overloaded": 503,
    "log_unwritable": 503,
    "draining": 503,
    "unavailable": 503,
}


class TagwayError(Exception):
    """Something the person or the sender can act on; shown as a sentence, never as a traceback."""

    code: str = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class ConfigError(TagwayError):
    """The configuration cannot be used; the message names the file and the key."""

    code = "config"


class PluginError(TagwayError):
    """A plugin cannot be loaded; the message names its file and distribution."""

    code = "plugin"


class RefusedError(TagwayError):
    """A request is refused before it is logged; `code` is a key of `STATUS`.

    `allow` names the methods that a path takes, where it was asked by another (RFC 9110, 15.5.6).
    """

    def __init__(self, code: str, message: str, *, allow: tuple[str, ...] = ()) -> None:
        if code not in STATUS:
            raise ValueError(f"unknown refusal code {code!r}")
        super().__init__(message, code=code)
        self.allow = allow

    @property
    def status(self) -> int:
        """The HTTP status that answers this refusal."""
        return STATUS[self.code]


class PayloadError(TagwayError):
    """A logged body, or one item of it, cannot be normalized; `pointer` says where (RFC 6901)."""

    code = "payload"

    def __init__(self, message: str, *, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer
