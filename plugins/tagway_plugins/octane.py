"""Octane AI quizzes, through the events that they fire in the browser.

No public webhook schema exists: the help centre shows a secret, the signature is unconfirmed, and the Zapier triggers
tell customers only. What is public are the events on `document`: `octane.quiz.completed` with `detail.email`,
`detail.phone`, `detail.answers` and the products of `detail.sections`, and events for each question (read in the
code of public themes). So the snippet forwards those to `/collect`, with the page's own anonymous id:

    {"event": "octane.quiz.completed", "detail": {...}, "anonymousId": "...", "messageId": "...", "timestamp": "...",
     "quizId": "...", "url": "..."}

Pitfall: a result page that was opened by its address nests the same detail under `state`. What a browser says can
be forged: these events are never verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from tagway import (
    DeadLetter,
    Event,
    PayloadError,
    Request,
    Route,
    Source,
    body,
    captures,
    hookimpl,
    mapping,
    moments,
    quiz,
)

_PREFIX: Final = "octane.quiz."
_OPENED: Final = "headless_results_page_accessed"
_PRODUCT: Final = mapping.Table(
    {
        "product_id": mapping.identifier("/product_id", "/productId", "/id"),
        "variant_id": mapping.identifier("/variant_id", "/variantId", "/variants/0/id"),
        "sku": mapping.text("/sku", "/variants/0/sku"),
        "name": mapping.text("/title", "/name"),
    }
)
_ABOUT: Final = {
    "/properties/quiz_id": "/quizId",
}


class Octane(Source):
    """Octane AI's browser events, forwarded by the snippet."""

    name = "octane"
    routes = (Route(path="/collect", dialect=True),)
    kind = "collect"
    side = "web"

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """Quiz events of a browser event; what is neither an answer nor a completion is kept under its own name.

        Raises `PayloadError` for a body that is none.
        """
        document = request.document()
        if not document.keys() & {"event", "detail"}:
            raise PayloadError("expected an `event` and its `detail`", pointer="/event")
        name = mapping.string(document.get("event")) or f"{_PREFIX}completed"
        detail = document.get("detail")
        kind = name.removeprefix(_PREFIX)
        if kind not in ("completed", "questionAnswered"):
            return [_other(name, document)]
        return quiz.events(_response(name, document, detail if isinstance(detail, dict) else {}))

    def snippet(self, endpoint: str, key: str) -> str:
        """A script that forwards the quiz's events; put it on the page of the quiz."""
        return _SNIPPET.replace("ENDPOINT", f"{endpoint}/collect/{key}" if key else f"{endpoint}/collect")


def _response(name: str, document: Mapping[str, Any], detail: Mapping[str, Any]) -> quiz.Response:
    result, at = _result(detail)
    products = _products(result)
    contacts = [*_contact(detail, result, at, "email"), *_contact(detail, result, at, "phone")]
    return quiz.Response(
        provider="octane",
        quiz_id=_quiz_id(document, result),
        session_id=mapping.string(document.get("sessionId")),
        message_id=_first(document, "messageId", "message_id"),
        timestamp=moments.of(document, "/timestamp"),
        answers=[*_answers(result, at), *contacts],
        completed=name == f"{_PREFIX}completed",
        hidden={key: value for key, value in document.items() if captures.identifiers_in({key: value})},
        extra={"recommended_products": products} if products else {},
        raw_name=name,
        side="web",
        mapping=_ABOUT,
    )


def _other(name: str, document: Mapping[str, Any]) -> Event:
    return Event(
        name=name,
        raw_name=name,
        message_id=_first(document, "messageId", "message_id"),
        timestamp=moments.of(document, "/timestamp"),
        identifiers=captures.identifiers_in(document),
        properties={"quiz_id": quiz_id} if (quiz_id := _quiz_id(document, {})) else {},
        side="web",
    )


def _result(detail: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The detail proper, and where it stands: a result page that was opened by its address nests it under `state`."""
    nested = mapping.path(f"/state/{_OPENED}")(detail)
    return (nested, f"/detail/state/{_OPENED}") if isinstance(nested, dict) else (detail, "/detail")


def _contact(
    detail: Mapping[str, Any], result: Mapping[str, Any], at: str, asks: Literal["email", "phone"]
) -> Iterator[quiz.Answer]:
    """The email or the phone, wherever it was put."""
    state = detail.get("state")
    for place, item in ((result, at), (detail, "/detail"), (state, "/detail/state")):
        text = mapping.string(place.get(asks)) if isinstance(place, dict) else ""
        if text:
            yield quiz.Answer(question_id=asks, value=text, asks=asks, item=f"{item}/{asks}")
            return


def _answers(result: Mapping[str, Any], at: str) -> Iterator[quiz.Answer]:
    """`{question: answer}` of a completion, or the one question and answer of a step."""
    answers = result.get("answers")
    for question, value in (answers if isinstance(answers, dict) else {}).items():
        item = at + body.pointer("answers", question)
        yield quiz.Answer(question_id=question, value=value, question=question, item=item)
    if "answer" in result:
        key = _first(result, "questionId", "question_id", "question") or "question"
        asked = mapping.string(result.get("question"))
        yield quiz.Answer(question_id=key, value=result["answer"], question=asked, item=f"{at}/answer")


def _products(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The products recommended, each once, in their order."""
    found: dict[str, dict[str, Any]] = {}
    sections = result.get("sections")
    for section in sections if isinstance(sections, list) else ():
        products = section.get("products") if isinstance(section, dict) else None
        for one in products if isinstance(products, list) else ():
            product = _PRODUCT.read(one)
            if key := mapping.string(product.get("product_id")):
                found.setdefault(key, product)
    return list(found.values())


def _quiz_id(document: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    return _first(document, "quizId", "quiz_id") or _first(result, "quizId", "quiz_id")


def _first(values: Mapping[str, Any], *names: str) -> str:
    return next((text for name in names if (text := mapping.string(values.get(name)))), "")


_SNIPPET: Final = """\
<script>
(function () {
  var names = ["completed", "questionLoaded", "questionAnswered", "addToCart"];
  var stored = (document.cookie.match(/(?:^|; )_shopify_y=([^;]+)/) || [])[1];
  function id() { return (crypto.randomUUID && crypto.randomUUID()) || Date.now() + "-" + Math.random(); }
  names.forEach(function (name) {
    document.addEventListener("octane.quiz." + name, function (event) {
      fetch("ENDPOINT", {
        method: "POST", keepalive: true, headers: {"Content-Type": "text/plain"},
        body: JSON.stringify({
          event: "octane.quiz." + name, detail: event.detail, anonymousId: stored, messageId: id(),
          timestamp: new Date().toISOString(), url: location.href
        })
      });
    });
  });
})();
</script>
"""


@hookimpl
def register_sources(register: Callable[[Source], None]) -> None:
    """Register the source."""
    register(Octane())
