"""Requests to endpoints that behave badly, and to names that change their mind."""

import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lamina.settings import Settings, settings
from lamina.webhooks import egress, targets
from lamina.webhooks.egress import EndpointResponse, NoAnswer, post
from lamina.webhooks.targets import Refused

type Talk = Callable[[socket.socket], None]
"""What a server does with a connection once it has the request."""

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of tests are on this machine; and a second does for five."""
    local = Settings.model_validate({**settings().model_dump(), "webhook_targets": "local"})
    monkeypatch.setattr(targets, "settings", lambda: local)
    monkeypatch.setattr(egress, "SECONDS", 1.0)


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on AWS."""
    monkeypatch.setattr(targets, "settings", settings)


@pytest.fixture
def serve() -> Iterator[Callable[[Talk], str]]:
    """Start servers: each takes one request after the other, and does with it what it is told."""
    listening: list[socket.socket] = []

    def start(talk: Talk, context: ssl.SSLContext | None = None) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)
        threading.Thread(target=_serve, args=(server, talk, context), daemon=True).start()
        return f"http{'s' if context else ''}://127.0.0.1:{server.getsockname()[1]}/hook"

    yield start
    for server in listening:
        server.close()


def _serve(server: socket.socket, talk: Talk, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_talk, args=(connection, talk, context), daemon=True).start()


def _talk(connection: socket.socket, talk: Talk, context: ssl.SSLContext | None) -> None:
    try:
        with closing(context.wrap_socket(connection, server_side=True) if context else connection) as secured:
            request = b""
            while b"\r\n\r\n{}" not in request:
                more = secured.recv(4096)
                if not more:
                    return
                request += more
            talk(secured)
    except OSError:
        connection.close()


