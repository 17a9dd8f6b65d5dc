"""Quarantined requests, verified again: after a wrong secret was corrected, nobody has to be asked to send again.

Signatures are checked as of the moment when the request came in, so that waiting does not make them stale.
"""

from __future__ import annotations

from msgspec.structs import replace

from tagway.config import Limits
from tagway.core.events import Request
from tagway.errors import RefusedError
from tagway.hookspecs import Access
from tagway.log import REDRIVE, Entry
from tagway.registry import ConfiguredSource
from tagway.web import bodies


def taken(kept: Entry, bound: ConfiguredSource, limits: Limits) -> Entry:
    """The request that a quarantined row becomes under today's secrets. Raises `RefusedError` when it is still none."""
    headers = dict(kept.headers or {})
    content = kept.body or b""
    access = Access(secrets=bound.config.secrets, write_keys=bound.config.write_keys, now=kept.received_at)
    try:
        proof = bound.source.verify(_request(kept, bound, headers, content), access)
    except RefusedError:
        raise
    except Exception as error:  # noqa: BLE001 - a verifier that fails proves nothing
        raise RefusedError("bad_proof", f"the verifier of {bound.source.name} failed: {type(error).__name__}") from None
    if not proof.verified:
        raise RefusedError("no_proof", "the request is still not proven")
    plain = bodies.inflate(content, headers.get("content-encoding", "").lower().encode("latin-1"), limits)
    if not bound.source.forms:
        bodies.check(plain, limits)
    return replace(
        kept,
        kind="request",
        headers={name: value for name, value in headers.items() if name in bound.source.headers},
        body=plain,
        verified=True,
        which=proof.which,
        code=REDRIVE,
        message=str(kept.seq),
        seq=0,
    )


def _request(kept: Entry, bound: ConfiguredSource, headers: dict[str, str], content: bytes) -> Request:
    return Request(
        source=kept.source,
        method=kept.method,
        path=kept.path,
        query=kept.query,
        headers=headers,
        body=content,
        received_at=kept.received_at,
        options=bound.config.options,
    )
