"""The contract with plugins: what a source is, and the five hooks.

Hooks are registration style: the host passes a callback and the plugin calls it once per thing it brings.
pluggy resolves them once at start-up; after that a source is an object in a dict, so the hot path makes no
hook call. The protocols below carry defaults: a plugin that subclasses `Source` explicitly writes only
`name`, `routes` and `normalize`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Protocol

import pluggy

from tagway.core.events import DeadLetter, Event, Request, Side
from tagway.core.signatures import Scheme
from tagway.errors import ConfigError

PROJECT = "tagway"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One path that a source listens at.

    `path` is a Starlette pattern over the path as sent (percent-encoded: `Request.path` is never decoded);
    `{source}` in it is the name in the configuration, `{write_key}` a key. Sources that share a path are told
    apart by their write keys, or by a `/{source}` prefix, which works before every path and is not part of
    `Request.path`; a `dialect` leaves the bare path to the source that it is a dialect of while none has a key.
    `sdk` paths answer 400 where others answer 413 (SDKs retry 413 for ever). `pixel` paths answer GET with a
    GIF. `settings` paths answer GET with `Source.settings`. `credentials` paths let a browser send cookies,
    from a listed origin only.
    """

    path: str
    methods: tuple[str, ...] = ("POST",)
    sdk: bool = False
    pixel: bool = False
    settings: bool = False
    credentials: bool = False
    dialect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a configured source may be opened with, and the clock (microseconds) for stale signatures."""

    secrets: tuple[str, ...] = ()
    write_keys: tuple[str, ...] = ()
    now: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How a request proved itself: `verified`, and the place of the matching secret or key in its list."""

    verified: bool
    which: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A demo shape: a request as the vendor would send it, before it is signed."""

    name: str
    path: str
    body: bytes
    headers: Mapping[str, str]


class Source(Protocol):
    """What a plugin registers for each vendor payload that it understands."""

    name: str
    """What the configuration calls `plugin`: `[a-z0-9_]+`."""
    routes: Sequence[Route] = (Route(path="/webhooks/{source}"),)
    """Where it listens."""
    headers: frozenset[str] = frozenset()
    """The lower-case header names kept with a logged request; all others are dropped."""
    signature_header: str = ""
    """The lower-case header that carries the vendor's signature; only with it a refused body is quarantined."""
    topic_header: str = ""
    """The lower-case header that names the webhook's topic; empty where the body or the path does."""
    topic_query: str = ""
    """The query parameter that names the topic instead, where the vendor does it so."""
    scheme: Scheme | None = None
    """How the vendor signs, where `core.signatures` knows it: `verify` and `sign` follow from it."""
    side: Side = "web"
    """The side that its events come from, unless an event says otherwise."""
    kind: Literal["collect", "webhook"] = "webhook"
    """`collect` sources are opened by write keys, `webhook` sources by secrets."""
    severity: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """How bad what this vendor never sends is, as in `[sources.x.severity]`, which comes first: what nobody can mend
    is no error of an event."""
    forms: bool = False
    """Whether bodies may be something else than JSON (form fields, multipart); `normalize` reads them then."""

    def configured(self, options: Mapping[str, Any]) -> Source:
        """The source for one `[sources.x.options]` table. Raises `ConfigError` when it cannot be used."""
        if options:
            raise ConfigError(f"plugin {self.name!r} takes no options, but got {', '.join(sorted(options))}")
        return self

    def verify(self, request: Request, access: Access) -> Proof:
        """Check the signature over the raw bytes. Raises `RefusedError`; an open source is unverified.

        Called before anything is parsed, only for sources of kind `webhook`; the web layer checks write keys.
        """
        if self.scheme is None or not access.secrets:
            return Proof(verified=False)
        which = self.scheme.which(request.headers, request.body, access.secrets, access.now)
        return Proof(verified=True, which=which)

    def normalize(self, request: Request) -> Iterable[Event | DeadLetter]:
        """Turn the vendor's body into events, one dead letter per item that cannot be one. Pure.

        Raises `PayloadError` when the body as a whole cannot be read.
        """
        ...

    def sign(self, request: Request, secret: str, now: int) -> Mapping[str, str]:
        """The headers that the vendor would add to this request, for `tagway send` and the demo."""
        return {} if self.scheme is None else self.scheme.sign(request.body, secret, now)

    def settings(self, endpoint: str, key: str) -> Mapping[str, Any]:
        """What the vendor's browser SDK fetches before it starts, so that it sends to `endpoint` with `key`."""
        del endpoint, key
        return {}

    def snippet(self, endpoint: str, key: str) -> str:
        """The code to paste into a store so that it sends to `endpoint`; empty when there is none."""
        del endpoint, key
        return ""

    def examples(self) -> Sequence[Example]:
        """Bodies as the vendor sends them, written for demos and documentation."""
        return ()


class Destination(Protocol):
    """Where accepted events go. The delivery side is not built yet; the name is reserved for its contract."""

    name: str


Aliases = Mapping[str, str]


class Hooks:
    """The hooks of Tagway, each with its exact signature."""

    @hookspec
    def register_sources(self, register: Callable[[Source], None]) -> None:
        """Register one `Source` per vendor payload that this plugin understands."""

    @hookspec
    def register_destinations(self, register: Callable[[Destination], None]) -> None:
        """Reserved: will register a `Destination` for accepted events; not called until delivery is built."""

    @hookspec
    def register_schemas(self, register: Callable[[Mapping[str, Any]], None]) -> None:
        """Register a JSON Schema (2020-12, with `x-event` and `x-version`) for an event of your own."""

    @hookspec
    def register_aliases(self, register: Callable[[str, Aliases, Aliases], None]) -> None:
        """Register a source plugin's spellings: its name, those of events and of properties, each to canonical."""

    @hookspec
    def outcomes_recorded(self, outcomes: Sequence[Mapping[str, Any]]) -> None:
        """Observe a batch of recorded events (as in `tagway events --json`) after its commit."""
