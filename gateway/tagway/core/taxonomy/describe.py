"""The catalogue in words: as JSON for tools, and as the tables of `schemas/README.md`."""

from __future__ import annotations

from typing import Any

from tagway.core.taxonomy.catalogue import Catalogue
from tagway.core.taxonomy.rules import RULES
from tagway.core.taxonomy.schema import Schema
from tagway.core.taxonomy.shape import Property


def described(schema: Schema, catalogue: Catalogue, plan: tuple[str, ...]) -> dict[str, Any]:
    """One event or call as a JSON object: what it is, what it carries, how its copies are found."""
    versions = [str(one.version) for one in catalogue.schemas.values() if one.name == schema.name]
    return {
        "name": schema.name,
        "type": schema.type,
        "schema": schema.id,
        "versions": versions,
        "description": schema.description,
        "planned": schema.name in plan,
        "required": _names(schema, required=True),
        "optional": _names(schema, required=False),
        "properties": [_property(path, one) for path, one in schema.properties.walk()],
        "aliases": list(schema.aliases),
        "dedupe_key": list(schema.dedupe),
        "twin_keys": [list(key) for key in schema.twin.keys] if schema.twin else [],
        "twin_seconds": schema.twin.seconds if schema.twin else None,
        "truth": schema.truth,
        "hold": schema.hold,
    }


def _property(path: str, one: Property) -> dict[str, Any]:
    return {
        "path": path,
        "type": one.type,
        "required": one.required,
        "unit": one.notes.get("x-unit"),
        "pii": one.notes.get("x-pii"),
        "identifier": one.notes.get("x-identifier"),
        "description": one.description,
    }


def _names(schema: Schema, *, required: bool) -> list[str]:
    return [name for name, one in schema.properties.properties.items() if one.required == required]


def markdown(catalogue: Catalogue) -> str:
    """The tables of events, calls, product lines and violation codes."""
    line = catalogue.newest["Order Completed"].shape.at(["properties", "products"])
    parts = [
        "## Events\n",
        _table(
            ("event", "when", "required", "optional", "dedupe key", "twin key", "truth"),
            [_event_row(one) for one in catalogue.events()],
        ),
        "## Calls\n",
        _table(
            ("call", "when", "required"),
            [
                (
                    one.name,
                    one.description,
                    _code(_names(one, required=True)) or str(one.shape.notes.get("x-resolution", "")),
                )
                for one in catalogue.newest.values()
                if one.type != "track"
            ],
        ),
        "## Product lines\n",
        _table(
            ("property", "type", "unit", "required", "what it is"),
            [_line_row(name, one) for name, one in (line.shape.properties.items() if line and line.shape else ())],
        ),
        "## Violations\n",
        _table(
            ("code", "severity", "meaning"), [(f"`{code}`", one.severity, one.meaning) for code, one in RULES.items()]
        ),
    ]
    return "\n".join(parts)


def _event_row(one: Schema) -> tuple[str, ...]:
    twin = ", or ".join(_code(key) for key in one.twin.keys) + f"; {_span(one.twin.seconds)}" if one.twin else ""
    truth = f"{one.truth}, waits {_span(one.hold)}" if one.hold else one.truth
    required, optional = _code(_names(one, required=True)), _code(_names(one, required=False))
    return (one.name, one.description, required, optional, _code(one.dedupe) or "message id", twin, truth)


def _line_row(name: str, one: Property) -> tuple[str, ...]:
    return (f"`{name}`", one.type, str(one.notes.get("x-unit", "")), "yes" if one.required else "", one.description)


def _code(names: tuple[str, ...] | list[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size:g} {unit}"
    return f"{seconds:g} s"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines)
