"""Quizzes and forms: what every vendor's response comes down to, and the events that it becomes.

A plugin reads its vendor's body into a `Response`; `events` makes of it, the same for all vendors,

- `Quiz Completed` with all answers, when the response is complete;
- `Quiz Answered` for each answer (but for addresses), which a later, fuller copy of the response repeats with the
  same message id;
- `Email Captured` or `SMS Captured` for each address given, whether its field asked for one or it was typed into
  a free text field;
- `Quiz Started`, when there is nothing of all that.

All of them carry every identifier of the response: its hidden fields, the vendor's own id of the respondent, and
the addresses given, so that the first answer belongs to the person who gives an email at the end. Of several emails
or phone numbers the first is the person's; another one is captured on its own.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from tagway.core import body, captures, mapping, moments
from tagway.core.events import NOTHING, Event, Identifier, Side

_NAMES: Final = ("label", "value", "text", "title", "name", "full", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: `value` in the vendor's form (`plain` makes it a scalar or a list of texts).

    `asks` says that its field is one for emails or phone numbers; `item` is its JSON pointer in the body.
    """

    question_id: str
    value: Any
    question: str = ""
    ids: tuple[str, ...] = ()
    asks: Literal["", "email", "phone"] = ""
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One run of a quiz, whole or in part. Empty texts stand for what the vendor does not send.

    `message_id` is the vendor's id of the delivery; `hidden` are the fields that the store passed in by itself;
    `respondent` is the vendor's own anonymous id, used where the store passed none; `extra` are further
    canonical properties of `Quiz Completed` (`result_id`, `recommended_products`, `score`).
    """

    provider: str
    quiz_id: str = ""
    quiz_name: str = ""
    session_id: str = ""
    message_id: str = ""
    timestamp: moments.Told = None
    answers: Sequence[Answer] = ()
    completed: bool = True
    hidden: Mapping[str, Any] = field(default_factory=dict)
    respondent: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    raw_name: str = ""
    side: Side = "provider"
    test: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer as it is told: where it stands among the others, its plain value, and the address that it is."""

    place: int
    key: str
    answer: Answer
    value: Any
    kind: Literal["", "email", "phone"]


def events(response: Response) -> list[Event]:
    """The events of one response, the completion first; see the module."""
    given = list(_given(response.answers))
    addresses: dict[str, str] = {one.kind: one.value for one in reversed(given) if one.kind}
    ids = _identifiers(response, addresses)
    found = [_completed(response, given, addresses, ids)] if response.completed else []
    told: set[str] = set()
    for one in given:
        if not one.kind:
            found.append(_answered(response, one, ids))
        elif one.value.casefold() not in told:
            # A second, other address may be a friend's: it is captured alone, and joins nobody here.
            found += _captured(response, one, ids if one.value == addresses[one.kind] else ())
            told.add(one.value.casefold())
    return found or [_event(response, "Quiz Started", ids, _about(response), suffix="started")]


def plain(value: Any) -> Any:
    """An answer as a scalar or a list of texts, whatever the vendor wraps it in; None when it is blank."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        texts = [text for one in value if (text := _text(plain(one))) is not None]
        return texts or None
    if isinstance(value, dict):
        named = next((plain(value[name]) for name in _NAMES if value.get(name) not in (None, "")), None)
        return plain([one for one in value.values() if not isinstance(one, dict)]) if named is None else named
    return value if value is None or isinstance(value, bool | int | Decimal) else str(value)


def _text(value: Any) -> str | None:
    """A plain value inside a list, where only texts stand."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(value)
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _given(answers: Iterable[Answer]) -> Iterable[_Given]:
    """The answers that are not blank; a key that repeats is numbered, so that no answer hides another."""
    used: Counter[str] = Counter()
    for place, answer in enumerate(answers, 1):
        value = plain(answer.value)
        if value is None:
            continue
        used[answer.question_id] += 1
        times = used[answer.question_id]
        key = answer.question_id if times == 1 else f"{answer.question_id}_{times}"
        kind, value = _address(answer, value)
        yield _Given(place, key, answer, value, kind)


