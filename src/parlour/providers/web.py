"""The one guarded way out of the house: an HTTP client that looks at the address it really connects to.

The check stands where the socket is made, so a redirect, a name that resolves anew, and every odd spelling of a
loopback address come by it. Does not know what is asked, nor of whom.
"""

import socket
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import (
    ClientConnectorError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver
from msgspec import Struct
from yarl import URL

from parlour import __version__
from parlour.ports.traces import traceparent

METADATA = (
    ip_network("168.63.129.16/32"),  # a cloud's own channel to its guests, on an address that looks public
    ip_network("192.0.0.0/24"),  # another's; the standard library calls only parts of it private
    ip_network("192.88.99.0/24"),  # relays into IPv6, given up; whoever answers there today is near by
)
NAT64 = ip_network("64:ff9b::/96")
GIVEN_OUT = ip_network("2000::/3")
"""All of IPv6 that is the public internet: what lies beside it is spelled for some inside."""
REFUSED = "The address is private, and private addresses are not allowed here."


class AddressRefused(Exception):
    """The name leads to an address inside: loopback, private, link-local, metadata and their like."""


class _Refusal(OSError):
    """What the connector understands, so that another address of the same name may still be tried."""


class Allowed(Struct, frozen=True):
    """Places inside that the operator lets be reached."""

    hosts: frozenset[str] = frozenset()
    """Names, whatever address they lead to; `*.name` stands for all below a name."""
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "Allowed":
        """`10.0.0.0/8`, `10.1.2.3`, `wiki.corp`, `*.corp`.

        Raises:
            ValueError: an entry is none of these.
        """
        hosts: set[str] = set()
        networks: list[IPv4Network | IPv6Network] = []
        for entry in entries:
            name = entry.strip().lower().rstrip(".")
            if "/" in name or ":" in name or name.replace(".", "").isdigit():
                networks.append(ip_network(name))
            elif name.removeprefix("*.").replace(".", "").replace("-", "").replace("_", "").isalnum():
                hosts.add(name)
            else:
                raise ValueError(f"{entry!r} is neither a network nor a host's name")
        return cls(frozenset(hosts), tuple(networks))

    def names(self, host: str) -> bool:
        """Whether that host may be reached wherever it leads to."""
        name = host.lower().rstrip(".")
        parts = name.split(".")
        return name in self.hosts or any(f"*.{'.'.join(parts[n:])}" in self.hosts for n in range(1, len(parts)))

    def holds(self, address: str) -> bool:
        found = carried(ip_address(address))
        return any(found.version == network.version and found in network for network in self.networks)


NOTHING = Allowed()
named: ContextVar[bool] = ContextVar("named", default=False)
"""Whether the host that is being connected to is allowed by its name. One request follows redirects to several."""


class Keys(Struct):
    """Headers that go to one place only."""

    home: URL
    names: tuple[str, ...]
    away: bool = False
    """Whether a redirect has led elsewhere: whoever did that may lead back as well."""

    def hold(self, request: ClientRequest) -> None:
        self.away = self.away or request.url.origin() != self.home.origin()
        for name in self.names if self.away else ():
            request.headers.popall(name, None)


keys: ContextVar[Keys | None] = ContextVar("keys", default=None)
"""Those of the request that is being sent."""


@contextmanager
def held(home: URL, names: tuple[str, ...]) -> Generator[None]:
    """What is sent within has headers that no redirect takes to another place."""
    before = keys.set(Keys(home, names))
    try:
        yield
    finally:
        keys.reset(before)


def session(
    *,
    allow_private: bool = False,
    allowed: Allowed = NOTHING,
    resolver: AbstractResolver | None = None,
    lasting: bool = True,
) -> ClientSession:
    """A client for hundreds of streams at once. Must be made inside a running loop, and closed.

    Its requests raise `AddressRefused`, unless `allow_private`, or where `allowed` has the place. It reads no proxy
    from the environment and keeps no cookies. `lasting`: whether a connection serves the next request, too.
    """
    connector = TCPConnector(
        limit=0,
        keepalive_timeout=30 if lasting else None,
        force_close=not lasting,
        use_dns_cache=allow_private,  # a stranger's name is looked up each time: cheap beside a connection
        ttl_dns_cache=60,
        resolver=resolver,
        socket_factory=plain_socket if allow_private else guard(allowed),
    )

    async def guarded(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Say who is connected to, at each redirect anew; and give a refusal its own name."""
        before = named.set(allowed.names(request.url.host or ""))
        if (kept := keys.get()) is not None:
            kept.hold(request)
        try:
            return await handler(request)
        except ClientConnectorError as error:
            if isinstance(error.os_error, _Refusal):
                raise AddressRefused(REFUSED) from None
            raise
        finally:
            named.reset(before)

    return ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": f"parlour/{__version__}"},
        middlewares=(traced,) if allow_private else (traced, guarded),
        timeout=ClientTimeout(total=300, sock_connect=10),
        trust_env=False,
    )


async def traced(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Say for which run it is asked, if somebody traces that."""
    if parent := traceparent.get():
        request.headers.setdefault("traceparent", parent)
    return await handler(request)


Address = tuple[int, int, int, str, tuple[object, ...]]
"""As `socket.getaddrinfo` gives them."""


def plain_socket(address: Address) -> socket.socket:
    return socket.socket(address[0], address[1], address[2])


def guard(allowed: Allowed) -> Callable[[Address], socket.socket]:
    """What makes sockets to the public internet, and to what is allowed."""

    def guarded_socket(address: Address) -> socket.socket:
        host = str(address[4][0])
        if inside(host) and not named.get() and not allowed.holds(host):
            raise _Refusal(REFUSED)
        return plain_socket(address)

    return guarded_socket


def inside(host: str) -> bool:
    """Whether a numeric address leads anywhere but to the public internet."""
    address = carried(ip_address(host))
    if any(address.version == network.version and address in network for network in METADATA):
        return True
    if isinstance(address, IPv6Address) and address not in GIVEN_OUT:
        return True
    return not address.is_global or address.is_multicast


def carried(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
