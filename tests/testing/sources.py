"""Small sources for the tests of the kit: one that keeps the law, to be broken in one way each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tagway import (
    Access,
    DeadLetter,
    Event,
    Identifier,
    PayloadError,
    Proof,
    RefusedError,
    Request,
    Source,
    body,
    signatures,
)


class Sound(Source):
    """One event for `{"id": ..., "email": ...}`, signed with hex HMAC-SHA256 in `x-signature`."""

    name = "sound"
    signature_header = "x-signature"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        try:
            document = body.decode(request.body)
        except ValueError as error:
            raise PayloadError(str(error)) from None
        if not isinstance(document, dict) or not isinstance(document.get("id"), str):
            raise PayloadError("expected an object with an id", pointer="/id")
        email = document.get("email")
        ids = (Identifier("email", email),) if isinstance(email, str) and email else ()
        return [
            Event(
                name="Email Captured",
                message_id=document["id"],
                identifiers=ids,
                properties={"total": document.get("total")},
            )
        ]

    def verify(self, request: Request, access: Access) -> Proof:
        if not access.secrets:
            return Proof(verified=False)
        which = signatures.matching(
            request.headers.get("x-signature", ""), request.body, access.secrets, encoding="hex"
        )
        if which is None:
            raise RefusedError("bad_proof", "the signature is none of a live secret")
        return Proof(verified=True, which=which)

    def sign(self, request: Request, secret: str, now: int) -> Mapping[str, str]:
        del now
        return {"X-Signature": signatures.digest(secret, request.body).hex()}
