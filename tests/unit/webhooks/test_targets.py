"""Where webhooks may go, and where never."""

import ipaddress
import socket
from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.settings import Settings, settings
from lamina.webhooks import targets
from lamina.webhooks.targets import Refused, Target, may_connect, read_target, resolve


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a laptop."""
    laptop = Settings.model_validate({**settings().model_dump(), "webhook_targets": "local"})
    monkeypatch.setattr(targets, "settings", lambda: laptop)


PRIVATE = [
    "0.0.0.0",  # noqa: S104 (refused, not bound to)
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_not_connected_to(address: str) -> None:
    assert not may_connect(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is(address: str) -> None:
    assert may_connect(ip_address(address))


@pytest.mark.usefixtures("local")
def test_a_laptop_may_reach_itself_and_nothing_else_that_is_private() -> None:
    reached = [address for address in PRIVATE if may_connect(ip_address(address))]
    assert reached == ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]


PRIVATE_NETWORKS = [
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4")
]


@given(st.ip_addresses(v=4))
def test_no_private_address_passes_in_any_of_the_forms_that_hold_an_ipv4_address(
    address: ipaddress.IPv4Address,
) -> None:
    number = int(address)
    for prefix in ("::ffff:0:0", "64:ff9b::", "::"):
        assert not may_connect(IPv6Address(int(IPv6Address(prefix)) + number))
    assert not may_connect(ip_address((0x2002 << 112) + (number << 80)))
    if any(address in network for network in PRIVATE_NETWORKS):
        assert not may_connect(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "example.com",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/#fragment",
        "https://example.com/#",
        "https://example.com/a b",
        "https://exämple.com/",
        "https://example.com/\n",
        "https://example.com:22/",
        "https://example.com:25/",
        "https://example.com:80/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:x/",
        "https://localhost/",
        "https://db/",
        "https://metadata.google.internal/",
        "https://a.localhost/",
        "https://printer.local/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0x1/",
        "https://0177.0.0.1/",
        "https://10.0.0.1./",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x]/",
        "https://-a.example.com/",
        "https://a..example.com/",
        f"https://example.com/{'x' * 2048}",
    ],
)
def test_a_url_that_cannot_be_a_target_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        read_target(url)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target(True, "example.com", 443, "/")),
        ("https://EXAMPLE.com:8443/a/b?c=d", Target(True, "example.com", 8443, "/a/b?c=d")),
        ("https://hooks.example.co.uk./x", Target(True, "hooks.example.co.uk", 443, "/x")),
        ("https://8.8.8.8/x", Target(True, "8.8.8.8", 443, "/x")),
        ("https://[2606:4700:4700::1111]/", Target(True, "2606:4700:4700::1111", 443, "/")),
        ("https://example.com?x=1", Target(True, "example.com", 443, "/?x=1")),
    ],
)
def test_a_url_of_a_public_host_is_taken_apart(url: str, target: Target) -> None:
    assert read_target(url) == target


@pytest.mark.usefixtures("local")
def test_a_laptop_takes_plain_http_to_itself() -> None:
    assert read_target("http://127.0.0.1:4000/x") == Target(False, "127.0.0.1", 4000, "/x")
    assert read_target("http://localhost/x").port == 80
    for url in ("http://10.0.0.1/", "http://169.254.169.254/", "https://[fd00::1]/"):
        with pytest.raises(Refused):
            read_target(url)


@given(st.text())
def test_whatever_text_comes_it_is_taken_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.com{text}"):
        try:
            found = read_target(url)
        except Refused:
            continue
        assert found.tls
        assert found.port == 443 or found.port >= 1024


@pytest.mark.parametrize("private", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "fd00::1"])
def test_a_host_with_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch, private: str
) -> None:
    found = [(0, 0, 0, "", ("8.8.8.8", 443)), (0, 0, 0, "", (private, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Refused):
        resolve(read_target("https://example.com/"))


def test_a_host_without_an_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Refused):
        resolve(read_target("https://example.com/"))
