"""One schema of one event in one version: its document, what it says about twins, and its compiled validator."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urldefrag, urljoin

import jsonschema_rs

from tagway.core.taxonomy.names import Nearest, folded, key_of
from tagway.core.taxonomy.shape import Shape
from tagway.errors import TagwayError

Document = Mapping[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
BASE: Final = "https://schemas.tagway.local/"
TRUTHS: Final = ("web", "server", "provider")
_VERSION: Final = re.compile(r"(\d{1,4})-(\d{1,4})-(\d{1,4})", re.ASCII)


class SchemaError(TagwayError):
    """A schema cannot be used; the message names it and says why."""

    code = "schema"


class Version(NamedTuple):
    """`model-revision-addition`: a new model may break what was valid, the others may not."""

    model: int
    revision: int
    addition: int

    def __str__(self) -> str:
        return f"{self.model}-{self.revision}-{self.addition}"

    @classmethod
    def read(cls, text: str) -> Version | None:
        """Read `1-0-0`; None when it is not a version."""
        match = _VERSION.fullmatch(text)
        return cls(*map(int, match.groups())) if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """How copies of one fact are found: the first complete key counts, within so many seconds."""

    keys: tuple[tuple[str, ...], ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings:
    """What is known of names besides the schemas: `properties` and `likely` map canonical names to other spellings.

    `other_events` are names of events that are none of ours, so that nothing is suggested for them.
    """

    properties: Mapping[str, Sequence[str]]
    likely: Mapping[str, Sequence[str]]
    other_events: Sequence[str]

    def known(self) -> dict[str, str]:
        """The certain spellings, folded, to canonical."""
        return {folded(spelling): name for name, spellings in self.properties.items() for spelling in spellings}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One event in one version.

    `id` is as events name it (`order_completed/1-0-0`), `key` its folder's name; `name` is the event's (`Order
    Completed`), or the call's (`identify`). `truth` is the side whose copy counts; `hold` the seconds that the other
    waits for it. `shape` is what is planned of the whole event, `properties` and `traits` of its parts; `valid` and
    `faults` are the compiled document.
    """

    id: str
    name: str
    key: str
    type: str
    version: Version
    document: Document
    aliases: tuple[str, ...]
    dedupe: tuple[str, ...]
    twin: Twin | None
    truth: str
    hold: float
    shape: Shape
    properties: Shape
    traits: Shape
    near: Nearest
    likely: Mapping[str, tuple[str, ...]]
    """What an unplanned property (folded) may be, though it is too common a word to be sure."""
    valid: Callable[[Any], bool]
    faults: Callable[[Any], Any]

    def nearest(self, name: str, planned: Container[str]) -> str | None:
        """The property that an unplanned one probably is, of those `planned` where it stands."""
        for one in (*self.likely.get(folded(name), ()), self.near.find(name)):
            if one is not None and one in planned and one != name:
                return one
        return None

    @property
    def description(self) -> str:
        """One sentence on when the event happens."""
        return str(self.document.get("description", ""))


def identified(document: Document) -> Document:
    """The document with an `$id` and a dialect: what a store's or a plugin's schema may leave out."""
    if "$id" in document:
        return document
    key, version = key_of(str(document.get("x-event", ""))), document.get("x-version", "")
    return {"$schema": _DIALECT, "$id": f"{BASE}{key}/{version}.json", **document}


def registry(documents: Mapping[str, Document]) -> jsonschema_rs.Registry:
    """A closed registry. Raises `SchemaError` for a `$ref` out of the documents: there is never a download."""
    for uri, document in documents.items():
        for target in _references(document):
            if urldefrag(urljoin(uri, target)).url not in documents:
                raise SchemaError(
                    f"schema {uri}: `$ref` to {target}, which is not in the catalogue; none is ever fetched"
                )
    try:
        return jsonschema_rs.Registry([(uri, dict(one)) for uri, one in documents.items()], retriever=_closed)
    except ValueError as error:
        raise SchemaError(f"the schemas cannot be used together: {error}") from None


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(target := node.get("$ref"), str):
            yield target
        node = list(node.values())
    if isinstance(node, list):
        for below in node:
            yield from _references(below)


def _closed(uri: str) -> Any:
    raise SchemaError(f"{uri} is not in the catalogue; none is ever fetched")


def compiled(
    document: Document, documents: Mapping[str, Document], known: jsonschema_rs.Registry, spellings: Spellings
) -> Schema:
    """Compile one event's document. Raises `SchemaError` that names it."""
    name = document["x-event"]
    where = f"schema {document['$id']}"
    version = Version.read(str(document.get("x-version", "")))
    if not isinstance(name, str) or not key_of(name):
        raise SchemaError(f"{where}: `x-event` must be the event's name")
    if version is None:
        raise SchemaError(f"{where}: `x-version` must look like 1-0-0, got {document.get('x-version')!r}")
    try:
        validator = jsonschema_rs.Draft202012Validator(
            dict(document), registry=known, retriever=_closed, validate_formats=True, ignore_unknown_formats=False
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaError(f"{where}: {getattr(error, 'message', error)}") from None
    shape = Shape.of(document, documents)
    if (truth := shape.notes.get("x-truth", "web")) not in TRUTHS:
        raise SchemaError(f"{where}: `x-truth` must be one of {', '.join(TRUTHS)}, got {truth!r}")
    planned = [path.rsplit(".", 1)[-1] for path, _ in shape.inner("properties").walk()]
    return Schema(
        id=f"{key_of(name)}/{version}",
        name=name,
        key=key_of(name),
        type=str(shape.notes.get("x-type", "track")),
        version=version,
        document=document,
        aliases=tuple(shape.notes.get("x-aliases", ())),
        dedupe=tuple(shape.notes.get("x-dedupe", ())),
        twin=_twin(shape.notes.get("x-twin"), where),
        truth=truth,
        hold=float(shape.notes.get("x-hold", 0)),
        shape=shape,
        near=Nearest((name, name) for name in planned),
        likely=_meanings(spellings.likely),
        properties=shape.inner("properties"),
        traits=shape.inner("traits"),
        valid=validator.is_valid,
        faults=validator.iter_errors,
    )


def _meanings(likely: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Each likely spelling, folded, with all that it may mean."""
    found: dict[str, tuple[str, ...]] = {}
    for name, spellings in likely.items():
        for one in map(folded, spellings):
            found[one] = (*found.get(one, ()), name)
    return found


def _twin(said: Any, where: str) -> Twin | None:
    if said is None:
        return None
    try:
        return Twin(keys=tuple(tuple(map(str, key)) for key in said["keys"]), seconds=float(said["seconds"]))
    except (KeyError, TypeError, ValueError):
        raise SchemaError(
            f'{where}: `x-twin` must look like {{"keys": [["order_id"]], "seconds": 60}}, got {said!r}'
        ) from None
