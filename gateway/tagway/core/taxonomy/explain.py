"""The second opinion: what `jsonschema` says about one event, slowly and in full.

The hot path asks jsonschema-rs. This asks the reference implementation, for one event on request and in tests,
and picks the best match where a schema has alternatives. Both must agree; `tests` hold them against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

import jsonschema
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tagway.core import body, moments
from tagway.core.taxonomy.schema import Document

# A plain install of jsonschema checks no times, and says nothing about it.
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or (bool(_TIME.fullmatch(value)) and moments.read(value) is not None)


FORMATS: Final = jsonschema.FormatChecker(formats=())
FORMATS.checks("date-time")(_is_time)


class Explained(NamedTuple):
    """One fault as the reference implementation sees it: a JSON pointer, the keyword, its sentence."""

    pointer: str
    keyword: str
    message: str


class Explainer:
    """Holds events against a document of the catalogue by `jsonschema`."""

    def __init__(self, document: Document, documents: Mapping[str, Document]) -> None:
        """`documents` are all that a `$ref` may point to; there is no network."""
        resources = [(uri, DRAFT202012.create_resource(one)) for uri, one in documents.items()]
        types = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
            {"number": _is_number, "integer": _is_integer}
        )
        validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=types)
        self._validator = validator(document, registry=Registry().with_resources(resources), format_checker=FORMATS)

    def valid(self, instance: Any) -> bool:
        """Whether the event meets the schema."""
        return bool(self._validator.is_valid(instance))

    def faults(self, instance: Any) -> list[Explained]:
        """Everything that is wrong with the event, alternatives as one."""
        return [_explained(error) for error in self._validator.iter_errors(instance)]

    def best(self, instance: Any) -> Explained | None:
        """The one fault to look at first, the closest alternative followed to its end; None for a valid event."""
        error = best_match(self._validator.iter_errors(instance))
        return _explained(error) if error else None


def faulty(document: Document) -> Iterable[str]:
    """What is wrong with a schema itself, by the meta-schema of its dialect."""
    for error in jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA).iter_errors(document):
        yield f"{body.pointer(*error.absolute_path) or '/'}: {error.message}"


def _explained(error: Any) -> Explained:
    return Explained(body.pointer(*error.absolute_path), error.validator, error.message)


def _is_number(_: object, value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and value == value


def _is_integer(_: object, value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float | Decimal) and value == value // 1)
