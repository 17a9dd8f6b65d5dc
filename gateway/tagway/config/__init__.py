"""`tagway.toml` and the environment, as one frozen object.

A value `"env:NAME"` is read from the environment. Unknown keys, wrong types and missing variables are errors
that name the file and the key. Without a file every bundled source is open under its plugin's name, on
loopback only, and its events are marked unverified.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from tagway.config.faults import Fault
from tagway.errors import ConfigError

DEFAULT_FILE: Final = "tagway.toml"
T = TypeVar("T")
PUBLIC_URL: Final = "TAGWAY_PUBLIC_URL"
"""The variable that names where the outside reaches this gateway, unless `gateway.public_url` does."""
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
# What a browser's `Origin` can be: no path, no upper case; `:*` stands for every port.
_ORIGIN: Final = re.compile(r"null|[a-z][a-z0-9+.-]*://[a-z0-9._\[\]:-]+(?::\*)?")
_PUBLIC: Final = re.compile(r"https?://[^/\s]+(?:/\S*)?")
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:]+")
_COOKIE: Final = re.compile(r"[A-Za-z0-9_.-]{0,64}")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9.-]{0,253}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_REGION: Final = re.compile(r"([A-Z][A-Z])?")

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
# Far above what anybody means, and far below what SQLite and the system's timers hold.
_MOST: Final = 2**40
Some = Annotated[int, msgspec.Meta(ge=1, le=_MOST)]
Whole = Annotated[int, msgspec.Meta(ge=0, le=_MOST)]
Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Hold = Annotated[float, msgspec.Meta(ge=0, le=2_592_000)]


class Gateway(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `[gateway]` table: where it listens and keeps its data."""

    host: str = "127.0.0.1"
    port: Port = 8787
    data: str = "./tagway-data"
    inspect_token: str = ""
    public_url: str = ""
    hosts: tuple[str, ...] = ()
    """Further `Host` names that the read side answers to, besides loopback."""
    trusted_proxies: tuple[str, ...] = ()
    """Peers whose forwarding headers count."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `[limits]` table; sizes in bytes, times in seconds."""

    body: Some = 1_048_576
    inflated: Some = 4_194_304
    ratio: Some = 200
    headers: Some = 100
    header_bytes: Some = 16_384
    depth: Some = 64
    batch: Some = 2_500
    event: Some = 524_288
    in_flight: Some = 512
    queue: Some = 4_096
    queue_bytes: Some = 67_108_864
    body_seconds: Seconds = 20.0
    fold_seconds: Seconds = 20.0
    quarantine_rows: Whole = 1_000
    quarantine_bytes: Whole = 16_777_216


class SourceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One `[sources.NAME]` table."""

    plugin: str
    write_keys: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    mode: Literal["observe", "enforce"] = "observe"
    shop: str = ""
    """Prefix of this source's weak keys (carts, checkouts, orders), when one gateway serves several shops."""
    path_token: str = ""
    """An unguessable last path segment, for senders that cannot sign."""
    origins: tuple[str, ...] = ()
    """Origins that may send from a browser; none listed means any. `null` can be listed."""
    allow_ips: tuple[str, ...] = ()
    cookie: str = ""
    """Name of a first-party cookie that keeps the browser's anonymous id; empty for none."""
    cookie_domain: str = ""
    """The domain of that cookie, such as `.shop.example`; empty for the host that was asked."""
    events: dict[str, str] = {}
    """Event spellings of this source: as sent = canonical."""
    aliases: dict[str, str] = {}
    """Property spellings of this source: as sent = canonical."""
    severity: dict[str, str] = {}
    """Violation code, or `code:/pointer` = error | warn | info | `ignore until 2026-12-31`."""
    options: dict[str, Any] = {}
    """The plugin's own settings."""


