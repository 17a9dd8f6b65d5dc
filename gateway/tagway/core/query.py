"""The filter language of the screen, `tagway events --filter` and `/inspect/events`, as a parser.

    src:web event:"Added to Cart" status:violating -test who:ana@ cart:9c1 sku~ABC price>100 age<5m !reachable /re/

Terms are joined by *and*; `-` or `!` before a term negates it. `key:value` compares a known field, and any other
key is a property of the event or of one of its product lines; `~` asks for a part of the text; `<`, `<=`, `>`,
`>=` and `=` compare numbers. A bare word looks into name, identifiers and properties; `/…/` is a regular
expression over the same. `store.filters` turns terms into SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import re2

# What a person types -> the field; several words may mean one field.
FIELDS: Final[dict[str, str]] = {
    "src": "source",
    "source": "source",
    "event": "name",
    "name": "name",
    "raw": "raw_event",
    "status": "status",
    "side": "side",
    "type": "type",
    "rule": "rule",
    "code": "rule",
    "who": "who",
    "profile": "profile",
    "cart": "cart",
    "id": "id",
    "schema": "schema",
    "age": "age",
    "seq": "seq",
}
FLAGS: Final = ("reachable", "verified", "test", "anonymous", "known")
# What a person types -> the outcome, or what the screen says of an event instead of it. Both vocabularies are known.
STATUSES: Final[dict[str, str]] = {
    "ok": "accepted",
    "accepted": "accepted",
    "warn": "warned",
    "bad": "violating",
    "invalid": "violating",
    "violating": "violating",
    "joined": "joined",
    "apart": "apart",
    "dup": "duplicate",
    "duplicate": "duplicate",
    "dead": "dead_letter",
    "dead_letter": "dead_letter",
    "erased": "erased",
    "pruned": "pruned",
}
SIDES: Final = ("web", "server", "app", "provider")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_TOKEN: Final = re.compile(
    r"""(?P<not>[-!])?(?:(?P<regex>/(?:[^/\\]|\\.)+/)|(?P<term>(?![-!])(?:[^\s"]|"[^"]*")+))(?=\s|$)"""
)
_KEY: Final = re.compile(r"(?P<key>[A-Za-z_][\w.]*)(?P<operator><=|>=|[:~<>=])(?P<value>.*)", re.DOTALL)
_AGE: Final = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)


def _quiet() -> re2.Options:
    # RE2 would print a pattern's fault on standard error, which belongs to the screen.
    options = re2.Options()
    options.log_errors = False
    return options


RE2_OPTIONS: Final = _quiet()
"""How regular expressions are read, here and where they are matched: by RE2, so that no pattern can stall a reader."""


class QueryError(ValueError):
    """A filter that cannot be read: what is wrong, and from which character on."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition. `field` is a value of `FIELDS`, one of `FLAGS`, `text`, `regex` or `property`.

    `key` is a property's name; `operator` one of `: ~ < <= > >= =`; `value` text, or a number (seconds for age).
    """

    field: str
    operator: str = ":"
    value: str | Decimal = ""
    key: str = ""
    negated: bool = False

    @property
    def older(self) -> bool:
        """Whether it asks for what is older than an age: an event that is too young will be found in time."""
        return self.field == "age" and self.operator.startswith(">") is not self.negated


@dataclass(frozen=True, slots=True)
class Ages:
    """How old the events are that a filter finds: from `least` to `most` (microseconds; None is any age)."""

    least: int | None = None
    most: int | None = None

    def __bool__(self) -> bool:
        return self.least is not None or self.most is not None

    def allow(self, age: int) -> bool:
        """Whether an event of an age is found."""
        return (self.least is None or self.least <= age) and (self.most is None or age <= self.most)


def parse(text: str) -> tuple[Term, ...]:
    """Read a filter; an empty one has no terms. Raises `QueryError`."""
    terms: list[Term] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            what = "a quote is not closed" if '"' in text[place:] else f"nothing follows the `{text[place]}`"
            raise QueryError(what, place)
        terms.append(_term(match, place))
        place = match.end()
    return tuple(terms)


def ages(text: str) -> Ages:
    """How old the events are that a filter finds. Raises `QueryError`.

    >>> ages("src:web age>=1m age<1h -age>30m")
    Ages(least=60000000, most=1800000000)
    """
    terms = [term for term in parse(text) if term.field == "age"]
    least = max((_bound(term) for term in terms if term.older), default=None)
    return Ages(least, min((_bound(term) for term in terms if not term.older), default=None))


def _bound(term: Term) -> int:
    """The least or the most age that a term lets pass, in microseconds."""
    age = int(Decimal(term.value) * 1_000_000)
    excluded = ("=" in term.operator) is term.negated
    return age + excluded if term.older else age - excluded


def _term(match: re.Match[str], place: int) -> Term:
    negated = match["not"] is not None
    if match["regex"]:
        pattern = _pattern(match["regex"][1:-1].replace(r"\/", "/"), place)
        return Term(field="regex", value=pattern, negated=negated)
    word: str = match["term"]
    keyed = _KEY.fullmatch(word)
    if keyed is None:
        return Term(field=word if word in FLAGS else "text", value=_unquoted(word), negated=negated)
    return _keyed(keyed["key"], keyed["operator"], _unquoted(keyed["value"]), negated, place)


def _pattern(text: str, place: int) -> str:
    try:
        re2.compile(text, RE2_OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise QueryError(f"not a regular expression: {reason}", place) from None
    return text


def _keyed(key: str, operator: str, value: str, negated: bool, place: int) -> Term:
    if not value:
        raise QueryError(f"`{key}{operator}` wants a value", place)
    field = FIELDS.get(key, "property")
    number = operator in ("<", "<=", ">", ">=") or (operator == "=" and _NUMBER.fullmatch(value) is not None)
    if field == "age":
        return Term(field="age", operator=operator, value=_age(operator, value, place), negated=negated)
    if number and field not in ("property", "seq"):
        raise QueryError(f"`{key}` is text: write `{key}:{value}` or `{key}~{value}`", place)
    if field == "status":
        value = _one_of(STATUSES, value, "status", place)
    if field == "side" and value not in SIDES:
        raise QueryError(f"`side` is one of {', '.join(SIDES)}", place)
    if field == "seq" or number:
        return Term(field=field, operator=operator, value=_number(key, value, place), key=key, negated=negated)
    return Term(field=field, operator=operator, value=value, key=key, negated=negated)


def _age(operator: str, value: str, place: int) -> Decimal:
    match = _AGE.fullmatch(value)
    if match is None or operator not in ("<", ">", "<=", ">="):
        raise QueryError("`age` compares with a time: age<5m, age>2h (s, m, h, d)", place)
    return Decimal(int(match[1]) * _SECONDS[match[2]])


def _number(key: str, value: str, place: int) -> Decimal:
    if _NUMBER.fullmatch(value) is None:
        raise QueryError(f"`{key}` compares with a number, not with `{value}`", place)
    return Decimal(value)


def _one_of(known: dict[str, str], value: str, what: str, place: int) -> str:
    if value not in known:
        raise QueryError(f"`{what}` is one of {', '.join(known)}", place)
    return known[value]


def _unquoted(text: str) -> str:
    return text.replace('"', "")


def completions(text: str, values: dict[str, Sequence[str]]) -> list[str]:
    """The whole filter with its last word completed, best first; `values` has known values by field.

    >>> completions("event:add", {"name": ["Added to Cart", "Product Viewed"]})
    ['event:"Added to Cart"']
    """
    start = last_word(text)
    head, word = text[:start], text[start:]
    sign = word[:1] if word[:1] in ("-", "!") else ""
    word = word.removeprefix(sign)
    key, colon, value = word.partition(":")
    if not colon:
        words: Iterable[str] = [*(f"{name}:" for name in FIELDS), *FLAGS]
        return [f"{head}{sign}{one}" for one in words if word and one.startswith(word) and one != word]
    field = FIELDS.get(key, "")
    known = {"status": tuple(STATUSES), "side": SIDES, **values}.get(field, ())
    wanted = _unquoted(value).casefold()
    found = [one for one in known if one.casefold().startswith(wanted)]
    found += [one for one in known if wanted in one.casefold() and one not in found]
    return [f"{head}{sign}{key}:{_quoted(one)}" for one in found if one != _unquoted(value)]


def as_term(text: str) -> str:
    """A text to look for as a filter of one term, whatever characters it has.

    >>> as_term("Added to")
    '"Added to"'
    """
    bare = text.replace('"', "")
    return f'"{bare}"'


def last_word(text: str) -> int:
    """Where the last word begins; a quoted blank does not end a word."""
    quoted, start = False, 0
    for place, character in enumerate(text):
        quoted ^= character == '"'
        if character.isspace() and not quoted:
            start = place + 1
    return start


def _quoted(text: str) -> str:
    return f'"{text}"' if any(one.isspace() for one in text) else text