def say(*parts: bytes, every: float = 0) -> Talk:
    def talk(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(every)

    return talk


def send(url: str) -> EndpointResponse:
    return post(url, b"{}", {"webhook-id": "x"})


def test_an_answer_is_its_status_and_the_beginning_of_its_body(serve: Callable[[Talk], str]) -> None:
    assert send(serve(say(OK, b"Content-Length: 4\r\n\r\ntake"))) == EndpointResponse(200, b"take")
    assert send(serve(say(OK, b"Content-Length: 4000\r\n\r\n", b"x" * 4000))) == EndpointResponse(200, b"x" * 1024)
    assert send(serve(say(b"HTTP/1.0 503 Busy\r\n\r\nlater"))) == EndpointResponse(503, b"later")
    chunks = b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    assert send(serve(say(OK, chunks))) == EndpointResponse(200, b"abc")


def test_when_an_endpoint_asks_to_be_tried_again_is_part_of_its_answer(serve: Callable[[Talk], str]) -> None:
    busy = b"HTTP/1.1 503 Busy\r\nretry-after: 120\r\nContent-Length: 0\r\n\r\n"
    assert send(serve(say(busy))) == EndpointResponse(503, b"", "120")


def test_a_redirect_is_an_answer_and_is_not_followed(serve: Callable[[Talk], str]) -> None:
    answer = send(
        serve(say(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n"))
    )
    assert answer == EndpointResponse(302, b"")


def forever(part: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        while True:
            connection.sendall(part)
            time.sleep(0.05)

    return talk


def trickle_body(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 1000\r\n\r\n")
    forever(b"x")(connection)


SILENT: Talk = lambda _: time.sleep(10)  # noqa: E731 (its type is what matters)


@pytest.mark.parametrize(
    "talk",
    [SILENT, say(b"HTTP/1.1 200", every=10), forever(b"x"), say(OK, every=10)],
    ids=["silent", "half a line", "a line without end", "a header without end"],
)
def test_who_does_not_answer_in_time_is_not_waited_for(serve: Callable[[Talk], str], talk: Talk) -> None:
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        send(serve(talk))
    assert time.monotonic() - begun < 1.5


def test_a_body_that_trickles_is_cut_off_at_the_deadline_and_the_status_counts(serve: Callable[[Talk], str]) -> None:
    begun = time.monotonic()
    answer = send(serve(trickle_body))
    assert answer.status == 200
    assert 5 < len(answer.body) < 40
    assert time.monotonic() - begun < 1.5


def test_of_a_gigabyte_next_to_nothing_is_read(serve: Callable[[Talk], str]) -> None:
    sent: list[int] = []

    def flood(connection: socket.socket) -> None:
        connection.sendall(OK + b"Content-Length: 1073741824\r\n\r\n")
        block = b"x" * 65536
        for _ in range(1073741824 // len(block)):
            connection.sendall(block)
            sent.append(len(block))

    begun = time.monotonic()
    assert send(serve(flood)) == EndpointResponse(200, b"x" * 1024)
    assert time.monotonic() - begun < 0.5
    assert sum(sent) < 16 * 1024 * 1024, "no more than the buffers of this machine hold"


def test_of_headers_without_end_next_to_nothing_is_read(serve: Callable[[Talk], str]) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(OK)
        for _ in range(100_000):
            connection.sendall(b"X-More: " + b"x" * 60_000 + b"\r\n")

    begun = time.monotonic()
    assert send(serve(flood)) == EndpointResponse(200, b"")
    assert time.monotonic() - begun < 0.5


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n", b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 99999 X\r\n\r\n"])
def test_what_is_no_http_is_no_answer(serve: Callable[[Talk], str], said: bytes) -> None:
    with pytest.raises(NoAnswer):
        send(serve(say(said)))


def test_a_port_where_nobody_listens_is_no_answer() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NoAnswer, match="connection failed"):
            send(f"http://127.0.0.1:{closed.getsockname()[1]}/")


EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nContent-Length: 9\r\n\r\n"


@pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n", EARLY_HINTS])
@pytest.mark.parametrize("times", [1, 3])
def test_interim_responses_are_skipped(serve: Callable[[Talk], str], interim: bytes, times: int) -> None:
    final = OK + b"Retry-After: 7\r\nContent-Length: 4\r\n\r\ntake"
    assert send(serve(say(interim * times, final))) == EndpointResponse(200, b"take", "7")
    assert (
        send(serve(say(interim * times + OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"))).body == b"ab"
    )


@pytest.mark.parametrize("talk", [forever(EARLY_HINTS), say(*[EARLY_HINTS] * 10_000)], ids=["slow", "fast"])
def test_interim_responses_without_a_final_one_are_no_answer(serve: Callable[[Talk], str], talk: Talk) -> None:
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        send(serve(talk))
    assert time.monotonic() - begun < 1.5


def test_a_switch_of_protocols_that_nobody_asked_for_is_the_answer(serve: Callable[[Talk], str]) -> None:
    assert send(serve(say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"))).status == 101


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every name lead to these addresses, in this order."""
    each = [Names(address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **_: [name(host, port)[0] for name in each])


@pytest.fixture
def hole(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """Have an address take no connection and refuse none, as one does that packets never reach."""

    def dig(address: str, port: int) -> None:
        server = socket.create_server((address, port), backlog=0)
        request.addfinalizer(server.close)
        waiting = socket.create_connection((address, port))  # fills the backlog: whoever comes next is not answered
        request.addfinalizer(waiting.close)

    return dig


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


WELL = say(OK, b"Content-Length: 0\r\n\r\n")


@pytest.mark.parametrize("dead", [["127.0.0.2"], ["127.0.0.2", "127.0.0.3", "127.0.0.4"]])
def test_a_host_is_reached_whose_first_addresses_are_not_answered_from(
    serve: Callable[[Talk], str], monkeypatch: pytest.MonkeyPatch, hole: Callable[[str, int], None], dead: list[str]
) -> None:
    port = port_of(serve(WELL))
    for address in dead:
        hole(address, port)
    leads_to(monkeypatch, *dead, "127.0.0.1")
    begun = time.monotonic()
    assert send(f"http://hooks.example.com:{port}/").status == 200
    assert time.monotonic() - begun < 1


def test_a_host_is_reached_whose_first_address_refuses(
    serve: Callable[[Talk], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to(monkeypatch, "127.0.0.2", "127.0.0.1")
    assert send(f"http://hooks.example.com:{port_of(serve(WELL))}/").status == 200


def test_addresses_that_are_all_dead_take_no_more_time_than_one(
    monkeypatch: pytest.MonkeyPatch, hole: Callable[[str, int], None]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    dead = [f"127.0.0.{number}" for number in range(2, 12)]
    for address in dead:
        hole(address, port)
    leads_to(monkeypatch, *dead)
    begun = time.monotonic()
    with pytest.raises(NoAnswer, match="no response within"):
        send(f"http://hooks.example.com:{port}/")
    assert time.monotonic() - begun < 1.5


def test_a_machine_without_ipv6_reaches_the_ipv4_address(
    serve: Callable[[Talk], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class WithoutIPv6(socket.socket):
        def __init__(self, family: int = socket.AF_INET, *more: Any, **others: Any) -> None:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *more, **others)

    port = port_of(serve(WELL))
    leads_to(monkeypatch, *(f"2606:4700::{number}" for number in range(1, 9)), "127.0.0.1")
    monkeypatch.setattr(socket, "socket", WithoutIPv6)
    assert send(f"http://hooks.example.com:{port}/").status == 200


def test_an_address_is_reached_by_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        threading.Thread(target=_serve, args=(server, WELL, None), daemon=True).start()
        leads_to(monkeypatch, "127.0.0.2", "::1")
        assert send(f"http://hooks.example.com:{server.getsockname()[1]}/").status == 200


def test_families_alternate_and_few_addresses_are_tried() -> None:
    sixes, fours = [[ip_address(f"{net}{n}") for n in range(1, 9)] for net in ("2606:4700::", "93.184.216.")]
    assert egress._in_turn([*sixes, *fours]) == [sixes[0], fours[0], sixes[1], fours[1]]
    assert egress._in_turn(fours[:2]) == fours[:2]
    assert egress._in_turn([]) == []


def test_proxies_of_the_environment_are_not_asked(
    serve: Callable[[Talk], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(serve(say(OK, b"Content-Length: 0\r\n\r\n"))).status == 200


class Names:
    """A resolver that answers each look-up with the next of these addresses."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), []  # type: ignore[var-annotated]  # of whatever it is asked

    def __call__(self, host: str, port: int, *_: object, **__: object) -> list[Any]:
        self.asked.append(host)
        address = self.answers[min(len(self.asked), len(self.answers)) - 1]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]


class Connections:
    """What would be connected to, with the peer that there would be."""

    def __init__(self, peer: str) -> None:
        self.peer, self.tried = peer, []  # type: ignore[var-annotated]  # of whatever is tried

    def __call__(self, *_: object) -> "Connections":
        return self

    def connect(self, address: object) -> None:
        self.tried.append(address)

    def getpeername(self) -> tuple[str, int]:
        return self.peer, 443

    def settimeout(self, _: float) -> None:
        """Nothing takes its time here."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.usefixtures("public")
def test_a_name_that_is_private_at_the_second_look_up_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names, connections = Names("93.184.216.34", "169.254.169.254"), Connections("93.184.216.34")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    monkeypatch.setattr(socket, "socket", connections)
    monkeypatch.setattr(egress, "_trust", lambda: (_ for _ in ()).throw(ssl.SSLError()))
    with pytest.raises(NoAnswer, match="TLS"):
        send("https://rebinding.example.com/")
    assert names.asked == ["rebinding.example.com"]
    assert connections.tried == [("93.184.216.34", 443)]
    with pytest.raises(Refused):
        send("https://rebinding.example.com/")
    assert len(connections.tried) == 1


@pytest.mark.usefixtures("public")
def test_a_connection_that_ended_up_elsewhere_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    connections = Connections("10.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", Names("93.184.216.34"))
    monkeypatch.setattr(socket, "socket", connections)
    with pytest.raises(Refused):
        send("https://example.com/")


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.1.2.3", "::1", "fd00:ec2::254"])
def test_to_a_private_address_no_connection_is_opened(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    connections = Connections(address)
    monkeypatch.setattr(socket, "getaddrinfo", Names(address))
    monkeypatch.setattr(socket, "socket", connections)
    with pytest.raises(Refused):
        send("https://example.com/")
    assert connections.tried == []


def test_a_name_server_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def hang(*_: object, **__: object) -> list[Any]:
        answered.wait(20)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        send("https://example.com/")
    assert time.monotonic() - begun < 1.5
    answered.set()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `hooks.example.com` that nobody has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_server(serve: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """A server with that certificate; names lead to it. Gives its URL under a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    port = serve(say(OK, b"Content-Length: 0\r\n\r\n"), context).rpartition(":")[2].partition("/")[0]
    monkeypatch.setattr(socket, "getaddrinfo", Names("127.0.0.1"))
    return lambda host: f"https://{host}:{port}/hook"


def test_a_certificate_that_nobody_trusts_is_refused(tls_server: Callable[[str], str]) -> None:
    with pytest.raises(NoAnswer, match="certificate"):
        send(tls_server("hooks.example.com"))


def test_a_certificate_is_held_against_the_name_and_not_the_address(
    tls_server: Callable[[str], str], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(egress, "_trust", lambda: trusting)
    assert send(tls_server("hooks.example.com")).status == 200
    with pytest.raises(NoAnswer, match="certificate"):
        send(tls_server("other.example.com"))


def test_a_handshake_that_hangs_is_not_waited_for(serve: Callable[[Talk], str]) -> None:
    begun = time.monotonic()
    with pytest.raises(NoAnswer):
        send(serve(SILENT).replace("http:", "https:"))
    assert time.monotonic() - begun < 1.5


def test_many_requests_at_once_do_not_wait_for_each_other(serve: Callable[[Talk], str]) -> None:
    hanging, well = serve(SILENT), serve(say(OK, b"Content-Length: 0\r\n\r\n"))
    with ThreadPoolExecutor(20) as threads:
        for _ in range(10):
            threads.submit(pytest.raises, NoAnswer, send, hanging)
        begun = time.monotonic()
        assert all(answer.status == 200 for answer in threads.map(send, [well] * 10))
        assert time.monotonic() - begun < 0.8
