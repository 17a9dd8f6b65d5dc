"""Which source listens where: compiled once at start-up from the routes that sources declare.

A path of one source is simply its. A path that several sources share is told apart by write keys; without
keys each is reached by a `/{source}` prefix, which works before every path, and the bare path belongs to the
one that is no dialect of another. A key that would open two sources stops start-up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from tagway.errors import ConfigError, RefusedError
from tagway.hookspecs import Route
from tagway.registry import ConfiguredSource
from tagway.web.trust import Network, Origins, networks

RESERVED: Final = frozenset(("inspect", "commands", "livez", "readyz", "metrics"))
"""First segments that the gateway itself answers at."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A source at one of its declared routes; `path` is the route's, with the source's name in it.

    What follows from the configuration is worked out once: every request asks for it.
    """

    bound: ConfiguredSource
    route: Route
    path: str
    allow: tuple[Network, ...]
    origins: Origins

    @cached_property
    def name(self) -> str:
        """The source's name in the configuration."""
        return self.bound.name

    @cached_property
    def is_webhook(self) -> bool:
        """Whether it is opened by secrets instead of write keys: also the one such path of a `collect` source."""
        return self.bound.source.kind == "webhook" or self.route.path.startswith("/webhooks/")

    @cached_property
    def open(self) -> bool:
        """Whether nothing that a sender must know is configured for it."""
        config = self.bound.config
        if self.is_webhook:
            return not (config.secrets or config.path_token or config.allow_ips)
        return not (config.write_keys or config.allow_ips)

    @cached_property
    def proof_headers(self) -> tuple[str, ...]:
        """The headers that its signature needs, besides those that it declares."""
        source = self.bound.source
        names = (source.signature_header, *(source.scheme.headers if source.scheme else ()))
        return tuple(dict.fromkeys(name for name in names if name))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The write keys that open it; none when it has none, or is opened otherwise."""
        return () if self.is_webhook else self.bound.config.write_keys


@dataclass(slots=True)
class Place:
    """One path as clients write it: who is there, by method and write key, and by method alone."""

    path: str
    keyed: dict[tuple[str, str], Target] = field(default_factory=dict)
    unkeyed: dict[str, list[Target]] = field(default_factory=dict)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that somebody takes here."""
        return tuple(dict.fromkeys([*(method for method, _ in self.keyed), *self.unkeyed]))

    @property
    def targets(self) -> list[Target]:
        """Everybody who is there."""
        return [*self.keyed.values(), *(one for several in self.unkeyed.values() for one in several)]

    @property
    def is_settings(self) -> bool:
        """Whether browsers fetch settings here, instead of sending events."""
        return any(one.route.settings for one in self.targets)

    def wrong_method(self) -> RefusedError:
        """What a request by a method that nobody takes here is told."""
        message = f"this path takes {', '.join(self.methods)}"
        return RefusedError("method_not_allowed", message, allow=(*self.methods, "OPTIONS"))

    def add(self, target: Target) -> None:
        """Add a listener. Raises `ConfigError` when a key would open two sources."""
        for method in target.route.methods:
            if not target.keys:
                self.unkeyed.setdefault(method, []).append(target)
            for key in target.keys:
                other = self.keyed.setdefault((method, key), target)
                if other.name != target.name:
                    raise ConfigError(
                        f"{target.bound.where}: it shares the path {self.path} and a write key with {other.name!r}; "
                        "give each its own key"
                    )

    def settle(self) -> None:
        """Leave at a shared path only whom a request can be told to be for."""
        if self.keyed and len({one.name for one in self.targets}) > 1:
            # A wrong key must be refused, not fall through to an open source: that one has its prefix.
            self.unkeyed.clear()
        for method, several in self.unkeyed.items():
            if len(several) > 1:
                owners = [one for one in several if not one.route.dialect]
                self.unkeyed[method] = owners if len(owners) == 1 else several


def places(sources: Iterable[ConfiguredSource]) -> dict[str, Place]:
    """Every path that something listens at. Raises `ConfigError` for what is ambiguous."""
    found: dict[str, Place] = {}
    for bound in sources:
        if bound.name in RESERVED:
            raise ConfigError(f"{bound.where}: this name is a path of the gateway itself; choose another")
        allow = networks(bound.config.allow_ips, f"{bound.where}: `allow_ips`")
        for route in bound.source.routes:
            path = route.path.replace("{source}", bound.name)
            target = Target(bound=bound, route=route, path=path, allow=allow, origins=Origins(bound.config.origins))
            for variant in _variants(target):
                found.setdefault(variant, Place(variant)).add(target)
    for place in found.values():
        place.settle()
    return found


def _variants(target: Target) -> list[str]:
    """The path, the generic forms with a key or token as the last segment, and all of them with the prefix."""
    bare = [target.path]
    if target.is_webhook and target.bound.config.path_token:
        bare.append(target.path + "/{token}")
    if not (target.is_webhook or target.route.sdk or target.route.settings or "{" in target.path):
        bare.append(target.path + "/{write_key}")
    return bare if "{source}" in target.route.path else [*bare, *(f"/{target.name}{path}" for path in bare)]
