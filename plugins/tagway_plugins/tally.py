"""Tally: one webhook for each response.

Signature: `Tally-Signature: <base64 HMAC-SHA256 of the raw body>`, only where a secret is set; no time is signed.
`eventId` is the delivery. (Public implementations agree; one leaves Tally unsigned.)

Pitfalls: answers of choices are ids that only `options` resolves; checkboxes are told twice, once as a list and once
as a boolean for each box; hidden and calculated fields stand among the answers; `respondentId` is Tally's own cookie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from tagway import DeadLetter, Event, PayloadError, Request, Source, body, hookimpl, mapping, moments, quiz, signatures

_ASKS: Final[dict[str, Literal["", "email", "phone"]]] = {"INPUT_EMAIL": "email", "INPUT_PHONE_NUMBER": "phone"}
_HIDDEN: Final = "HIDDEN_FIELDS"
_CALCULATED: Final = "CALCULATED_FIELDS"
_ABOUT: Final = {
    "/properties/quiz_id": "/data/formId",
    "/properties/quiz_session_id": "/data/submissionId",
    "/properties/quiz_name": "/data/formName",
    "/properties/score": "/data/fields",
}


class Tally(Source):
    """Tally's webhook."""

    name = "tally"
    signature_header = "tally-signature"
    scheme = signatures.Hmac(header=signature_header)
    side = "provider"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """Quiz events of a response; any other kind of delivery is kept under its own name. Raises `PayloadError`."""
        document = request.document()
        kind = mapping.string(document.get("eventType")) or "FORM_RESPONSE"
        data = document.get("data")
        if kind == "FORM_RESPONSE" and not isinstance(data, dict):
            raise PayloadError("expected the response in `data`", pointer="/data")
        if kind != "FORM_RESPONSE" or not isinstance(data, dict):
            event_id, at = mapping.string(document.get("eventId")), moments.of(document, "/createdAt")
            return [Event(name=kind, raw_name=kind, message_id=event_id, timestamp=at, side="provider")]
        return quiz.events(_response(document, data, kind))


def _response(document: Mapping[str, Any], data: Mapping[str, Any], kind: str) -> quiz.Response:
    fields = list(_fields(data))
    hidden = {mapping.string(one.get("label")): one.get("value") for _, one in fields if one.get("type") == _HIDDEN}
    calculated = {
        mapping.string(one.get("label")): one.get("value") for _, one in fields if one.get("type") == _CALCULATED
    }
    score = mapping.as_amount(next((value for name, value in calculated.items() if name.lower() == "score"), None))
    return quiz.Response(
        provider="tally",
        quiz_id=mapping.string(data.get("formId")),
        quiz_name=mapping.string(data.get("formName")),
        session_id=mapping.string(data.get("submissionId")) or mapping.string(data.get("responseId")),
        message_id=mapping.string(document.get("eventId")) or mapping.string(data.get("responseId")),
        timestamp=moments.of(document, "/data/createdAt", "/createdAt"),
        answers=[_answer(one, item) for item, one in fields if _is_answer(one)],
        hidden=hidden,
        respondent=mapping.string(data.get("respondentId")),
        extra={} if score is None else {"score": score},
        context={"calculated": calculated} if calculated else {},
        raw_name=kind,
        mapping=_ABOUT,
    )


def _fields(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    fields = data.get("fields")
    for place, one in enumerate(fields if isinstance(fields, list) else ()):
        if isinstance(one, dict):
            yield body.pointer("data", "fields", place), one


def _is_answer(one: Mapping[str, Any]) -> bool:
    """Whether a field is an answer: not hidden, not calculated, and not the second telling of a checkbox."""
    kind = one.get("type")
    return kind not in (_HIDDEN, _CALCULATED) and not (kind == "CHECKBOXES" and isinstance(one.get("value"), bool))


def _answer(one: Mapping[str, Any], item: str) -> quiz.Answer:
    value, ids = _chosen(one.get("value"), _options(one.get("options")))
    if one.get("type") == "MATRIX":
        value = _matrix(one.get("value"), {**_options(one.get("rows")), **_options(one.get("columns"))})
    return quiz.Answer(
        question_id=mapping.string(one.get("key")) or item.rsplit("/", 1)[-1],
        value=value,
        question=mapping.string(one.get("label")),
        ids=ids,
        asks=_ASKS.get(mapping.string(one.get("type")), ""),
        item=item,
    )


def _options(given: Any) -> dict[str, str]:
    """Texts of a field's options, by id."""
    options = given if isinstance(given, list) else ()
    return {mapping.string(one.get("id")): mapping.string(one.get("text")) for one in options if isinstance(one, dict)}


def _chosen(value: Any, options: Mapping[str, str]) -> tuple[Any, tuple[str, ...]]:
    """The texts of the options chosen, and their ids; any other value as it is."""
    if not options:
        return value, ()
    given = value if isinstance(value, list) else [value]
    ids = tuple(one for one in given if isinstance(one, str) and one in options)
    texts = [options.get(one, one) if isinstance(one, str) else one for one in given]
    return (texts if isinstance(value, list) else texts[0]), ids


def _matrix(value: Any, texts: Mapping[str, str]) -> Any:
    """`row: column` for each row of a matrix."""
    if not isinstance(value, dict):
        return value
    rows = [
        (texts.get(row, row), [texts.get(one, one) for one in columns if isinstance(one, str)])
        for row, columns in value.items()
        if isinstance(columns, list)
    ]
    return [f"{row}: {', '.join(columns)}" for row, columns in rows]


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Tally())
