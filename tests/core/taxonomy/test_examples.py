"""Every event, rule by rule: its example is valid, and the example with one thing wrong is told exactly that."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

import pytest
from tagway import catalogue
from tagway.core import body
from tagway.core.taxonomy import Catalogue, Schema
from tagway.core.taxonomy.shape import Property

from tests.core.taxonomy.conftest import Judge, example

BUNDLED: Final = Catalogue.of(catalogue.bundled(), catalogue.spellings())
MISSING: Final = object()
# What breaks each check of ours: a value, and the code.
CHECKED: Final = {
    "money": ("0.00001", "money_decimals"),
    "currency": ("QQQ", "currency_unknown"),
    "email": ("ana@example", "email_format"),
    "phone": ("555 123", "phone_format"),
    "time": ("yesterday", "time_format"),
    "url": ("/here", "url_format"),
}
WRONG: Final = {"string": 5, "number": "5", "integer": "5", "boolean": "yes", "array": {}, "object": []}


def faults(one: Property) -> Iterator[tuple[Any, str]]:
    """A wrong value for each rule that a property has, with the code that tells it."""
    if one.required:
        yield MISSING, "property_missing"
        yield None, "property_missing"
    notes = one.notes
    if isinstance(notes.get("type"), str):
        yield WRONG[notes["type"]], "wrong_type"
    if "enum" in notes:
        yield "none of these", "not_in_list"
    if "minimum" in notes:
        yield notes["minimum"] - 1, "out_of_range"
    if "maxLength" in notes:
        yield "x" * (notes["maxLength"] + 1), "wrong_length"
    if "minLength" in notes:
        yield "", "wrong_length"
    if "minItems" in notes:
        yield [], "wrong_length"
    if one.check in CHECKED:
        value, code = CHECKED[one.check]
        yield (body.decode(value) if one.check == "money" else value), code


def cases(schema: Schema) -> Iterator[tuple[str, Any, str]]:
    """Path, wrong value and code of every rule of an event."""
    for path, one in schema.properties.walk("properties."):
        for value, code in faults(one):
            yield path, value, code


def broken(schema: Schema, path: str, value: Any) -> tuple[dict[str, Any], str] | None:
    """The example with one value replaced, and the value's pointer; None where the example has no such place."""
    one = copy.deepcopy(example(BUNDLED, schema.name))
    *places, last = path.split(".")
    place: Any = one
    pointer = ""
    for name in places:
        if name.removesuffix("[]") not in place:
            return None
        place = place[name.removesuffix("[]")]
        pointer += "/" + name.removesuffix("[]")
        if name.endswith("[]"):
            place, pointer = place[0], pointer + "/0"
    if value is MISSING:
        place.pop(last)
    else:
        place[last] = value
    return one, f"{pointer}/{last}"


@pytest.mark.parametrize("name", BUNDLED.newest)
def test_one_thing_wrong_is_told_exactly(judge: Judge, name: str) -> None:
    schema = BUNDLED.newest[name]
    for path, value, code in cases(schema):
        made = broken(schema, path, value)
        assert made is not None, f"the example leaves out {path}"
        one, pointer = made
        ids = {kind: one[kind] for kind in ("user_id", "anonymous_id") if kind in one}
        judged = judge(name, one["properties"], type=schema.type, traits=one.get("traits", {}), ids=ids)
        found = {(violation.code, violation.pointer) for violation in judged.violations}
        assert (code, pointer) in found, (path, value)
        assert {where for _, where in found} == {pointer}, (path, value)
