"""What is deployed starts: every function, from the layers as `sam build` makes them and from nothing else."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bench.authority import CERTIFICATE, make_authority
from layers.runtime.build import AMAZON_ROOTS
from tests.conftest import ENVIRONMENT
from tests.support.make import outside_make
from tests.support.templates import Function, functions, template

ROOT = Path(__file__).resolve().parents[2]
LAYERS = {
    "CoreLayer": "core",
    **dict.fromkeys(
        ("RuntimeLayer", "CryptoLayer", "ImagesLayer", "MailLayer", "EgressLayer", "ContentLayer", "GraphqlLayer"),
        "runtime",
    ),
}
"""Each layer, and the folder that it is built in."""
BUILD_SECONDS = 120
START_SECONDS = 120
START = """
import importlib, importlib.abc, json, sys
missed = set()
class Missed(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        missed.add(name)
sys.meta_path.append(Missed())
sys.path += sys.argv[1].split(":")
for place in sys.argv[2:]:
    folder, name = place.rsplit("/", 1)
    before = set(sys.modules)
    sys.path.insert(0, folder)
    assert callable(importlib.import_module(name).handler), place
    sys.path.remove(folder)
    for module in set(sys.modules) - before:
        if getattr(sys.modules[module], "__file__", "").startswith(folder):
            del sys.modules[module]
json.dump(sorted(missed - set(sys.modules)), sys.stdout)
"""
"""Imports the handlers one after the other, each from its folder, as the runtime does. Prints what was looked for in
vain: the packages that others do without when they are not there."""
DONE_WITHOUT = {
    "OpenSSL": "botocore asks for it to find the standard library's SSL context behind it, which it has without",
    "awscrt": "botocore computes checksums with it, and without it by zlib; the values are the same",
    "blinker": "PynamoDB sends signals with it; nothing of ours listens to them",
    "certifi": "botocore takes its bundle where it is there, and else its own, which is cut to the authorities of AWS",
}
"""Packages that the tests have and Lambda lacks, although something looks for them, and why nothing depends on it."""
TRUSTED = """
import json, sys
sys.path += sys.argv[1].split(":")
from lamina.webhooks import egress
json.dump([dict(part[0] for part in each["subject"]) for each in egress._trust().get_ca_certs()], sys.stdout)
"""
"""Prints whom the sender of webhooks trusts."""
POST = """
import json, sys
sys.path += sys.argv[1].split(":")
from lamina.webhooks import egress
try:
    json.dump(egress.post(sys.argv[2], b"{}", {}).status, sys.stdout)
except egress.NoAnswer as failure:
    json.dump(str(failure), sys.stdout)
"""
"""Sends a body to a URL, and prints the status of the answer."""
RENDER = """
import json, sys
sys.path += sys.argv[1].split(":")
import snowballstemmer
from lamina.posts.markdown import render
json.dump([render(sys.argv[2]), snowballstemmer.stemmer("english").stemWord(sys.argv[2])], sys.stdout)
"""
"""Renders Markdown, and stems it."""
EXPORT = """
import json, os, sys
os.environ["LAMINA_OTLP_URL"] = "http://127.0.0.1:4318"
sys.path += sys.argv[1].split(":")
from lamina.observability import otlp, tracing
documents = [{"name": "GET", "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "id": "0" * 16, "parent_id": "1" * 16,
    "start_time": 1.0, "end_time": 2.0}]
json.dump([tracing.enabled, otlp.export_request(documents).to_dict()], sys.stdout)
"""
"""Composes what a collector of OpenTelemetry receives."""
TREE = """
import json, sys
sys.path += sys.argv[1].split(":")
from lamina.graphql import prebuilt, schema
json.dump(prebuilt.read(schema.sdl()) is not None, sys.stdout)
"""
"""Reads the tree of the GraphQL schema."""
AUTHORITIES = {
    "Amazon Root CA 1",
    "Certum Trusted Network CA",
    "DigiCert Global Root G2",
    "GlobalSign Root R46",
    "GTS Root R1",
    "ISRG Root X1",
    "ISRG Root X2",
    "Microsoft RSA Root Certificate Authority 2017",
    "QuoVadis Root CA 2 G3",
    "SSL.com TLS RSA Root CA 2022",
    "USERTrust RSA Certification Authority",
}
"""That sign most of the hosts there are: Let's Encrypt, DigiCert, GlobalSign, Google, Microsoft, Sectigo and others."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every layer, each in a folder of its name."""
    made = tmp_path_factory.mktemp("layers")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for layer, folder in LAYERS.items():
        subprocess.run(
            ["make", "--silent", f"build-{layer}", f"ARTIFACTS_DIR={made / layer}"],
            cwd=ROOT / "layers" / folder,
            env={**outside_make(), "PATH": path, "LAMINA_ARCHITECTURE": "host"},
            check=True,
            timeout=BUILD_SECONDS,
        )
    return made


def layers(function: Function) -> tuple[str, ...]:
    stack = template(function.stack)
    own = stack["Resources"][function.name]["Properties"].get("Layers", [])
    return tuple(layer["Ref"] for layer in [*stack["Globals"]["Function"]["Layers"], *own])


class Taker(BaseHTTPRequestHandler):
    """Takes whatever is posted."""

    def do_POST(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def alone(program: str, *arguments: str) -> Any:
    """What a program prints as JSON that can import the standard library and what it is told of, and nothing else."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, *arguments],
        env={**ENVIRONMENT, "AWS_LAMBDA_FUNCTION_NAME": "lamina-test", "LAMINA_WEBHOOK_TARGETS": "local"},
        check=True,
        stdout=subprocess.PIPE,
        timeout=START_SECONDS,
    )
    return json.loads(done.stdout)


def search_path(built: Path, with_layers: tuple[str, ...]) -> str:
    return ":".join(str(built / layer / "python") for layer in with_layers)


def is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("with_layers", sorted({layers(function) for function in functions()}), ids="+".join)
def test_every_function_starts_from_its_layers_alone_as_in_the_tests(built: Path, with_layers: tuple[str, ...]) -> None:
    places = [str(ROOT / "functions" / known.place) for known in functions() if layers(known) == with_layers]
    missed = alone(START, search_path(built, with_layers), *places)
    assert {module for module in missed if is_installed(module)} - DONE_WITHOUT.keys() == set()


def test_what_sends_webhooks_trusts_every_public_authority(built: Path) -> None:
    sender = next(known for known in functions() if known.place == "consumers/deliver_webhooks")
    trusted = alone(TRUSTED, search_path(built, layers(sender)))
    names = {subject.get("commonName", "") for subject in trusted}
    assert names >= AUTHORITIES
    assert len(trusted) > 100, "and the others that browsers trust"


def test_a_webhook_reaches_a_host_whose_authority_is_in_the_built_bundle(built: Path, tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    egress_layer = tmp_path / "EgressLayer"
    shutil.copytree(built / "EgressLayer", egress_layer)
    path = f"{search_path(built, ('CoreLayer', 'RuntimeLayer'))}:{egress_layer / 'python'}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / CERTIFICATE)
    with ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}/hook"
        assert "certificate" in alone(POST, path, url)
        with (egress_layer / "python" / "certifi" / "cacert.pem").open("a", encoding="utf-8") as bundle:
            bundle.write(authority)
        assert alone(POST, path, url) == HTTPStatus.OK
        server.shutdown()


def test_what_calls_aws_alone_reads_the_authorities_of_aws_alone(built: Path) -> None:
    bundle = built / "RuntimeLayer" / "python" / "botocore" / "cacert.pem"
    assert bundle.read_text(encoding="utf-8").count("BEGIN CERTIFICATE") == len(AMAZON_ROOTS)
    assert not (built / "RuntimeLayer" / "python" / "certifi").exists(), "botocore would read its bundle instead"


def test_posts_are_rendered_and_stemmed_with_the_content_layer(built: Path) -> None:
    path = search_path(built, ("CoreLayer", "RuntimeLayer", "ContentLayer"))
    assert alone(RENDER, path, "searching") == ["<p>searching</p>\n", "search"]


def test_every_function_can_send_traces_to_a_collector_of_opentelemetry(built: Path) -> None:
    enabled, request = alone(EXPORT, search_path(built, ("CoreLayer", "RuntimeLayer")))
    assert enabled
    assert request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["startTimeUnixNano"] == "1000000000"


def test_a_read_function_with_its_layers_takes_at_most_30_megabytes(built: Path) -> None:
    files = (path for layer in ("CoreLayer", "RuntimeLayer") for path in (built / layer).rglob("*") if path.is_file())
    assert sum(path.stat().st_size for path in files) < 30_000_000


def test_the_graphql_schema_is_in_the_layer_as_a_tree_for_the_graphql_core_beside_it(built: Path) -> None:
    endpoint = next(known for known in functions() if known.place == "graphql/execute")
    assert alone(TREE, search_path(built, layers(endpoint))) is True
