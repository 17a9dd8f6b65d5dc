"""Lint for the catalogue: what a schema contradicts, leaves unsaid, or calls by a name that means something else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from tagway.core.taxonomy.catalogue import Catalogue
from tagway.core.taxonomy.explain import Explainer, faulty
from tagway.core.taxonomy.names import folded
from tagway.core.taxonomy.schema import Schema
from tagway.core.taxonomy.shape import Property
from tagway.core.taxonomy.versions import changes, proper

_RANGES: Final = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))
_CHECKS: Final = ("money", "currency", "email", "phone", "time", "url")


def findings(catalogue: Catalogue) -> list[str]:
    """Everything worth mending, as sentences that begin with the schema; empty for a sound catalogue."""
    found = [f"{uri}: {fault}" for uri, document in catalogue.documents.items() for fault in faulty(document)]
    for schema in catalogue.schemas.values():
        found += (f"{schema.id}: {fault}" for fault in _schema(schema, catalogue))
    return [*found, *_versions(catalogue)]


def _schema(schema: Schema, catalogue: Catalogue) -> Iterator[str]:
    for word in ("title", "description"):
        if not schema.document.get(word):
            yield f"has no {word}"
    yield from _collisions(schema)
    yield from _keys(schema)
    for path, one in schema.shape.walk():
        yield from (f"{path}: {fault}" for fault in _property(one))
    explainer = Explainer(schema.document, catalogue.documents)
    for example in schema.document.get("examples", ()):
        if (fault := explainer.best(example)) is not None:
            yield f"its own example breaks it at {fault.pointer or '/'}: {fault.message}"


def _property(one: Property) -> Iterator[str]:
    if not one.description:
        yield "has no description"
    if one.check and one.check not in _CHECKS:
        yield f"`x-check` {one.check!r} is none of {', '.join(_CHECKS)}"
    for lower, upper in _RANGES:
        low, high = one.notes.get(lower), one.notes.get(upper)
        if low is not None and high is not None and low > high:
            yield f"contradiction: {lower} {low} is more than {upper} {high}"
    allowed, kinds = one.notes.get("enum"), one.notes.get("type")
    if allowed is not None and kinds is not None and not any(_is_a(value, kinds) for value in allowed):
        yield f"contradiction: none of the `enum` is of type {kinds}"


def _is_a(value: Any, kinds: Any) -> bool:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    name = names.get(type(value), "null")
    return name in kinds or (name == "integer" and "number" in kinds)


def _collisions(schema: Schema) -> Iterator[str]:
    """Names of one object that are the same but for case and separators: no spelling could tell them apart."""
    seen: dict[tuple[str, str], str] = {}
    for path, one in schema.shape.walk():
        place = (path.removesuffix(one.name), folded(one.name))
        if (first := seen.setdefault(place, one.name)) != one.name:
            yield f"{path}: collides with `{first}` after folding case and separators"


def _keys(schema: Schema) -> Iterator[str]:
    known = {*schema.properties.names, *schema.shape.names, "anonymous_id"}
    parts = [part for key in schema.twin.keys for part in key] if schema.twin else []
    for part in dict.fromkeys((*schema.dedupe, *parts)):
        if part not in known:
            yield f"its keys name `{part}`, which is not planned"
    if schema.dedupe and schema.twin is None:
        yield "has `x-dedupe` without `x-twin`: copies are looked up by the twin key"


def _versions(catalogue: Catalogue) -> Iterator[str]:
    schemas = list(catalogue.schemas.values())
    for old, new in pairwise(schemas):
        if old.name == new.name and not proper(old, new):
            what = next(one for one in changes(old, new) if one.breaking)
            where = f"{what.path} " if what.path else ""
            yield f"{new.id}: breaks {old.id} without a new model: {where}{what.reason}"
