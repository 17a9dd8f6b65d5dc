"""Formsort: the answers of a flow, posted again and again while a responder goes on.

Signature: `x-formsort-signature: <base64url HMAC-SHA256 of the raw body, without padding>` (public implementations;
the vendor's page was not read). There is no delivery id: an answer that is posted again has the same message id,
because it is made of responder, question and answer.

Pitfalls: only `finalized: true` is a completion, everything before is partial; an email stands among the answers
under a key that the author of the flow chose. `responder_uuid` is Formsort's own anonymous id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from tagway import (
    DeadLetter,
    Event,
    PayloadError,
    Request,
    Source,
    body,
    captures,
    hookimpl,
    mapping,
    moments,
    quiz,
    signatures,
)

_CONTEXT: Final = mapping.Table({name: mapping.text(f"/{name}") for name in ("variant_label", "variant_uuid")})
_ABOUT: Final = {
    "/properties/quiz_id": "/flow_label",
    "/properties/quiz_session_id": "/responder_uuid",
}


class Formsort(Source):
    """Formsort's webhook."""

    name = "formsort"
    signature_header = "x-formsort-signature"
    scheme = signatures.Hmac(header=signature_header, encodings=("base64url",))
    side = "provider"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """The answers so far, and the completion when the flow is finalized. Raises `PayloadError`."""
        document = request.document()
        if not document.keys() & {"answers", "responder_uuid"}:
            raise PayloadError("expected `answers` of a `responder_uuid`", pointer="/answers")
        given = document.get("answers")
        answers = given if isinstance(given, dict) else {}
        hidden = {
            key: value for key, value in answers.items() if captures.identifiers_in({key: value}, captures.PASSED_IN)
        }
        responder = mapping.string(document.get("responder_uuid"))
        finalized = mapping.as_flag(document.get("finalized")) is True
        response = quiz.Response(
            provider="formsort",
            quiz_id=mapping.string(document.get("flow_label")),
            session_id=responder,
            message_id=f"{responder}:finalized:{_digest(answers)}" if responder else "",
            timestamp=moments.of(document, "/created_at"),
            answers=[_answer(key, value) for key, value in answers.items() if key not in hidden],
            completed=finalized,
            hidden=hidden,
            respondent=responder,
            context=_CONTEXT.read(document),
            raw_name="finalized" if finalized else "partial",
            mapping=_ABOUT,
        )
        return quiz.events(response)


def _answer(key: str, value: Any) -> quiz.Answer:
    return quiz.Answer(question_id=key, value=value, question=key.replace("_", " "), item=body.pointer("answers", key))


def _digest(answers: Mapping[str, Any]) -> str:
    """A finalized flow that is posted again with other answers is another completion."""
    return hashlib.blake2b(body.encode(answers), digest_size=6).hexdigest()


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Formsort())
