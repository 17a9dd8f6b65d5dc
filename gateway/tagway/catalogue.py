"""The taxonomy of one store: bundled schemas, those of plugins, the store's own, and what its configuration says.

A later layer replaces a schema of the same event and version and may add versions and events, so a store
narrows an event by a version of its own. `tagway.core.taxonomy` compiles; this module reads files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import msgspec

from tagway.config import Config
from tagway.core import body
from tagway.core.taxonomy import DEFAULT_PLAN, Catalogue, Settings, Severities, SourceRules, Spellings, Taxonomy
from tagway.core.taxonomy.names import folded
from tagway.errors import ConfigError
from tagway.registry import ConfiguredSource, Registry

SPELLINGS: Final = "spellings.json"


def load(config: Config, registry: Registry) -> Taxonomy:
    """The taxonomy that a gateway with this configuration and these plugins works by.

    Raises `ConfigError` or `SchemaError`, which name file and key, or the schema.
    """
    catalogue = Catalogue.of([*bundled(), *registry.schemas, *_own(config)], spellings())
    return Taxonomy(catalogue, _settings(config, registry, catalogue))


def bundled() -> list[Mapping[str, Any]]:
    """The schemas that come with Tagway."""
    return list(_documents(resources.files("tagway_schemas"), "tagway_schemas"))


def event_names() -> list[str]:
    """The names of the bundled events, sorted."""
    return sorted(Catalogue.of(bundled(), spellings()).newest)


def spellings() -> Spellings:
    """The spellings that come with Tagway."""
    text = resources.files("tagway_schemas").joinpath(SPELLINGS).read_bytes()
    return Spellings(**body.decode(text))


def folder(path: Path, where: str = "") -> list[Mapping[str, Any]]:
    """The schemas in a folder: `<event>/<version>.json`. Raises `ConfigError`; `where` says who names the folder."""
    if not path.is_dir():
        raise ConfigError(f"{where}{path}: there is no such folder of schemas")
    return list(_documents(path, str(path)))


def _own(config: Config) -> list[Mapping[str, Any]]:
    if not config.taxonomy.path:
        return []
    path = Path(config.file).parent / config.taxonomy.path
    return folder(path, f"{config.file}: `taxonomy.path`: ")


def _documents(root: Traversable | Path, name: str) -> Iterator[Mapping[str, Any]]:
    for event in sorted((one for one in root.iterdir() if one.is_dir()), key=lambda one: one.name):
        for file in sorted((one for one in event.iterdir() if one.name.endswith(".json")), key=lambda one: one.name):
            yield document(file.read_bytes(), f"{name}/{event.name}/{file.name}")


def document(text: bytes, where: str) -> Mapping[str, Any]:
    """One schema from its JSON text; `where` names it in the `ConfigError` that is raised for what is none."""
    try:
        # Schemas carry no amounts, so their numbers may be read as JSON Schema libraries expect them.
        decoded = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: not valid JSON: {error}") from None
    if not isinstance(decoded, dict) or not ("x-event" in decoded or "$id" in decoded):
        raise ConfigError(f"{where}: a schema is an object with `x-event` and `x-version`")
    return decoded


def _settings(config: Config, registry: Registry, catalogue: Catalogue) -> Settings:
    said = config.taxonomy
    for name in (*said.plan, *said.hold):
        _known_event(name, catalogue, f"{config.file}: [taxonomy]")
    severities = {"event_unplanned": said.unplanned_events, "property_unplanned": said.unplanned_properties}
    return Settings(
        sources={
            name: _rules(name, bound, registry, catalogue, config, severities)
            for name, bound in registry.sources.items()
        },
        severities=severities,
        plan=said.plan or DEFAULT_PLAN,
        hold=said.hold,
    )


def _rules(
    name: str,
    bound: ConfiguredSource,
    registry: Registry,
    catalogue: Catalogue,
    config: Config,
    severities: Mapping[str, Any],
) -> SourceRules:
    where, table = f"{config.file}: [sources.{name}", bound.config
    for event in table.events.values():
        _known_event(event, catalogue, f"{where}.events]")
    planned = {path.rsplit(".", 1)[-1] for one in catalogue.newest.values() for path, _ in one.shape.walk()}
    for canonical in table.aliases.values():
        if canonical not in planned:
            raise ConfigError(f"{where}.aliases]: {canonical!r} is a property of no event")
    events, properties = registry.aliases.get(table.plugin, ({}, {}))
    return SourceRules(
        events={folded(sent): one for sent, one in {**events, **table.events}.items()},
        properties={folded(sent): one for sent, one in {**properties, **table.aliases}.items()},
        severities=Severities.read(table.severity, severities, f"{where}.severity]", bound.source.severity),
    )


def _known_event(name: str, catalogue: Catalogue, where: str) -> None:
    if name in catalogue.newest:
        return
    near = catalogue.by_spelling.get(folded(name)) or catalogue.near.find(name)
    hint = f"; did you mean {near!r}?" if near else "; `tagway taxonomy` lists them"
    raise ConfigError(f"{where}: {name!r} is no event of the catalogue{hint}")
