"""One request on its way into the log: what the head tells, the body, the proof, the form.

The order is that of what a hostile request could make us do: path, head, size, proof, form, and the log last.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from starlette.types import Receive, Scope

from tagway.config import Limits
from tagway.core import signatures
from tagway.core.events import COOKIE_HEADER, Request
from tagway.errors import RefusedError
from tagway.hookspecs import Access, Proof
from tagway.log import Entry
from tagway.web import bodies, cookies, keys, trust
from tagway.web.intake import Intake
from tagway.web.paths import Place, Target

_logger = logging.getLogger("tagway.web")

_UNPROVEN: Final = frozenset(("no_proof", "bad_proof", "stale_proof"))
# What the quarantine keeps besides the declared headers, to verify a request again as it was.
_TO_VERIFY_AGAIN: Final = ("content-encoding",)


@dataclass(frozen=True, slots=True)
class Site:
    """What all requests to one path share; `authorizations` are ready-made headers of the path's keys."""

    place: Place
    intake: Intake
    limits: Limits
    authorizations: Mapping[tuple[str, bytes], Target]


class Taking:
    """One request on its way: what is known of it grows until it is in the log."""

    __slots__ = (
        "_claimed",
        "_headers",
        "_scope",
        "_site",
        "anonymous_id",
        "content",
        "pixel",
        "received_at",
        "target",
        "untouched",
        "which",
    )

    def __init__(self, site: Site, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Nothing is known yet but the head."""
        self._site, self._scope, self._headers = site, scope, headers
        self.target: Target | None = None
        self.content = b""
        self.pixel = False
        self._claimed = 0
        self.untouched = True
        self.anonymous_id = ""
        self.which: int | None = None
        self.received_at = 0

    async def take(self, receive: Receive) -> int:
        """All steps; the request's place in the log. Raises `RefusedError` or `ClientGoneError`."""
        site, headers = self._site, self._headers
        target = self.target = self._by_head()
        self._claim(bodies.announced(headers, site.limits))
        self.untouched = False
        content = await bodies.read(receive, site.limits)
        self.received_at = site.intake.now()
        self.content = content
        if target is None:
            target = self.target = self._by_body(content)
        verified = self._verify(target)
        if content:
            encoding = headers.get(b"content-encoding", b"")
            if encoding or content.startswith(b"\x1f\x8b"):
                content = bodies.inflate(content, encoding.lower(), site.limits)
        self._check(target, content)
        seq = await site.intake.writer().append(self._entry(target, content, verified))
        site.intake.taken[target.name] += 1
        return seq

    def _entry(self, target: Target, content: bytes, verified: bool) -> Entry:
        """The request as the log keeps it: what its source declares, and no key."""
        stored, query = self._declared(target), self._scope["query_string"]
        if target.bound.config.cookie:
            call = content or keys.call_of_image(query)
            self.anonymous_id = cookies.anonymous_id(target.bound.config, self._headers, call)
            stored = {**(stored or {}), COOKIE_HEADER: self.anonymous_id}
        return Entry(
            kind="request",
            source=target.name,
            received_at=self.received_at,
            method=self._scope["method"],
            path=self._path(target),
            query=keys.without_keys(query) if query else "",
            headers=stored,
            body=content,
            verified=verified,
            which=self.which,
        )

    def release(self) -> None:
        """Give back what was claimed of the memory for bodies."""
        self._site.intake.claimed -= self._claimed

    def _claim(self, size: int) -> None:
        """Claim memory for the body before any of it is read. Raises `RefusedError` (503)."""
        intake = self._site.intake
        if intake.claimed + size > self._site.limits.queue_bytes:
            raise RefusedError(
                "overloaded", "too many large requests at once; send it again after the time in Retry-After"
            )
        intake.claimed += size
        self._claimed = size

    def quarantined(self, refused: RefusedError) -> Entry | None:
        """The whole request, where a signature that is there did not prove it: to be verified again."""
        target = self.target
        if refused.code not in _UNPROVEN or target is None or not target.bound.config.secrets:
            return None
        signature = target.bound.source.signature_header
        if not signature or signature.encode() not in self._headers or not self.content:
            return None
        headers = self._declared(target, *target.proof_headers, *_TO_VERIFY_AGAIN)
        return Entry(
            kind="refused",
            source=target.name,
            received_at=self.received_at,
            method=self._scope["method"],
            path=self._path(target),
            query=self._scope["query_string"].decode("latin-1"),
            headers=headers,
            body=self.content,
            code=refused.code,
            message=refused.message,
        )

    def _by_head(self) -> Target | None:
        """The target that the head of the request tells; None when only the body can tell."""
        place, method = self._site.place, self._scope["method"]
        if place.keyed:
            authorization = self._headers.get(b"authorization")
            if authorization is not None:
                found = self._site.authorizations.get((method, authorization))
                if found is not None:
                    return found
            if offered := keys.from_head(self._scope, self._headers):
                return self._by_keys(offered)
            if method in place.methods and method != "GET":
                return None
        several = place.unkeyed.get(method, ())
        if len(several) == 1:
            return several[0]
        raise self._nobody(several)

    def _by_body(self, content: bytes) -> Target:
        encoding = self._headers.get(b"content-encoding", b"").lower()
        plain = bodies.inflate(content, encoding, self._site.limits)
        key = bodies.field(plain, keys.BODY)
        return self._by_keys((key,) if key else ())

    def _by_keys(self, offered: tuple[str, ...]) -> Target:
        if not offered:
            raise RefusedError("no_proof", "there is no write key; send it as Basic, Bearer, X-Write-Key or writeKey")
        keyed, method = self._site.place.keyed, self._scope["method"]
        for key in offered:
            if (target := keyed.get((method, key))) is not None:
                return target
        if method not in self._site.place.methods:
            raise self._nobody(())
        raise RefusedError("unknown_key", "this write key opens nothing here")

    def _nobody(self, several: Any) -> RefusedError:
        place = self._site.place
        if place.keyed and self._scope["method"] in place.methods:
            return RefusedError("no_proof", "there is no write key; send it as Basic, Bearer, X-Write-Key or writeKey")
        if several:
            prefixes = ", ".join(f"/{one.name}" for one in several)
            return RefusedError("unknown_source", f"several sources listen here; put one of {prefixes} before the path")
        return place.wrong_method()

    def _verify(self, target: Target) -> bool:
        """Whether the request is proven. Raises `RefusedError` when it had to be and is not."""
        self._check_address(target)
        bound = target.bound
        if target.open and not trust.is_local(self._scope, self._headers):
            raise RefusedError(
                "not_local",
                f"source {bound.name!r} has no key or secret, so it takes requests from this machine only; "
                "`tagway init` writes a configuration with keys",
            )
        if not target.is_webhook:
            if not target.keys and bound.config.secrets:
                raise RefusedError("no_proof", "this source has secrets for its webhooks, but no write_keys for this")
            if target.keys:
                # Keys are counted on from the secrets: a source that has both tells them apart by place alone.
                self.which = len(bound.config.secrets) + target.keys.index(self._key(target))
            return not target.open
        token = self._check_token(target)
        proof = self._proof(target)
        self.which = proof.which
        return proof.verified or token or bool(target.allow and not bound.config.secrets)

    def _key(self, target: Target) -> str:
        """Which of its keys the target was found by."""
        if len(target.keys) == 1:
            return target.keys[0]
        offered = keys.from_head(self._scope, self._headers)
        return next((one for one in offered if one in target.keys), target.keys[0])

    def _check_address(self, target: Target) -> None:
        if target.allow and not trust.contains(
            target.allow, trust.sender(self._scope, self._headers, self._site.intake.proxies)
        ):
            raise RefusedError("bad_proof", "this address is not listed in the source's allow_ips")
        origin = self._headers.get(b"origin")
        if origin is not None and target.origins and origin not in target.origins:
            raise RefusedError("bad_origin", "this origin is not listed in the source's origins")

    def _check_token(self, target: Target) -> bool:
        expected = target.bound.config.path_token
        if not expected:
            return False
        given = unquote(self._scope.get("path_params", {}).get("token", ""))
        if signatures.same(given, (expected,)) is None:
            code = "bad_proof" if given else "no_proof"
            raise RefusedError(code, "this source wants its token as the last segment of the path")
        return True

    def _proof(self, target: Target) -> Proof:
        """What the source says of the bytes as received. A verifier that fails proves nothing."""
        config = target.bound.config
        request = Request(
            source=target.name,
            method=self._scope["method"],
            path=self._path(target),
            query=self._scope["query_string"].decode("latin-1"),
            headers=self._declared(target, *target.proof_headers) or {},
            body=self.content,
            received_at=self.received_at,
            options=config.options,
        )
        try:
            return target.bound.source.verify(
                request, Access(secrets=config.secrets, write_keys=config.write_keys, now=self.received_at)
            )
        except RefusedError:
            raise
        except Exception as error:  # noqa: BLE001 - third-party code; what it says may be a sender's words
            _logger.error("the verifier of %s failed with %s", target.name, type(error).__name__)
            raise RefusedError("bad_proof", "the signature cannot be read") from None

    def _check(self, target: Target, content: bytes) -> None:
        method = self._scope["method"]
        if method == "GET":
            self.pixel = target.route.pixel
            # A webhook's GET may be a vendor's question whether somebody is there (Mailchimp); it wants a 200.
            if not self._scope["query_string"] and not target.is_webhook:
                raise RefusedError("empty_body", "the query string is empty")
        elif not (method == "DELETE" and not content) and not (target.bound.source.forms and self._is_form(content)):
            bodies.check(content, self._site.limits)

    def _is_form(self, content: bytes) -> bool:
        """Whether a body says that it is no JSON, to a source that reads such bodies."""
        kind = self._headers.get(b"content-type", b"").lower()
        return bool(content) and kind.startswith((b"application/x-www-form-urlencoded", b"multipart/form-data"))

    def _path(self, target: Target) -> str:
        """The path as sent, without token, key or prefix."""
        if "{" not in target.path:
            return target.path
        sent: str = self._scope["raw_path"].decode("latin-1")
        return sent.removeprefix(f"/{target.name}") if self._site.place.path != target.path else sent

    def _declared(self, target: Target, *more: str) -> dict[str, str] | None:
        wanted = target.bound.source.headers
        if not wanted and not more:
            return None
        found: dict[str, str] = {}
        for name in (*wanted, *more):
            value = self._headers.get(name.encode())
            if value is not None:
                found[name] = value.decode("latin-1")
        return found
