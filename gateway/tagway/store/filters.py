"""The filter language as parameterized SQL over the store: never over what a screen happens to hold.

Nothing that a person typed is ever part of the statement; every value is a parameter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import re2

from tagway.core.query import RE2_OPTIONS, Term, parse

Sql = tuple[str, tuple[Any, ...]]

_EQUAL: Final = {
    "source": "e.source = ?",
    "name": "e.name = ?",
    "raw_event": "e.raw_event = ?",
    "side": "e.side = ?",
    "type": "e.type = ?",
    "schema": "e.schema = ?",
}
_PART: Final = {
    "source": "instr(lower(e.source), lower(?))",
    "name": "instr(lower(e.name), lower(?))",
    "raw_event": "instr(lower(e.raw_event), lower(?))",
    "schema": "instr(lower(e.schema), lower(?))",
}
_FLAGS: Final = {
    "reachable": "(p.reachable_at IS NOT NULL AND p.reachable_at <= e.at)",
    "verified": "e.verified = 1",
    "test": "e.test = 1",
    "known": "(p.user_id IS NOT NULL OR p.reachable_at IS NOT NULL)",
    "anonymous": "NOT (p.user_id IS NOT NULL OR p.reachable_at IS NOT NULL)",
}
_TEXT: Final = (
    "e.name || ' ' || e.raw_event || ' ' || e.message_id || ' ' || ifnull(e.anonymous_id, '') || ' ' ||"
    " ifnull(e.user_id, '') || ' ' || ifnull(e.email, '') || ' ' || ifnull(e.cart_id, '') || ' ' || e.properties"
)
# What the screen says of an event beside its outcome; the decisions that it gave rise to are found by its id.
_SAID: Final = {
    "warned": "+e.status = 'accepted' AND EXISTS"
    " (SELECT 1 FROM violations v WHERE v.event = e.seq AND v.severity = 'warn')",
    "joined": "+e.status = 'accepted' AND EXISTS"
    " (SELECT 1 FROM verdicts m WHERE m.event_id = e.event_id AND m.verdict IN ('merged', 'handed_over'))",
    "apart": "+e.status = 'accepted' AND EXISTS (SELECT 1 FROM verdicts m WHERE m.event_id = e.event_id"
    " AND m.verdict IN ('skipped_conflict', 'skipped_shared', 'skipped_expired'))",
}
_RULE: Final = "EXISTS (SELECT 1 FROM violations v WHERE v.event = e.seq AND v.code = ?)"
_RULE_PART: Final = "EXISTS (SELECT 1 FROM violations v WHERE v.event = e.seq AND instr(v.code, ?))"
_BEGINS: Final = "(w.value = ? OR instr(lower(w.value), lower(?)) = 1)"
_THEIRS: Final = f"EXISTS (SELECT 1 FROM aliases w WHERE w.profile_id = p.profile_id AND {_BEGINS})"
# Whose an event is, is asked only of events that carry an identifier of the profile: all others are passed by.
_WHO: Final = (
    "e.alias_id IN (SELECT o.alias_id FROM aliases w JOIN aliases o ON o.profile_id = w.profile_id"
    f" WHERE {_BEGINS}) AND {_THEIRS}"
)
OF_PROFILE: Final = "e.alias_id IN (SELECT o.alias_id FROM aliases o WHERE o.profile_id = ?) AND p.profile_id = ?"
# A property stands on the event or on any of its product lines.
_PROPERTY: Final = (
    "(ifnull({on_event}, 0) OR EXISTS (SELECT 1 FROM json_each(e.properties, '$.products') l"
    " WHERE json_valid(e.properties) AND l.type = 'object' AND {on_line}))"
)
_TOO_LONG: Final = 65_536


def compiled(text: str, now: int, *, few: bool = False, in_time: bool = False) -> Sql:
    """A filter as a condition over `events e` and its person `p` (`attribution.ATTRIBUTED`), and its parameters.

    `now` (microseconds) is what `age` counts from; `in_time` lets it find what is not old enough yet, too. `few` says
    that only a few events are held against it. Raises `QueryError`.
    """
    terms = [term for term in parse(text) if not (in_time and term.older)]
    parts = [_sql(_alone(term) if few else term, now) for term in terms]
    where = " AND ".join(condition for condition, _ in parts) or "1"
    return where, tuple(value for _, values in parts for value in values)


def prepare(db: sqlite3.Connection) -> None:
    """Give a reading connection the `regexp` that filters use."""
    db.create_function("regexp", 2, _matches, deterministic=True)


def _alone(term: Term) -> Term:
    return replace(term, field="theirs") if term.field == "who" else term


def _sql(term: Term, now: int) -> Sql:
    condition, values = _positive(term, now)
    return (f"NOT ifnull(({condition}), 0)" if term.negated else f"({condition})"), values


def _positive(term: Term, now: int) -> Sql:
    if term.field in _FLAGS:
        return _FLAGS[term.field], ()
    special = _SPECIAL.get(term.field)
    if special is not None:
        return special(term, now)
    if term.operator == "~":
        return _PART.get(term.field, _EQUAL[term.field]), (term.value,)
    return _EQUAL[term.field], (term.value,)


def _age(term: Term, now: int) -> Sql:
    # A younger event has a later time: the comparison turns around.
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[term.operator]
    return f"e.timestamp {turned} ?", (now - int(Decimal(term.value) * 1_000_000),)


def _regex(term: Term, _now: int) -> Sql:
    return f"regexp(?, {_TEXT})", (term.value,)


def _text(term: Term, _now: int) -> Sql:
    return f"instr(lower({_TEXT}), lower(?))", (term.value,)


def _who(term: Term, _now: int) -> Sql:
    return _WHO, (term.value,) * 4


def _theirs(term: Term, _now: int) -> Sql:
    return _THEIRS, (term.value,) * 2


def _profile(term: Term, _now: int) -> Sql:
    return ("instr(p.profile_id, ?)", (term.value,)) if term.operator == "~" else (OF_PROFILE, (term.value,) * 2)


def _id(term: Term, _now: int) -> Sql:
    return "(e.message_id = ? OR instr(lower(hex(e.event_id)), lower(?)) = 1)", (term.value, term.value)


def _seq(term: Term, _now: int) -> Sql:
    operator = "=" if term.operator in (":", "~") else term.operator
    return f"e.seq {operator} ?", (int(Decimal(term.value)),)


def _cart(term: Term, _now: int) -> Sql:
    return "instr(e.cart_id, ?) = 1", (term.value,)


def _status(term: Term, _now: int) -> Sql:
    said = _SAID.get(str(term.value))
    # The plus: a filter goes through events in their order, not through all of a status.
    return (said, ()) if said else ("+e.status = ?", (term.value,))


def _rule(term: Term, _now: int) -> Sql:
    return _RULE_PART if term.operator == "~" else _RULE, (term.value,)


def _property(term: Term, _now: int) -> Sql:
    path = "$" + "".join(f'."{part}"' for part in term.key.split("."))
    if isinstance(term.value, Decimal):
        test = f"CAST({{}} AS REAL) {term.operator} ?"
        value: Any = float(term.value)
    elif term.operator == "~":
        test, value = "instr(lower({}), lower(?))", term.value
    else:
        test, value = "CAST({} AS TEXT) = ?", term.value
    event = test.format("json_extract(e.properties, ?)")
    line = test.format("json_extract(l.value, ?)")
    return _PROPERTY.format(on_event=event, on_line=line), (path, value, path, value)


_SPECIAL: Final[dict[str, Callable[[Term, int], Sql]]] = {
    "age": _age,
    "cart": _cart,
    "id": _id,
    "profile": _profile,
    "property": _property,
    "regex": _regex,
    "rule": _rule,
    "seq": _seq,
    "status": _status,
    "text": _text,
    "theirs": _theirs,
    "who": _who,
}


def _matches(pattern: str, text: str | None) -> bool:
    return text is not None and re2.search(pattern, text[:_TOO_LONG], RE2_OPTIONS) is not None
