"""RevenueHunt (product recommendation quizzes): one webhook for each response.

No signature, but custom headers can be set: send one of the source's `secrets` in `X-Webhook-Secret`, or give it a
`path_token`. Two shapes are in use: camelCase with `answersByBlock` (the current Shopify app) and snake_case with a
list of `answers` (all others). The response's id is also the delivery's.
(RevenueHunt's public documentation, "Send leads to webhooks".)

Pitfalls: the content type may say form-urlencoded over a JSON body; `created_at` is ISO in one shape and
`2025-07-10 14:22:34 UTC` in the other; a question with several choices repeats in the list; a product's `score` is
its relevance and no price; URL parameters come as answers of blocks named `hidden-...`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from tagway import DeadLetter, Event, PayloadError, Request, Source, body, hookimpl, mapping, moments, quiz, signatures

_ASKS: Final[dict[str, Literal["", "email", "phone"]]] = {
    "email": "email",
    "phone": "phone",
    "phone_number": "phone",
}
_HIDDEN: Final = "hidden-"
_RESPONSE: Final = mapping.Table(
    {
        "quiz_id": mapping.identifier("/quizId", "/quiz_id"),
        "quiz_name": mapping.text("/quizName", "/quiz_name"),
        "response_id": mapping.identifier("/responseId", "/response_id"),
    }
)
_RESULT: Final = mapping.Table(
    {
        "result_id": mapping.identifier("/resultRef"),
        "score": mapping.amount("/variableScores/score"),
        "url": mapping.url("/permalink"),
    }
)
_PRODUCT: Final = mapping.Table(
    {
        "product_id": mapping.identifier("/id", "/product_id"),
        "variant_id": mapping.identifier("/variant_id", "/variants/0/id"),
        "sku": mapping.text("/sku", "/variants/0/sku"),
        "name": mapping.text("/name", "/title"),
    }
)
_PERSON: Final = mapping.Table(
    {
        "first_name": mapping.text("/firstName", "/first_name"),
        "last_name": mapping.text("/lastName", "/last_name"),
    }
)


class RevenueHunt(Source):
    """RevenueHunt's webhook."""

    name = "revenuehunt"
    signature_header = "x-webhook-secret"
    scheme = signatures.Token(header=signature_header)
    side = "provider"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """Quiz events of a response. Raises `PayloadError` for a body that is none."""
        document = request.document()
        about = _RESPONSE.read(document)
        response_id = mapping.string(about.get("response_id"))
        blocks = list(_answers(document))
        products = _products(document)
        if not (response_id or blocks):
            raise PayloadError("expected a response: neither its id nor answers are there", pointer="/responseId")
        response = quiz.Response(
            provider="revenuehunt",
            quiz_id=mapping.string(about.get("quiz_id")),
            quiz_name=mapping.string(about.get("quiz_name")),
            session_id=response_id,
            message_id=response_id,
            timestamp=moments.of(document, "/createdAt", "/created_at"),
            answers=[*(one for one in blocks if not one.question_id.startswith(_HIDDEN)), *_contacts(document, blocks)],
            hidden={
                one.question_id.removeprefix(_HIDDEN): quiz.plain(one.value)
                for one in blocks
                if one.question_id.startswith(_HIDDEN)
            },
            extra={**_RESULT.read(document), **({"recommended_products": products} if products else {})},
            traits=_PERSON.read(document),
            raw_name="quiz_response",
            mapping=mapping.Origins(lambda: _origins(document)),
        )
        return quiz.events(response)


def _answers(document: Mapping[str, Any]) -> Iterator[quiz.Answer]:
    """The answers of either shape."""
    blocks = document.get("answersByBlock")
    if isinstance(blocks, dict):
        for ref, one in blocks.items():
            yield _block(ref, one if isinstance(one, dict) else {"value": one})
    given = document.get("answers")
    if isinstance(given, list):
        yield from _listed(given)


def _block(ref: str, one: Mapping[str, Any]) -> quiz.Answer:
    refs = one.get("choicesRefs")
    return quiz.Answer(
        question_id=ref,
        value=one.get("value"),
        ids=tuple(filter(None, map(mapping.string, refs))) if isinstance(refs, list) else (),
        asks=_ASKS.get(mapping.string(one.get("type")), ""),
        item=body.pointer("answersByBlock", ref),
    )


def _listed(given: list[Any]) -> Iterator[quiz.Answer]:
    """The answers of a list; the choices of one question, which repeats for each, are one answer."""
    found: dict[str, list[Any]] = {}
    first: dict[str, tuple[int, str]] = {}
    for place, one in enumerate(given):
        if isinstance(one, dict):
            key = mapping.string(one.get("question_id")) or str(place)
            values = one.get("values")
            chosen = values if isinstance(values, list) else [one.get("choice_label")]
            found.setdefault(key, []).extend(chosen)
            first.setdefault(key, (place, mapping.string(one.get("question_title"))))
    for key, values in found.items():
        place, question = first[key]
        value = values[0] if len(values) == 1 else values
        yield quiz.Answer(question_id=key, value=value, question=question, item=body.pointer("answers", place))


def _contacts(document: Mapping[str, Any], answers: Iterable[quiz.Answer]) -> Iterator[quiz.Answer]:
    """The email and the phone beside the answers, where no answer says the same."""
    said = {str(quiz.plain(one.value)) for one in answers}
    for name, asks in (("email", "email"), ("phone", "phone")):
        value = mapping.string(document.get(name))
        if value and value not in said:
            yield quiz.Answer(question_id=name, value=value, asks=_ASKS[asks], item=f"/{name}")


def _origins(document: Mapping[str, Any]) -> dict[str, str]:
    """Where the values of a response come from; its products are put together from several slots."""
    about = _RESPONSE.origins(document=document)
    found = {**about, **_RESULT.origins(document=document), **_PERSON.origins("/traits", document)}
    return {**found, "/properties/quiz_session_id": about["/properties/response_id"]}


def _products(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The products recommended, each once, in their order."""
    slots = document.get("recommendationsBySlot")
    listed = [slots.values()] if isinstance(slots, dict) else [[document.get("products")]]
    found: dict[str, dict[str, Any]] = {}
    for slot in (slot for several in listed for slot in several if isinstance(slot, list)):
        for one in slot:
            product = _PRODUCT.read(one if isinstance(one, dict) else {"id": one})
            if key := mapping.string(product.get("product_id")):
                found.setdefault(key, product)
    return list(found.values())


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(RevenueHunt())
