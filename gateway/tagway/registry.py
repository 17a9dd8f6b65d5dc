"""Plugins: found by entry points, checked once at start-up, compiled into plain dicts.

A plugin that implements no hook, misspells one, cannot be imported, or registers a name twice stops start-up
with a sentence that names its file and distribution.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from types import ModuleType
from typing import Any, Final

import pluggy

from tagway.config import Config, SourceConfig
from tagway.errors import ConfigError, PluginError
from tagway.hookspecs import PROJECT, Aliases, Hooks, Source

_NAME: Final = re.compile(r"[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One loaded plugin: its entry point name, and where it comes from."""

    name: str
    module: Any
    file: str
    distribution: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredSource:
    """A source of the configuration: its name there, what it may be opened with, and the plugin's source."""

    name: str
    source: Source
    config: SourceConfig
    file: str = ""
    """The configuration's file; empty without one."""

    @property
    def where(self) -> str:
        """How an error names its table."""
        return f"{self.file}: [sources.{self.name}]"

    @property
    def open(self) -> bool:
        """Whether anybody may send: no key, no secret, no path token, no list of addresses."""
        return not (self.config.write_keys or self.config.secrets or self.config.path_token or self.config.allow_ips)


Observer = Callable[..., object]
"""Called with `outcomes`; what it returns is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What the plugins brought: sources by plugin name, aliases, schemas and observers, and the configured sources."""

    plugins: tuple[Plugin, ...]
    available: Mapping[str, Source]
    sources: Mapping[str, ConfiguredSource]
    schemas: tuple[Mapping[str, Any], ...] = ()
    aliases: Mapping[str, tuple[Aliases, Aliases]] = field(default_factory=dict)
    observers: tuple[Observer, ...] = ()


def load(config: Config, extra: Sequence[object] = (), *, entry_points: bool = True) -> Registry:
    """Load the plugins and bind the configured sources to them.

    `extra` are plugin objects for tests and embedding. Raises `PluginError` or `ConfigError`.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    plugins = [
        *(_entry_point_plugins(manager, config) if entry_points else ()),
        *(_add(manager, getattr(one, "__name__", type(one).__name__), one, "given directly") for one in extra),
    ]
    _check_pending(manager, plugins)
    available: dict[str, Source] = {}
    owner: dict[str, Plugin] = {}
    plugins = [_with_sources(manager, plugin, available, owner) for plugin in plugins]
    schemas: list[Mapping[str, Any]] = []
    manager.hook.register_schemas(register=schemas.append)
    observers = tuple(impl.function for impl in manager.hook.outcomes_recorded.get_hookimpls())
    return Registry(
        plugins=tuple(plugins),
        available=available,
        sources=_bind(config, available),
        schemas=tuple(schemas),
        aliases=_aliases(manager),
        observers=observers,
    )


def _aliases(manager: pluggy.PluginManager) -> Mapping[str, tuple[Aliases, Aliases]]:
    found: dict[str, tuple[Aliases, Aliases]] = {}

    def register(name: str, events: Aliases, properties: Aliases) -> None:
        # Several plugins may know spellings of one source: theirs add up.
        known_events, known_properties = found.get(name, ({}, {}))
        found[name] = ({**known_events, **events}, {**known_properties, **properties})

    manager.hook.register_aliases(register=register)
    return found


def _entry_point_plugins(manager: pluggy.PluginManager, config: Config) -> Iterable[Plugin]:
    points = sorted(metadata.entry_points(group=PROJECT), key=lambda one: one.name)
    if unknown := set(config.disabled_plugins) - {one.name for one in points}:
        known = ", ".join(one.name for one in points)
        raise ConfigError(
            f"{config.file}: `disabled_plugins` has {min(unknown)!r}, which is not installed; installed are: {known}"
        )
    for point in points:
        if point.name in config.disabled_plugins:
            continue
        home = f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"
        try:
            module = point.load()
        except Exception as error:
            raise PluginError(
                f"plugin {point.name!r} of {home} ({_module_file(point.module)}) cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error
        yield _add(manager, point.name, module, home)


def _add(manager: pluggy.PluginManager, name: str, module: object, distribution: str) -> Plugin:
    file = _file(module)
    try:
        registered = manager.register(module, name)
    except (ValueError, pluggy.PluginValidationError) as error:
        raise PluginError(f"plugin {name!r} of {distribution} ({file}): {error}") from None
    if registered is None or not manager.get_hookcallers(module):
        raise PluginError(f"plugin {name!r} of {distribution} ({file}) implements no hook of Tagway")
    return Plugin(name=name, module=module, file=file, distribution=distribution)


def _file(module: object) -> str:
    if isinstance(module, ModuleType):
        return module.__file__ or "?"
    try:
        return inspect.getfile(type(module))
    except (TypeError, OSError):
        return "?"


def _module_file(module: str) -> str:
    """Where a module that cannot be imported lies; its name when nobody knows."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return module
    return (spec and spec.origin) or module


def _check_pending(manager: pluggy.PluginManager, plugins: Sequence[Plugin]) -> None:
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        (faulty,) = (one for one in plugins if one.module is error.plugin)
        raise PluginError(f"plugin {faulty.name!r} of {faulty.distribution} ({faulty.file}): {error}") from None


def _with_sources(
    manager: pluggy.PluginManager, plugin: Plugin, available: dict[str, Source], owner: dict[str, Plugin]
) -> Plugin:
    mine: list[str] = []

    def register(source: Source) -> None:
        if not _NAME.fullmatch(getattr(source, "name", "")):
            raise PluginError(
                f"plugin {plugin.name!r} of {plugin.distribution} ({plugin.file}) registers {source!r}, "
                "which has no `name` of lower-case letters, digits and `_`"
            )
        if (first := owner.get(source.name)) is not None:
            raise PluginError(
                f"source {source.name!r} is registered twice: by {first.distribution} ({first.file}) "
                f"and by {plugin.distribution} ({plugin.file})"
            )
        available[source.name] = source
        owner[source.name] = plugin
        mine.append(source.name)

    for impl in manager.hook.register_sources.get_hookimpls():
        if impl.plugin is plugin.module:
            impl.function(register)
    return replace(plugin, sources=tuple(mine))


# Sources that need settings cannot be opened by their name alone.
NEEDS_SETTINGS: Final = ("mapping",)


def _bind(config: Config, available: Mapping[str, Source]) -> dict[str, ConfiguredSource]:
    if config.open:
        names = {name: SourceConfig(plugin=name) for name in available if name not in NEEDS_SETTINGS}
    else:
        names = config.sources
    return {name: _bound(name, table, available, config.file) for name, table in names.items()}


def _bound(name: str, table: SourceConfig, available: Mapping[str, Source], file: str) -> ConfiguredSource:
    source = available.get(table.plugin)
    if source is None:
        known = ", ".join(sorted(available))
        raise ConfigError(f"{file}: [sources.{name}]: there is no plugin {table.plugin!r}; installed are: {known}")
    try:
        configured = source.configured(table.options)
    except ConfigError as error:
        raise ConfigError(f"{file}: [sources.{name}.options]: {error.message}") from None
    unsigned = configured.scheme is None and type(configured).verify is Source.verify
    if table.secrets and unsigned:
        # A secret that nothing checks would look like protection.
        raise ConfigError(
            f"{file}: [sources.{name}]: {table.plugin} signs nothing that `secrets` could prove; use `path_token`"
            if source.kind == "webhook"
            else f"{file}: [sources.{name}]: {table.plugin} is opened by `write_keys`, not by `secrets`"
        )
    return ConfiguredSource(name=name, source=configured, config=table, file=file)
