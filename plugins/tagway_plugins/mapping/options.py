"""The options of a mapped source, read once at start-up: every fault names its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from tagway import ConfigError, mapping, moments, signatures

Find = Callable[[Any, Any], Any]
"""Finds a value in an item, or where it is not there, in the whole body."""
Side = Literal["web", "server", "app", "provider"]
Type = Literal["track", "identify", "page", "screen", "group", "alias"]

_KEYS: Final = frozenset(
    [
        "event",
        "events",
        "items",
        "message_id",
        "timestamp",
        "time_format",
        "side",
        "type",
        "test",
        "identity",
        "properties",
        "traits",
        "constants",
        "signature",
    ]
)
_KINDS: Final = (
    "user_id", "email", "phone", "anonymous_id", "device_id", "client_id", "checkout_token", "cart_token", "order_id",
)  # fmt: skip
_READERS: Final[dict[str, Callable[..., mapping.Field]]] = {
    "raw": mapping.raw,
    "text": mapping.text,
    "identifier": mapping.identifier,
    "amount": mapping.amount,
    "minor": mapping.minor,
    "currency": mapping.currency,
    "count": mapping.count,
    "flag": mapping.flag,
    "moment": mapping.moment,
    "url": mapping.url,
}
_AMOUNTS: Final = frozenset(
    [
        "total",
        "subtotal",
        "shipping",
        "tax",
        "discount",
        "value",
        "price",
        "compare_at_price",
        "line_total",
        "refund_amount",
        "total_spent",
    ]
)
_COUNTS: Final = frozenset(("quantity", "position", "item_count", "results_count", "orders_count"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What the options say, compiled."""

    event: Find
    events: Mapping[str, str]
    items: str | None
    message_id: Callable[[Any], Any]
    time: Callable[[Any, Any], moments.Told]
    side: Side
    type: Type
    test: Find
    identity: Mapping[str, Find]
    currency: Callable[[Any], Any]
    properties: mapping.Table
    traits: mapping.Table
    constants: Mapping[str, Any]
    origins: Mapping[str, str]
    scheme: signatures.Scheme | None


def read(options: Mapping[str, Any]) -> Mapped:
    """Check and compile the options. Raises `ConfigError` that names the key."""
    if unknown := sorted(set(options) - _KEYS):
        raise _fault(unknown[0], f"is no option of the plugin mapping; there are: {', '.join(sorted(_KEYS))}")
    properties = _fields(options, "properties")
    traits = _fields(options, "traits")
    return Mapped(
        event=_event(options),
        events={key: _text(_table(options, "events"), key, "events.") for key in _table(options, "events")},
        items=_pointer(options["items"], "items") if "items" in options else None,
        message_id=mapping.path(_pointer(options["message_id"], "message_id")) if "message_id" in options else _nothing,
        time=_time(options),
        side=cast("Side", _choice(options, "side", get_args(Side), "provider")),
        type=cast("Type", _choice(options, "type", get_args(Type), "track")),
        test=_find(options, "test"),
        identity=_identity(_table(options, "identity")),
        currency=_currency(properties),
        properties=mapping.Table(properties),
        traits=mapping.Table(traits),
        constants=_table(options, "constants"),
        origins={**mapping.Table(properties).origins(), **mapping.Table(traits).origins("/traits")},
        scheme=_signature(_table(options, "signature")),
    )


def _fault(key: str, what: str) -> ConfigError:
    return ConfigError(f"`{key}` {what}")


def _nothing(_: Any) -> None:
    return None


def _text(table: Mapping[str, Any], key: str, within: str = "") -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise _fault(f"{within}{key}", "wants a text")
    return value


