"""Shapes: what a schema plans, read out of its document once, for everything that JSON Schema does not do.

A shape is one object of an event: its planned properties with their notes (`x-check`, `x-identifier`, `x-unit`),
and the shapes inside them. References and `allOf` are followed inside the catalogue only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urldefrag, urljoin

from tagway.core import body
from tagway.core.taxonomy.names import folded

_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One planned property, with its notes merged over every reference."""

    name: str
    notes: Mapping[str, Any]
    required: bool = False
    shape: Shape | None = None
    many: bool = False
    """Whether `shape` is that of the elements of a list."""

    @property
    def description(self) -> str:
        """What it is, in a sentence."""
        return str(self.notes.get("description", ""))

    @property
    def check(self) -> str:
        """The check of our own that its values go through: money, currency, email, phone, time, url, or none."""
        return str(self.notes.get("x-check", ""))

    @property
    def type(self) -> str:
        """Its JSON type or types, in words."""
        said = self.notes.get("type")
        if said is None and "enum" in self.notes:
            return "string"
        return " or ".join(said) if isinstance(said, list) else str(said or "any")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One object: what is planned in it. `open` means that anything else is welcome, too."""

    properties: Mapping[str, Property] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    open: bool = False
    names: frozenset[str] = frozenset()
    by_folded: Mapping[str, str] = field(default_factory=dict)
    amounts: tuple[str, ...] = ()
    checked: tuple[tuple[str, str], ...] = ()
    """Property and check, amounts left out."""
    nested: tuple[tuple[str, Shape, bool], ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    """Property and the kind of identifier that it is."""

    @classmethod
    def of(cls, document: Mapping[str, Any], documents: Mapping[str, Mapping[str, Any]]) -> Shape:
        """The shape of a document's object."""
        return _shape(_flat(document, str(document.get("$id", "")), documents, 0), documents, 0)

    def inner(self, name: str) -> Shape:
        """The shape of one of its objects; an open empty one where nothing is planned."""
        found = self.properties.get(name)
        return found.shape if found and found.shape else ANYTHING

    def at(self, path: list[str | int]) -> Property | None:
        """The planned property at a path; indices are skipped."""
        shape: Shape | None = self
        found: Property | None = None
        for part in path:
            if isinstance(part, int):
                continue
            found = shape.properties.get(part) if shape else None
            shape = found.shape if found else None
        return found

    def walk(self, path: str = "") -> Iterator[tuple[str, Property]]:
        """Every planned property with its path, in order: `products[].sku`."""
        for name, one in self.properties.items():
            yield path + name, one
            if one.shape:
                yield from one.shape.walk(f"{path}{name}[]." if one.many else f"{path}{name}.")


ANYTHING: Final = Shape(open=True)


@dataclass(slots=True)
class _Flat:
    """A schema node after its references: notes, and the nodes below with the document that they stand in."""

    notes: dict[str, Any] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    properties: dict[str, list[tuple[Any, str]]] = field(default_factory=dict)
    items: list[tuple[Any, str]] = field(default_factory=list)


def _flat(node: Any, base: str, documents: Mapping[str, Mapping[str, Any]], depth: int) -> _Flat:
    flat = _Flat()
    _merge(flat, node, base, documents, depth)
    return flat


def _merge(flat: _Flat, node: Any, base: str, documents: Mapping[str, Mapping[str, Any]], depth: int) -> None:
    if not isinstance(node, Mapping) or depth > _DEEPEST:
        return
    if isinstance(target := node.get("$ref"), str):
        uri, fragment = urldefrag(urljoin(base, target))
        found = documents.get(uri)
        _merge(flat, body.at(found, fragment) if fragment else found, uri, documents, depth + 1)
    for part in node.get("allOf", ()):
        _merge(flat, part, base, documents, depth + 1)
    flat.notes.update({k: v for k, v in node.items() if k not in ("$ref", "allOf", "properties", "items", "required")})
    flat.required.update(node.get("required", ()))
    for name, below in node.get("properties", {}).items():
        flat.properties.setdefault(name, []).append((below, base))
    if "items" in node:
        flat.items.append((node["items"], base))


def _together(nodes: list[tuple[Any, str]], documents: Mapping[str, Mapping[str, Any]], depth: int) -> _Flat:
    flat = _Flat()
    for node, base in nodes:
        _merge(flat, node, base, documents, depth)
    return flat


def _shape(flat: _Flat, documents: Mapping[str, Mapping[str, Any]], depth: int) -> Shape:
    planned = {
        name: _property(name, _together(nodes, documents, depth), name in flat.required, documents, depth)
        for name, nodes in flat.properties.items()
    }
    return Shape(
        properties=planned,
        notes=flat.notes,
        open=flat.notes.get("additionalProperties", False) is not False,
        names=frozenset(planned),
        by_folded={folded(name): name for name in planned},
        amounts=tuple(name for name, one in planned.items() if one.check == "money"),
        checked=tuple((name, one.check) for name, one in planned.items() if one.check in ("currency", "email")),
        nested=tuple((name, one.shape, one.many) for name, one in planned.items() if one.shape),
        identifiers=tuple(
            (name, str(one.notes["x-identifier"])) for name, one in planned.items() if "x-identifier" in one.notes
        ),
    )


def _property(
    name: str, flat: _Flat, required: bool, documents: Mapping[str, Mapping[str, Any]], depth: int
) -> Property:
    inside, many = flat, False
    if flat.items and not flat.properties:
        inside, many = _together(flat.items, documents, depth + 1), True
    nested = inside.properties or (inside.notes.get("type") == "object" and not many)
    shape = _shape(inside, documents, depth + 1) if nested and depth < _DEEPEST else None
    return Property(name=name, notes=flat.notes, required=required, shape=shape, many=many)
