"""Typeform: one webhook for each response.

Signature: `Typeform-Signature: sha256=<base64 HMAC-SHA256 of the raw body>`, only where a secret is set; no time is
signed. `event_id` is the delivery, kept over retries; `token` is the response. In a test delivery the two are equal.
(developer docs of Typeform's webhooks; samples in public repositories.)

Pitfalls: an email is often asked for with a short text; questions that were skipped are missing; answers meet
their questions by `field.ref` or `field.id`; hidden fields hold `xxxxx` when the link was shared without values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from tagway import DeadLetter, Event, PayloadError, Request, Source, body, hookimpl, mapping, moments, quiz, signatures

_ASKS: Final[dict[str, Literal["", "email", "phone"]]] = {"email": "email", "phone_number": "phone"}
_DEEPEST: Final = 4
_RESULT: Final = mapping.Table(
    {
        "result_id": mapping.identifier("/outcome/id", "/thankyou_screen_ref"),
        "result_name": mapping.text("/outcome/title"),
        "score": mapping.amount("/calculated/score"),
    }
)
_ABOUT: Final = {
    "/properties/quiz_id": "/form_response/form_id",
    "/properties/quiz_session_id": "/form_response/token",
    "/properties/quiz_name": "/form_response/definition/title",
    **{to: f"/form_response{source}" for to, source in _RESULT.origins().items()},
}


class Typeform(Source):
    """Typeform's webhook."""

    name = "typeform"
    signature_header = "typeform-signature"
    scheme = signatures.Hmac(header=signature_header, prefix="sha256=")
    side = "provider"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """Quiz events of a response; any other kind of delivery is kept under its own name. Raises `PayloadError`."""
        document = request.document()
        kind = mapping.string(document.get("event_type")) or "form_response"
        response = document.get("form_response")
        if kind == "form_response" and not isinstance(response, dict):
            raise PayloadError("expected a `form_response`", pointer="/form_response")
        if not isinstance(response, dict):
            return [
                Event(name=kind, raw_name=kind, message_id=mapping.string(document.get("event_id")), side="provider")
            ]
        return quiz.events(_response(document, response, kind))


def _response(document: Mapping[str, Any], response: Mapping[str, Any], kind: str) -> quiz.Response:
    token = mapping.string(response.get("token"))
    event_id = mapping.string(document.get("event_id"))
    hidden = response.get("hidden")
    definition = response.get("definition")
    return quiz.Response(
        provider="typeform",
        quiz_id=mapping.string(response.get("form_id")),
        quiz_name=mapping.string(definition.get("title")) if isinstance(definition, dict) else "",
        session_id=token,
        message_id=event_id or token,
        timestamp=moments.of(response, "/submitted_at", "/landed_at"),
        answers=_answers(response, _questions(definition)),
        # Partial responses come as another type of event (`form_response_partial`, as far as is known).
        completed="partial" not in kind,
        hidden=hidden if isinstance(hidden, dict) else {},
        extra=_RESULT.read(response),
        raw_name=kind,
        test=bool(token) and event_id == token,
        mapping=_ABOUT,
    )


def _questions(definition: Any, depth: int = 0) -> dict[str, str]:
    """Titles of the form's questions, by ref and by id; those of a group (contact info, a matrix) stand inside it."""
    fields = definition.get("fields") if isinstance(definition, dict) else None
    titles: dict[str, str] = {}
    for one in fields if isinstance(fields, list) else ():
        if isinstance(one, dict):
            title = mapping.string(one.get("title"))
            titles |= {key: title for key in (mapping.string(one.get("id")), mapping.string(one.get("ref"))) if key}
            if depth < _DEEPEST:
                titles |= _questions(one.get("properties"), depth + 1)
    return titles


def _answers(response: Mapping[str, Any], questions: Mapping[str, str]) -> list[quiz.Answer]:
    given = response.get("answers")
    return [
        _answer(one, questions, body.pointer("form_response", "answers", place))
        for place, one in enumerate(given if isinstance(given, list) else ())
        if isinstance(one, dict)
    ]


def _answer(one: Mapping[str, Any], questions: Mapping[str, str], item: str) -> quiz.Answer:
    field = one.get("field")
    field = field if isinstance(field, dict) else {}
    key = mapping.string(field.get("ref")) or mapping.string(field.get("id")) or item.rsplit("/", 1)[-1]
    kind = mapping.string(one.get("type"))
    value, ids = _value(kind, one.get(kind))
    return quiz.Answer(
        question_id=key, value=value, question=questions.get(key, ""), ids=ids, asks=_ASKS.get(kind, ""), item=item
    )


def _value(kind: str, value: Any) -> tuple[Any, tuple[str, ...]]:
    """An answer's value by its type, and the ids of the choices made; of a payment, its amount and no card."""
    if not isinstance(value, dict):
        return value, ()
    if kind == "payment":
        return mapping.as_text(value.get("amount")), ()
    if kind == "choice":
        return value.get("label") or value.get("other"), _ids([value.get("id")])
    if kind == "choices":
        labels = value.get("labels")
        other = value.get("other")
        chosen = [*(labels if isinstance(labels, list) else ()), *([other] if other else ())]
        return chosen, _ids(value.get("ids"))
    return value, ()


def _ids(given: Any) -> tuple[str, ...]:
    return tuple(one for one in given if isinstance(one, str) and one) if isinstance(given, list) else ()


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Typeform())
