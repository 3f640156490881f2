"""Connect to a host of the public internet, and to no other."""

from __future__ import annotations

import ipaddress
import socket

PATIENCE = 600.0
"""Seconds in which a host has to answer, or a command to send."""
_ANSWERS_WITHIN = 30.0
"""Seconds in which a host has to take a connection."""
_HTTPS = 443
_LEAD_TO_IPV4 = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""Networks whose addresses end with one of IPv4."""


class RefusedError(Exception):
    """The connection is not allowed; says why."""


def host_and_port(text: str) -> tuple[str, int]:
    """Split `host` or `host:port`; the port is that of HTTPS where none is named. Errors: ValueError."""
    host, _, port = text.lower().partition(":")
    return host, int(port) if port else _HTTPS


def connect(host: str, port: int) -> socket.socket:
    """Connect to a host by a public address. Errors: RefusedError where one of its addresses is not, OSError."""
    try:
        addresses = [str(place[4][0]) for place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except socket.gaierror as error:
        raise RefusedError(f"its name leads to no address ({error.strerror})") from None
    private = [address for address in addresses if not is_public(address)]
    if private:
        raise RefusedError(f"its address {private[0]} is not public")
    last = OSError()
    for address in addresses:  # the very addresses that were judged: the name is not asked again
        try:
            line = socket.create_connection((address, port), _ANSWERS_WITHIN)
        except OSError as error:
            last = error
        else:
            line.settimeout(PATIENCE)
            return line
    raise last


def is_public(address: str) -> bool:
    """Tell an address of the public internet from one of this machine, of its network or of a cloud's own services."""
    place = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(place, ipaddress.IPv6Address):
        if any(place in network for network in _LEAD_TO_IPV4):
            place = ipaddress.IPv4Address(int(place) & 0xFFFFFFFF)
        else:
            place = place.ipv4_mapped or place.sixtofour or place
    return place.is_global and not place.is_multicast
