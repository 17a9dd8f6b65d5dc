"""Jotform: one webhook for each submission, as `multipart/form-data` (some relays send it form-urlencoded).

No signature: give the source a `path_token`. The answers are a JSON text in the field `rawRequest`, under keys
like `q3_email`; beside them stand Jotform's own values (`submitDate`, `slug`, `path`). `submissionID` is the
delivery and the submission. Fields have no types here, so addresses and ids are known by their values and names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
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
)

_QUESTION: Final = re.compile(r"q\d{1,9}_(.+)", re.DOTALL)
_ABOUT: Final = {
    "/properties/quiz_id": "/formID",
    "/properties/quiz_session_id": "/submissionID",
    "/properties/quiz_name": "/formTitle",
}


class Jotform(Source):
    """Jotform's webhook."""

    name = "jotform"
    headers = frozenset(("content-type",))
    side = "provider"
    forms = True

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """Quiz events of a submission. Raises `PayloadError` for a body or a `rawRequest` that cannot be read."""
        fields = request.fields()
        raw = _raw(fields)
        answers = {key: value for key, value in raw.items() if _QUESTION.fullmatch(key)}
        named = {_name(key): value for key, value in answers.items()}
        hidden_kinds = {name for name in named if captures.identifiers_in({name: named[name]}, captures.PASSED_IN)}
        within = () if raw is fields else ("rawRequest",)
        if not (answers or fields.keys() & {"submissionID", "formID"}):
            raise PayloadError("expected a submission: neither its id nor answers are there", pointer="/submissionID")
        submission = mapping.string(fields.get("submissionID"))
        response = quiz.Response(
            provider="jotform",
            quiz_id=mapping.string(fields.get("formID")),
            quiz_name=mapping.string(fields.get("formTitle")),
            session_id=submission,
            message_id=submission,
            timestamp=moments.told(raw.get("submitDate"), body.pointer(*within, "submitDate"), "ms"),
            answers=[_answer(key, value, within) for key, value in answers.items() if _name(key) not in hidden_kinds],
            hidden={name: named[name] for name in hidden_kinds},
            traits=_person(answers.values()),
            raw_name=mapping.string(fields.get("type")) or "WEB",
            mapping=_ABOUT,
        )
        return quiz.events(response)


def _raw(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The submission itself; without `rawRequest` the answers stand among the fields."""
    given = fields.get("rawRequest")
    if given in (None, ""):
        return fields
    try:
        raw = body.decode(given) if isinstance(given, str) else given
    except body.BodyError as error:
        raise PayloadError(f"rawRequest: {error}", pointer="/rawRequest") from None
    if not isinstance(raw, dict):
        raise PayloadError("rawRequest: expected a JSON object", pointer="/rawRequest")
    return raw


def _name(key: str) -> str:
    return key.split("_", 1)[1]


def _answer(key: str, value: Any, within: tuple[str, ...]) -> quiz.Answer:
    return quiz.Answer(question_id=key, value=_value(value), question=_name(key), item=body.pointer(*within, key))


def _value(value: Any) -> Any:
    """A compound field as one text: a phone number, a date, an address; a name as it is written."""
    if not isinstance(value, dict):
        return value
    if value.get("full"):
        return value["full"]
    texts = list(_texts(value))
    return " ".join(texts) if texts else value


def _texts(value: Any) -> Iterator[str]:
    """All texts of a compound field, also of one with objects inside, as that of products is."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
    elif text := mapping.string(value):
        yield text


def _person(values: Iterable[Any]) -> dict[str, str]:
    """The traits that a full-name field tells."""
    for one in values:
        if isinstance(one, dict) and {"first", "last"} <= one.keys():
            names = {"first_name": mapping.string(one["first"]), "last_name": mapping.string(one["last"])}
            return {key: value for key, value in names.items() if value}
    return {}


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Jotform())
