"""Whom an address stands for."""

from ipaddress import IPv6Address, ip_address

HOST_BITS = 64
"""Bits of an IPv6 address that its holder chooses freely (RFC 4291 section 2.5.4)."""


def origin_of(address: str) -> str:
    """Give what is counted for an address: itself; of IPv6 its /64, because one client has all of that.

    Text that is no address is given back as it is.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> HOST_BITS << HOST_BITS)}/{HOST_BITS}"