class Taxonomy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `[taxonomy]` table."""

    path: str = ""
    """A folder of the store's own schemas, relative to the configuration file."""
    plan: tuple[str, ...] = ()
    hold: dict[str, Hold] = {}
    """Seconds that the other side's copy of an event waits for the declared truth."""
    unplanned_events: Literal["error", "warn", "info"] = "warn"
    unplanned_properties: Literal["error", "warn", "info"] = "info"


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `[identity]` table: limits and lists of `core.identity.Rules`."""

    region: str = ""
    """The store's country (`US`), in which local phone numbers are read."""
    people_per_identifier: Some = 5
    emails_per_user_id: Some = 20
    weak_key_days: Days = 90
    blocked: tuple[str, ...] = ()
    """Identifiers that join nobody: `kind:value`, or a value of any kind."""
    refold_limit: Some = 20_000


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that `tagway.toml` may say."""

    gateway: Gateway = Gateway()
    sources: dict[str, SourceConfig] = {}
    limits: Limits = Limits()
    taxonomy: Taxonomy = Taxonomy()
    identity: Identity = Identity()
    disabled_plugins: tuple[str, ...] = ()
    file: str = ""
    """The file that this was read from; empty without one."""

    @property
    def open(self) -> bool:
        """Whether no file was read, so that every bundled source is open on loopback."""
        return not self.file

    @property
    def data(self) -> Path:
        """The data folder; relative paths are relative to the working directory."""
        return Path(self.gateway.data)


def load(file: str | Path | None = None, environ: Mapping[str, str] | None = None, *, to_read: bool = False) -> Config:
    """Read the configuration: `file`, or `tagway.toml` of the working directory, or none.

    Raises `ConfigError` for a named file that is missing, and for every fault in a file; a variable that is not
    set is no fault of a source `to_read` what is recorded, which needs no secret: the value stays `env:NAME`.
    """
    environ = os.environ if environ is None else environ
    path = Path(file) if file else Path(DEFAULT_FILE)
    if not path.is_file():
        if file:
            raise ConfigError(f"{path}: there is no such file; `tagway init` writes one")
        return _reachable(Config(), environ)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors begin a file with a mark
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    config = parse(raw, file=str(path), environ=environ, to_read=to_read)
    return _reachable(config, environ)


def parse(raw: Mapping[str, Any], *, file: str, environ: Mapping[str, str], to_read: bool = False) -> Config:
    """Check a parsed TOML document and make it a `Config`, as `load` does. Raises `ConfigError`."""
    if "file" in raw:
        raise ConfigError(f"{file}: unknown key `file`")
    resolved = _Variables(file, environ, to_read).resolved({**raw, "file": file}, "")
    sources = resolved.get("sources")
    for name, table in sources.items() if isinstance(sources, dict) else ():
        # One by one, because an error of all of them together would not say which.
        _check_source(f"{file}: [sources.{name}]", name, _converted(table, SourceConfig, file, f"sources.{name}"))
    config = _converted(resolved, Config, file, "")
    for host in config.gateway.hosts:
        if not _HOST.fullmatch(host):
            raise ConfigError(
                f"{file}: `gateway.hosts` has {host!r}; write the name alone, in lower case: `shop.example`"
            )
    if not _REGION.fullmatch(config.identity.region):
        raise ConfigError(f"{file}: `identity.region` is {config.identity.region!r}; write two letters: `US`")
    return config


def _reachable(config: Config, environ: Mapping[str, str]) -> Config:
    """The configuration with the public address that the environment may add. Raises `ConfigError`."""
    url = config.gateway.public_url or environ.get(PUBLIC_URL, "")
    if url and not _PUBLIC.fullmatch(url):
        where = f"{config.file}: `gateway.public_url`" if config.gateway.public_url else PUBLIC_URL
        raise ConfigError(f"{where} is {url!r}; write it as `https://shop.example`")
    return with_gateway(config, public_url=url)


def _converted(raw: Any, kind: type[T], file: str, key: str) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {Fault(str(error), raw, kind, key).sentence()}") from None


def _check_source(where: str, name: str, source: SourceConfig) -> None:
    if not (_COOKIE.fullmatch(source.cookie) and _DOMAIN.fullmatch(source.cookie_domain)):
        raise ConfigError(f"{where}: `cookie` and `cookie_domain` are a cookie's name and a domain")
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: a source's name is lower-case letters, digits, `_` and `-`")
    for origin in source.origins:
        if not _ORIGIN.fullmatch(origin):
            raise ConfigError(
                f"{where}: `origins` has {origin!r}, which no browser sends; write it as `https://shop.example`, "
                "in lower case and without a path, or `null`; none listed means any"
            )
    for key, values in (("secrets", source.secrets), ("write_keys", source.write_keys)):
        if "" in values:
            raise ConfigError(f"{where}: `{key}` has an empty entry, which opens nothing; is its variable set?")


def with_gateway(config: Config, **changes: Any) -> Config:
    """The configuration with fields of `[gateway]` replaced; those that are None stay. Raises `ConfigError`."""
    kept = {key: value for key, value in changes.items() if value is not None}
    gateway = msgspec.structs.replace(config.gateway, **kept)
    for key in ("host", "data"):
        # An empty host is every address of this machine, and an empty folder is the one that somebody works in.
        if not getattr(gateway, key).strip():
            where = f"{config.file}: " if config.file else ""
            raise ConfigError(f"{where}`gateway.{key}` (or --{key}) is empty; is its variable set?")
    return msgspec.structs.replace(config, gateway=gateway)


@dataclass(frozen=True, slots=True)
class _Variables:
    """The environment that a file's `env:NAME` values are read from."""

    file: str
    environ: Mapping[str, str]
    to_read: bool

    def resolved(self, value: Any, key: str) -> Any:
        """A value with its variables read. Raises `ConfigError` for one that is not set."""
        if isinstance(value, dict):
            return {name: self.resolved(one, f"{key}.{name}" if key else name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.resolved(one, f"{key}[{place}]") for place, one in enumerate(value)]
        return self._read(value, key) if isinstance(value, str) and value.startswith("env:") else value

    def _read(self, value: str, key: str) -> str:
        name = value.removeprefix("env:")
        if not name:
            raise ConfigError(f"{self.file}: `{key}` is `env:` without the name of a variable")
        if name in self.environ:
            return self.environ[name]
        if key == "gateway.inspect_token":  # made at first start
            return ""
        if self.to_read and key.startswith("sources."):
            return value
        raise ConfigError(f"{self.file}: `{key}` wants the environment variable {name}, which is not set")
