"""Allowed webhook targets: public addresses over HTTPS, so that internal services cannot be reached (CWE-918).

Host names are resolved for each request, every address is checked, and the request is sent to one of the checked
addresses and to no other (`lamina.webhooks.egress`).
"""

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from lamina.settings import settings

LONGEST = 2048
HTTPS_PORT, HTTP_PORT = 443, 80
FIRST_UNPRIVILEGED_PORT, LAST_PORT = 1024, 65535
"""Lower ports belong to mail, file and remote control servers, which could interpret a request as their commands."""

_URL = re.compile(r"[\x21-\x7e]+")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_UNICAST = IPv6Network("2000::/3")
"""Contains all public IPv6 addresses; addresses that embed an IPv4 one (mapped, NAT64) are outside (IANA registry)."""

_DOCUMENTATION = IPv6Network("3fff::/20")
"""RFC 9637; not yet known to Python."""

type Address = IPv4Address | IPv6Address


class Refused(Exception):
    """Requests to the target are not allowed; the text states the reason for the person who entered it."""


@dataclass(frozen=True)
class Target:
    """A parsed URL.

    Attributes:
        tls: whether it is https.
        host: name or address, as in the certificate and the Host header.
        port: explicit port, or the default of the scheme.
        path: path and query.
    """

    tls: bool
    host: str
    port: int
    path: str


def read_target(url: str) -> Target:
    """Parse a URL, and check everything that can be checked without name resolution.

    Raises:
        Refused: if it is not allowed.
    """
    split = _split(url)
    local = settings().webhook_targets == "local"
    if split.scheme != "https" and not (local and split.scheme == "http"):
        raise Refused("must begin with https://")
    if split.username is not None or split.password is not None or "@" in split.netloc:
        raise Refused("must not contain a user name or password; endpoints verify the signature instead")
    if split.fragment or url.endswith("#"):
        raise Refused("must not have a fragment")
    host = _host(split, local=local)
    tls = split.scheme == "https"
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    return Target(tls, host, _port(split, tls=tls, local=local), path)


def host_of(url: str) -> str:
    """Return the host of a stored URL."""
    return urlsplit(url).hostname or ""


def resolve(target: Target) -> list[Address]:
    """Return the addresses of a target; all of them are allowed.

    Raises:
        Refused: if there is none, or one that is not public.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("the host has no address") from None
    addresses = list(dict.fromkeys(ip_address(str(place[0])) for *_, place in found))
    if not all(may_connect(address) for address in addresses):
        raise Refused("the host has an address that is not public")
    return addresses


def may_connect(address: Address) -> bool:
    """Return whether an address is public; on a laptop, also whether it is the laptop's own."""
    if settings().webhook_targets == "local" and address.is_loopback:
        return True
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return True
    embeds_ipv4 = address.sixtofour or address.teredo or address.ipv4_mapped
    return address in _UNICAST and address not in _DOCUMENTATION and not embeds_ipv4 and address.scope_id is None


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST or not _URL.fullmatch(url) or "\\" in url:
        raise Refused(f"must be a URL of at most {LONGEST} visible ASCII characters")
    try:
        split = urlsplit(url)
        _ = split.port
    except ValueError:
        raise Refused("must be a URL") from None
    return split


def _host(split: SplitResult, *, local: bool) -> str:
    host = (split.hostname or "").removesuffix(".")
    try:
        address = ip_address(host)
    except ValueError:
        if "[" in split.netloc:
            raise Refused("must be a URL") from None
        return _name(host, local=local)
    if not may_connect(address):
        raise Refused("must resolve to a public address")
    return host


def _name(host: str, *, local: bool) -> str:
    """Check a name. If its last label is a number, some parsers treat it as an IPv4 address (WHATWG URL, 3.5)."""
    if local and host == "localhost":
        return host
    labels = host.split(".")
    is_name = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    if not is_name or re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]) or labels[-1] in {"localhost", "local", "internal"}:
        raise Refused("must name a public host")
    return host


def _port(split: SplitResult, *, tls: bool, local: bool) -> int:
    port = split.port if split.port is not None else HTTPS_PORT if tls else HTTP_PORT
    if port not in {HTTPS_PORT, *([HTTP_PORT] if local else [])} and not FIRST_UNPRIVILEGED_PORT <= port <= LAST_PORT:
        raise Refused(f"must have port {HTTPS_PORT} or {FIRST_UNPRIVILEGED_PORT} and above")
    return port
