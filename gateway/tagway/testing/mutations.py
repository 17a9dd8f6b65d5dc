"""Bodies gone wrong: every value of a JSON document replaced or dropped, nested deeper, or made huge.

`every_replacement` and the like walk a whole document; `mutated` draws random combinations of them and is the
only thing here that wants Hypothesis (a development dependency, imported when it is called).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

Step = str | int
Where = tuple[Step, ...]

_DEPTH: Final = 60


def _deep() -> list[Any]:
    """A list in a list, nearly as deep as the gateway takes."""
    value: list[Any] = []
    for _ in range(_DEPTH):
        value = [value]
    return value


WRONG: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 10**30, Decimal("-0.5"), Decimal("1E+400"), Decimal("1E+999999"), "", " ", "x", "0",
    "1E400", "9" * 400, [], {}, [None], [[]], [{}], {"": None}, {"id": {}}, _deep(),
)  # fmt: skip
"""A value of every type, and the ones of each type that code forgets."""

STRANGE: Final = (
    "größer 🍵 \u0130ı ﬁ e\u0301",
    "\u202e\u2066\u200bx\ufeff",
    "\x00\x1b[31m\r\n\t\x7f",
    "'; drop table events; --",
    "=cmd()|'<script>{{x}}%s",
    "/~0~1/..//",
)
"""Texts that are legal and that some reader trips over."""


def places(document: Any) -> Iterator[Where]:
    """Every place in a JSON document, the root first."""
    yield ()
    children = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for step, child in children:
        yield from ((step, *rest) for rest in places(child))


def replaced(document: Any, where: Where, change: Callable[[Any], Any]) -> Any:
    """A copy of the document with the value at a place changed; unchanged parts are shared."""
    if not where:
        return change(document)
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    copy[where[0]] = replaced(copy[where[0]], where[1:], change)
    return copy


def put(document: Any, where: Where, value: Any) -> Any:
    """A copy of the document with another value at a place."""
    return replaced(document, where, lambda _: value)


def dropped(document: Any, where: Where) -> Any:
    """A copy of the document without the value at a place (which is not the root)."""

    def without(parent: Any) -> Any:
        copy: Any = dict(parent) if isinstance(parent, dict) else list(parent)
        del copy[where[-1]]
        return copy

    return replaced(document, where[:-1], without)


def every_replacement(document: Any) -> Iterator[Any]:
    """The document with each value replaced by each of `WRONG`."""
    for where in places(document):
        yield from (put(document, where, wrong) for wrong in WRONG)


def every_omission(document: Any) -> Iterator[Any]:
    """The document without each of its values."""
    return (dropped(document, where) for where in places(document) if where)


def every_text(document: Any, text: str) -> Any:
    """The document with every text in it replaced."""
    if isinstance(document, dict):
        return {key: every_text(value, text) for key, value in document.items()}
    if isinstance(document, list):
        return [every_text(value, text) for value in document]
    return text if isinstance(document, str) else document


def enlarged(value: Any) -> Any:
    """A value of the same type, much larger."""
    if isinstance(value, str):
        return value * (100_000 // (len(value) or 1)) or "x" * 100_000
    if isinstance(value, list):
        return value * (2_000 // (len(value) or 1))
    if isinstance(value, dict):
        return {**value, **{f"extra_{place}": place for place in range(2_000)}}
    return 10**40 if isinstance(value, int) and not isinstance(value, bool) else value


def mutated(documents: Sequence[Any]) -> SearchStrategy[Any]:
    """Hypothesis: one of the documents after up to three drops, retypings or nestings and one enlargement."""
    from hypothesis import strategies

    values = strategies.recursive(
        strategies.sampled_from(WRONG) | strategies.text(max_size=20) | strategies.integers(),
        lambda inner: (
            strategies.lists(inner, max_size=3)
            | strategies.dictionaries(strategies.text(max_size=9), inner, max_size=3)
        ),
        max_leaves=4,
    )

    @strategies.composite
    def one(draw: DrawFn) -> Any:
        document = draw(strategies.sampled_from(documents))
        changes = draw(strategies.lists(strategies.sampled_from(("drop", "retype", "nest")), max_size=3))
        # Enlarged at most once, and last: a list of two thousand long texts would test the machine.
        for change in [*changes, *(("enlarge",) if draw(strategies.booleans()) else ())]:
            where = draw(strategies.sampled_from(list(places(document))))
            if change == "drop":
                document = dropped(document, where) if where else {}
            elif change == "retype":
                document = put(document, where, draw(values))
            else:
                document = replaced(document, where, enlarged if change == "enlarge" else _nested)
        return document

    return one()


def _nested(value: Any) -> Any:
    return [{"x": value}]
