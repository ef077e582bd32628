"""The one guarded way out of the house: an HTTP client that looks at the address it really connects to.

The check stands where the socket is made, so a redirect, a name that resolves anew, and every odd spelling of a
loopback address come by it. Does not know what is asked, nor of whom.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

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

from parlour import __version__

METADATA = (
    ip_network("168.63.129.16/32"),  # a cloud's own channel to its guests, on an address that looks public
    ip_network("192.0.0.0/24"),  # another's; the standard library calls only parts of it private
)
NAT64 = ip_network("64:ff9b::/96")
REFUSED = "The address is private, and private addresses are not allowed here."


class AddressRefused(Exception):
    """The name leads to an address inside: loopback, private, link-local, metadata and their like."""


class _Refusal(OSError):
    """What the connector understands, so that another address of the same name may still be tried."""


def session(*, allow_private: bool) -> ClientSession:
    """A client for hundreds of streams at once. Must be made inside a running loop, and closed.

    Its requests raise `AddressRefused`, unless `allow_private`. It reads no proxy from the environment and keeps no
    cookies.
    """
    connector = TCPConnector(
        limit=0,
        keepalive_timeout=30,
        ttl_dns_cache=60,
        socket_factory=plain_socket if allow_private else guarded_socket,
    )
    return ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": f"parlour/{__version__}"},
        middlewares=() if allow_private else (tell_refusals,),
        timeout=ClientTimeout(total=300, sock_connect=10),
        trust_env=False,
    )


Address = tuple[int, int, int, str, tuple[object, ...]]
"""As `socket.getaddrinfo` gives them."""


def plain_socket(address: Address) -> socket.socket:
    return socket.socket(address[0], address[1], address[2])


def guarded_socket(address: Address) -> socket.socket:
    if inside(str(address[4][0])):
        raise _Refusal(REFUSED)
    return plain_socket(address)


async def tell_refusals(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Give a refusal its own name; the connector would call it one more failure to connect."""
    try:
        return await handler(request)
    except ClientConnectorError as error:
        if isinstance(error.os_error, _Refusal):
            raise AddressRefused(REFUSED) from None
        raise


def inside(host: str) -> bool:
    """Whether a numeric address leads anywhere but to the public internet."""
    address = carried(ip_address(host))
    if any(address.version == network.version and address in network for network in METADATA):
        return True
    return not address.is_global or address.is_multicast


def carried(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
