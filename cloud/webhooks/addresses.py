"""Where a webhook may go. Its target is what somebody typed: it must not become a way into our own network (SSRF).

An address is looked at when it is connected to, and that very address is connected to: a name that leads elsewhere a
moment later (DNS rebinding) leads nowhere. Hosts that the settings name may be at inner addresses and without TLS.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias

from cloud.errors import InvalidError

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host. Raises OSError."""

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:(?P<port>\d{1,5}))?"
    r"(?P<path>/[!-\"$-~]*)?"
)
# Addresses that the standard library calls public and that lead to the machines of a cloud, or through to IPv4.
_INNER = tuple(map(ip_network, ("168.63.129.16/32", "192.0.0.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16",
                                "2001::/32")))  # fmt: skip
_NEVER = tuple(map(ip_network, ("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
                                "fe80::/10", "fd00:ec2::254/128", "0.0.0.0/32", "::/128")))  # fmt: skip


class TargetRefusedError(InvalidError):
    """A webhook may not go there."""

    diagnosis = "A webhook may not go to this address."

    def __init__(self, message: str) -> None:
        super().__init__("target_refused", message)


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a webhook's address."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port, as the header `Host` says them."""
        plain = self.port == (443 if self.scheme == "https" else 80)
        return self.host if plain else f"{self.host}:{self.port}"

    @property
    def bare_host(self) -> str:
        """The host without the brackets of an IPv6 address."""
        return self.host.strip("[]")


def parse_target(url: str) -> Target:
    """The parts of `url`. Raises TargetRefusedError unless it is http(s), a host, perhaps a port, and a path."""
    found = _URL.fullmatch(url)
    if found is None:
        raise TargetRefusedError("an address is https://, a host, and a path; without a user and without #")
    port = int(found["port"] or (443 if found["scheme"] == "https" else 80))
    if not 0 < port < 65536:
        raise TargetRefusedError(f"there is no port {port}")
    return Target(found["scheme"], found["host"].lower(), port, found["path"] or "/")


def is_inner(address: Address) -> bool:
    """Whether `address` is private, loopback, link-local, ULA, multicast, or leads to one that is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        return is_inner(mapped)
    return not address.is_global or address.is_multicast or any(address in inner for inner in _INNER)


def is_never(address: Address) -> bool:
    """Whether nobody may be told there, whatever the settings say: a machine's own metadata, multicast, nowhere."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        return is_never(mapped)
    return address.is_multicast or any(address in never for never in _NEVER)


_resolving = ThreadPoolExecutor(32, thread_name_prefix="resolving")  # a name server that hangs holds up nobody else


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host` as this machine finds them. Raises OSError."""
    found = await asyncio.get_running_loop().run_in_executor(
        _resolving, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(str(row[4][0]) for row in found))


@dataclass(frozen=True, slots=True)
class Gatehouse:
    """Who may be told: everybody outside by https, and `hosts` (`host` or `host:port`) wherever they are."""

    hosts: frozenset[str] = frozenset()
    resolve: Resolve = field(default=resolve)

    def named(self, target: Target) -> bool:
        """Whether the settings name it."""
        return not self.hosts.isdisjoint({target.host, f"{target.host}:{target.port}"})

    def admit(self, url: str) -> Target:
        """The target, as far as its address alone says. Raises TargetRefusedError."""
        target = parse_target(url)
        if target.scheme != "https" and not self.named(target):
            raise TargetRefusedError(f"{target.authority} is told by https only, unless the settings name it")
        try:
            address = ip_address(target.bare_host)
        except ValueError:
            return target
        self._check(target, address)
        return target

    async def addresses(self, target: Target) -> list[str]:
        """Where to connect to now: each was looked at. Raises TargetRefusedError if one of them may not be, OSError."""
        found = await self.resolve(target.bare_host, target.port)
        for text in found:
            self._check(target, ip_address(text.partition("%")[0]))
        return found

    def _check(self, target: Target, address: Address) -> None:
        if is_never(address) or (is_inner(address) and not self.named(target)):
            raise TargetRefusedError(f"{target.host} leads to {address}, an inner address")