def _table(options: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = options.get(key, {})
    if not isinstance(value, dict):
        raise _fault(key, "wants a table: { name = ... }")
    return value


def _choice(options: Mapping[str, Any], key: str, choices: tuple[str, ...], default: str, within: str = "") -> str:
    value = options.get(key, default)
    if value not in choices:
        raise _fault(f"{within}{key}", f"is one of {', '.join(choices)}, not {value!r}")
    return str(value)


def _pointer(value: Any, key: str) -> str:
    if not isinstance(value, str) or (value and not value.startswith("/")):
        raise _fault(key, f'wants a JSON pointer like "/data/id", not {value!r}')
    return value


def _found(pointer: str) -> Find:
    path = mapping.path(pointer)

    def find(one: Any, document: Any) -> Any:
        value = path(one)
        return path(document) if value is None else value

    return find


def _find(options: Mapping[str, Any], key: str) -> Find:
    return _found(_pointer(options[key], key)) if key in options else lambda _, __: None


def _event(options: Mapping[str, Any]) -> Find:
    name = _text(options, "event")
    if not name.startswith("/"):
        return lambda _, __: name
    find = _found(name)
    return lambda one, document: mapping.string(find(one, document))


def _time(options: Mapping[str, Any]) -> Callable[[Any, Any], moments.Told]:
    form = cast("moments.Form", _choice(options, "time_format", get_args(moments.Form), "iso"))
    pointers = (_pointer(options["timestamp"], "timestamp"),) if "timestamp" in options else ()
    return lambda one, document: moments.of(one, *pointers, form=form) or moments.of(document, *pointers, form=form)


def _identity(table: Mapping[str, Any]) -> dict[str, Find]:
    for kind in table:
        if kind not in _KINDS:
            raise _fault(f"identity.{kind}", f"is no kind of identifier; there are: {', '.join(_KINDS)}")
    return {kind: _identifier(_pointer(pointer, f"identity.{kind}")) for kind, pointer in table.items()}


def _identifier(pointer: str) -> Find:
    find = _found(pointer)
    return lambda one, document: mapping.as_identifier(find(one, document))


def _fields(options: Mapping[str, Any], key: str) -> dict[str, mapping.Field]:
    return {name: _field(name, said, f"{key}.{name}") for name, said in _table(options, key).items()}


def _field(name: str, said: Any, key: str) -> mapping.Field:
    """A field by its pointer, read as its name says, or by the reader that is named."""
    if isinstance(said, str):
        return _by_name(name)(_pointer(said, key))
    if not isinstance(said, dict) or not said:
        raise _fault(key, 'wants a JSON pointer, or a reader with one: { amount = "/total" }')
    if "each" in said:
        return _each(said, key)
    (reader, pointer), *more = said.items()
    if reader not in _READERS or more:
        raise _fault(f"{key}.{reader if reader not in _READERS else more[0][0]}", f"is no reader; {_READERS_ARE}")
    return _READERS[reader](_pointer(pointer, f"{key}.{reader}"))


_READERS_ARE: Final = f"there are: each, {', '.join(_READERS)}"


def _each(said: Mapping[str, Any], key: str) -> mapping.Field:
    if unknown := sorted(set(said) - {"each", "fields"}):
        raise _fault(f"{key}.{unknown[0]}", "does not belong beside `each`; that takes `fields`")
    fields = {name: _field(name, one, f"{key}.fields.{name}") for name, one in _table(said, "fields").items()}
    if not fields:
        raise _fault(f"{key}.fields", "says nothing about the elements")
    return mapping.each(_pointer(said["each"], f"{key}.each"), mapping.Table(fields))


def _by_name(name: str) -> Callable[..., mapping.Field]:
    if name in _AMOUNTS:
        return mapping.amount
    if name in _COUNTS:
        return mapping.count
    if name == "currency":
        return mapping.currency
    return mapping.identifier if name.endswith("_id") or name == "sku" else mapping.raw


def _currency(properties: Mapping[str, mapping.Field]) -> Callable[[Any], Any]:
    """Where the body's currency is: amounts need it for their decimals."""
    field = properties.get("currency")
    return mapping.path(field.pointers[0]) if field is not None else _nothing


def _signature(table: Mapping[str, Any]) -> signatures.Scheme | None:
    """The scheme that is named, with its settings."""
    if not table:
        return None
    name = _choice(table, "scheme", tuple(_SCHEMES), "", "signature.") if "scheme" in table else ""
    if not name:
        raise _fault("signature.scheme", f"is missing; there are: {', '.join(_SCHEMES)}")
    settings, make = _SCHEMES[name]
    if unknown := sorted(set(table) - {"scheme", *settings}):
        raise _fault(f"signature.{unknown[0]}", f"is no setting of the scheme {name}")
    return make(table)


def _header(table: Mapping[str, Any]) -> str:
    return _text(table, "header", "signature.").lower()


def _hmac(algorithm: str, encoding: signatures.Encoding) -> Callable[[Mapping[str, Any]], signatures.Scheme]:
    def make(table: Mapping[str, Any]) -> signatures.Scheme:
        signed = _text(table, "signed", "signature.") if "signed" in table else "{body}"
        stamp = _text(table, "timestamp_header", "signature.").lower() if "timestamp_header" in table else ""
        if signed.count("{body}") != 1:
            raise _fault("signature.signed", "wants `{body}` once, and may have `{timestamp}`")
        if ("{timestamp}" in signed) != bool(stamp):
            raise _fault("signature.timestamp_header", "and `{timestamp}` in `signature.signed` want each other")
        return signatures.Hmac(
            header=_header(table),
            encodings=(encoding,),
            algorithm=algorithm,
            prefix=_text(table, "prefix", "signature.") if "prefix" in table else "",
            signed=signed,
            timestamp_header=stamp,
            tolerance=_tolerance(table, None),
        )

    return make


def _stamped(encoding: signatures.Encoding) -> Callable[[Mapping[str, Any]], signatures.Scheme]:
    def make(table: Mapping[str, Any]) -> signatures.Scheme:
        return signatures.Stamped(header=_header(table), encoding=encoding, tolerance=_tolerance(table, _FIVE_MINUTES))

    return make


def _standard(prefix: str) -> Callable[[Mapping[str, Any]], signatures.Scheme]:
    return lambda table: signatures.Standard(prefix=prefix, tolerance=_tolerance(table, _FIVE_MINUTES))


def _tolerance(table: Mapping[str, Any], default: int | None) -> int | None:
    """Seconds in the options, microseconds here."""
    value = table.get("tolerance")
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise _fault("signature.tolerance", "wants seconds")
    return value * moments.SECOND


_FIVE_MINUTES: Final = 300 * moments.SECOND
_HMAC: Final = ("header", "prefix", "signed", "timestamp_header", "tolerance")
_STAMPED: Final = ("header", "tolerance")
# Name -> the settings that it takes, and what it makes of them.
_SCHEMES: Final[dict[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], signatures.Scheme]]]] = {
    "hmac-sha256-base64": (_HMAC, _hmac("sha256", "base64")),
    "hmac-sha256-base64url": (_HMAC, _hmac("sha256", "base64url")),
    "hmac-sha256-hex": (_HMAC, _hmac("sha256", "hex")),
    "hmac-sha1-base64": (_HMAC, _hmac("sha1", "base64")),
    "hmac-sha1-hex": (_HMAC, _hmac("sha1", "hex")),
    "stamped-hex": (_STAMPED, _stamped("hex")),
    "stamped-base64": (_STAMPED, _stamped("base64")),
    "standard-webhooks": (("tolerance",), _standard("webhook-")),
    "svix": (("tolerance",), _standard("svix-")),
    "salted-sha256-hex": (("header",), lambda table: signatures.Salted(header=_header(table))),
    "token": (("header",), lambda table: signatures.Token(header=_header(table))),
    "basic": ((), lambda _: signatures.Basic()),
}
