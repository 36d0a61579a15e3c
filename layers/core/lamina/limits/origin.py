"""Normalizes client IP addresses."""

from ipaddress import IPv6Address, ip_address, ip_network

PREFIXES = (64, 56, 48)
"""IPv6 prefixes that one client may hold: a network (RFC 4291 section 2.5.4), and what providers assign to a home or a
site (RFC 6177 section 2)."""


def origin_of(address: str) -> str:
    """Return what identifies the client of an IP address: the address; for IPv6 its /64, all of which one client has.

    Text that is not an IP address is returned unchanged.
    """
    return networks_of(address)[0]


def networks_of(address: str) -> list[str]:
    """Return the networks of an IP address, narrowest first: the address itself; for IPv6 its /64, /56 and /48."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return [address]
    if not isinstance(parsed, IPv6Address):
        return [address]
    if parsed.ipv4_mapped:
        return [str(parsed.ipv4_mapped)]
    return [str(ip_network((int(parsed), prefix), strict=False)) for prefix in PREFIXES]
