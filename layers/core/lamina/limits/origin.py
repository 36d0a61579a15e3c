"""Whom an address stands for."""

from ipaddress import IPv6Address, ip_address, ip_network

PREFIXES = (64, 56, 48)
"""Prefixes of IPv6 that one client may hold: a network (RFC 4291 section 2.5.4), and what providers give to a home or a
site (RFC 6177 section 2)."""


def origin_of(address: str) -> str:
    """Return what an address is known by: itself; of IPv6 its /64, because one client has all of that.

    Text that is no address is returned as it is.
    """
    return networks_of(address)[0]


def networks_of(address: str) -> list[str]:
    """Return what is counted for an address, the narrowest first: itself; of IPv6 its /64, /56 and /48."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return [address]
    if not isinstance(parsed, IPv6Address):
        return [address]
    if parsed.ipv4_mapped:
        return [str(parsed.ipv4_mapped)]
    return [str(ip_network((int(parsed), prefix), strict=False)) for prefix in PREFIXES]
