"""Who is speaking: the peer behind listed proxies, loopback or not, the inspect token, the allowed `Host` names.

A tunnel makes loopback public, so being reached on 127.0.0.1 proves nothing: a request is local only when its
peer and its `Host` are loopback and nobody forwarded it.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tagway.config import LOOPBACK
from tagway.errors import ConfigError, RefusedError

RawHeaders = Mapping[bytes, bytes]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FORWARDING: Final = frozenset(
    (
        b"forwarded",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-original-host",
        b"x-real-ip",
        b"true-client-ip",
        b"cf-connecting-ip",
        b"cf-ray",
        b"cdn-loop",
        b"fly-client-ip",
    )
)
"""Headers that only a proxy or a tunnel adds."""
_LOOPBACK: Final = frozenset(LOOPBACK)


class Origins:
    """The origins that may send to a source; `https://shop.example:*` stands for every port, empty for none listed."""

    __slots__ = ("_any_port", "_exact")

    def __init__(self, listed: Sequence[str] = ()) -> None:
        """Take the list of the configuration."""
        self._exact = frozenset(one.encode() for one in listed if not one.endswith(":*"))
        self._any_port = frozenset(one.removesuffix(":*").encode() for one in listed if one.endswith(":*"))

    def __bool__(self) -> bool:
        return bool(self._exact or self._any_port)

    def __contains__(self, origin: bytes) -> bool:
        if origin in self._exact:
            return True
        host, colon, port = origin.rpartition(b":")
        return bool(colon) and (host in self._any_port and port.isdigit())


def networks(listed: Sequence[str], where: str) -> tuple[Network, ...]:
    """Read addresses and networks of the configuration. Raises `ConfigError` that says `where`."""
    try:
        return tuple(ipaddress.ip_network(one, strict=False) for one in listed)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def contains(listed: Sequence[Network], address: Address | None) -> bool:
    """Whether an address is in one of the networks."""
    return address is not None and any(address.version == one.version and address in one for one in listed)


def peer(scope: Mapping[str, Any]) -> Address | None:
    """The address of the connection's other end."""
    client = scope.get("client")
    return _address(client[0]) if client else None


def sender(scope: Mapping[str, Any], headers: RawHeaders, proxies: Sequence[Network]) -> Address | None:
    """The address that sent a request: the peer, or behind listed proxies the last hop that is not one of them."""
    address = peer(scope)
    if not contains(proxies, address):
        return address
    for hop in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
        address = _address(hop.strip())
        if not contains(proxies, address):
            return address
    return address


def host_name(headers: RawHeaders) -> str:
    """The name in `Host`, lower case, without port and brackets; empty when there is none."""
    host = headers.get(b"host", b"").decode("latin-1").strip().lower()
    if host.startswith("["):
        name, closed, _ = host[1:].partition("]")
        return name if closed else ""
    return host.partition(":")[0]


def is_local(scope: Mapping[str, Any], headers: RawHeaders) -> bool:
    """Whether a request comes from this machine and was not forwarded."""
    address = peer(scope)
    return (
        address is not None
        and address.is_loopback
        and FORWARDING.isdisjoint(headers)
        and host_name(headers) in _LOOPBACK
    )


def has_token(headers: RawHeaders, token: str) -> bool:
    """Whether the inspect token is in `X-Tagway-Token`, or a Bearer; constant time."""
    given = headers.get(b"x-tagway-token")
    if given is None:
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            return False
    return bool(token) and hmac.compare_digest(given.strip(), token.encode())


def check_reader(headers: RawHeaders, token: str, hosts: frozenset[str]) -> None:
    """Let a reader in: an allowed `Host` name and the token. Raises `RefusedError`."""
    if host_name(headers) not in hosts:
        raise RefusedError("bad_host", "this Host name is not listed in `gateway.hosts`")
    if not has_token(headers, token):
        raise RefusedError("no_token", "send the inspect token in X-Tagway-Token; it is in the data folder")


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