def _address(answer: Answer, value: Any) -> tuple[Literal["", "email", "phone"], Any]:
    text = _text(value) if answer.asks else value
    if answer.asks and text is not None:
        return answer.asks, text
    if (email := captures.email_in(value)) is not None:
        return "email", email
    if (phone := captures.phone_in(value, question=f"{answer.question} {answer.question_id}")) is not None:
        return "phone", phone
    return "", value


def _identifiers(response: Response, addresses: Mapping[str, str]) -> tuple[Identifier, ...]:
    hidden = captures.identifiers_in(response.hidden)
    kinds = {one.kind for one in hidden}
    own = [Identifier("anonymous_id", response.respondent)] if response.respondent else []
    given = [Identifier(kind, value) for kind, value in addresses.items()]
    return tuple(dict.fromkeys((*hidden, *(one for one in own if one.kind not in kinds), *given)))


def _event(
    response: Response,
    name: str,
    ids: tuple[Identifier, ...],
    properties: Mapping[str, Any],
    *,
    suffix: str,
    item: str = "",
    given: Sequence[_Given] = (),
) -> Event:
    base = response.message_id if suffix == "" else response.session_id or response.message_id
    return Event(
        name=name,
        raw_name=response.raw_name,
        message_id=":".join(filter(None, (base, suffix))) if base else "",
        timestamp=response.timestamp,
        identifiers=ids,
        properties=properties,
        traits=response.traits,
        context={**response.context, **({"hidden": dict(response.hidden)} if response.hidden else {})},
        side=response.side,
        test=response.test,
        item=item,
        # The mapping is that of the whole response: an answer is an item of its own.
        mapping=NOTHING if item else _origins(response, given),
    )


def _about(response: Response) -> dict[str, str]:
    about = {"quiz_id": response.quiz_id, "quiz_session_id": response.session_id, "quiz_name": response.quiz_name}
    return {**_filled(about), "provider": response.provider}


def _completed(
    response: Response, given: Sequence[_Given], addresses: Mapping[str, str], ids: tuple[Identifier, ...]
) -> Event:
    answers = {one.key: one.value for one in given}
    return _event(
        response,
        "Quiz Completed",
        ids,
        {**_about(response), "answers": answers, **addresses, **response.extra},
        suffix="",
        given=given,
    )


def _origins(response: Response, given: Sequence[_Given]) -> Mapping[str, str]:
    """Where a completion's values come from: its answers from their own places, the addresses from among them."""
    return mapping.Origins(lambda: {**response.mapping, **{to: at for one in given for to, at in _places(one)}})


def _places(one: _Given) -> Iterable[tuple[str, str]]:
    at = one.answer.item
    if one.kind:
        yield f"/properties/{one.kind}", at
    yield body.pointer("properties", "answers", one.key), at
    # What was chosen is told by ids and texts of the vendor's, so that each choice comes from the answer as a whole.
    for place in range(len(one.value) if isinstance(one.value, list) else 0):
        yield body.pointer("properties", "answers", one.key, place), at


def _answered(response: Response, one: _Given, ids: tuple[Identifier, ...]) -> Event:
    properties: dict[str, Any] = {
        **_about(response),
        "question_id": one.key,
        "answer": one.value,
        "question_index": one.place,
    }
    if one.answer.question:
        properties["question"] = one.answer.question
    if one.answer.ids:
        properties["answer_ids"] = list(one.answer.ids)
    suffix = f"{one.key}:{_digest(one.value)}"
    return _event(response, "Quiz Answered", ids, properties, suffix=suffix, item=one.answer.item)


def _captured(response: Response, one: _Given, ids: tuple[Identifier, ...]) -> list[Event]:
    about = {"form_id": response.quiz_id, "form_name": response.quiz_name}
    if one.kind == "email":
        about["quiz_id"] = response.quiz_id
    properties = {one.kind: one.value, "capture_source": "quiz", "provider": response.provider, **_filled(about)}
    suffix = f"{one.key}:{_digest(one.value)}"
    return captures.captured(_event(response, "Email Captured", ids, properties, suffix=suffix, item=one.answer.item))


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def _digest(value: Any) -> str:
    """An answer in a message id: short, and not the address itself."""
    return hashlib.blake2b(body.encode(value), digest_size=6).hexdigest()
