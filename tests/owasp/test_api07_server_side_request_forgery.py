"""API7:2023: no request fetches what a client sends, webhooks reach public addresses alone, and links are our own."""

import os
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from lamina.webhooks.delivering import attempt
from tests.support.aws import PASSWORD, Api
from tests.support.people import Mailbox, Person, person

METADATA = "http://169.254.169.254/latest/meta-data/"
_table = urlsplit(os.environ.get("AWS_ENDPOINT_URL_DYNAMODB", ""))
TABLE = (_table.hostname, _table.port)
"""Where the table of unit tests listens, the one place that may be reached."""


@pytest.fixture
def ann(aws: None) -> Person:  # noqa: ARG001 (the table must be there)
    return person("ann")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, ann: Person) -> Person:
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connect_to_the_table(self: socket.socket, address: tuple[str, int]) -> None:
        if address[:2] != TABLE:
            pytest.fail(f"something was fetched from {address}")
        connect(self, address)

    def look_up_the_table(host: str, port: int, *how: Any) -> Any:
        if (host, port) != TABLE:
            pytest.fail(f"{host} was looked up")
        return look_up(host, port, *how)

    monkeypatch.setattr(socket.socket, "connect", connect_to_the_table)
    monkeypatch.setattr(socket, "getaddrinfo", look_up_the_table)
    return ann


def test_addresses_in_fields_are_text(no_network: Person) -> None:
    me = no_network.api
    assert me.patch("/v1/users/me", {"name": METADATA, "metadata": {"url": METADATA}}).status == 200
    assert me.patch("/v1/users/me", {"avatar_url": METADATA}).status == 400
    assert me.post("/v1/api-keys", {"name": METADATA, "scopes": ["read"]}).status == 201


@pytest.mark.parametrize("header", ["jku", "x5u", "Referer", "X-Forwarded-Host", "Forwarded", "Origin"])
def test_addresses_in_headers_are_not_followed(no_network: Person, header: str) -> None:
    assert no_network.api.get("/v1/users/me", headers={header: METADATA}).status == 200


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Origin", "Referer"])
def test_links_in_mails_and_answers_lead_to_us_whatever_host_is_named(
    mailbox: Mailbox, ann: Person, header: str
) -> None:
    evil = {header: "evil.example"}
    Api().post("/v1/auth/forgot-password", {"email": ann.user.email}, headers=evil)
    body = {"email": "new@example.com", "username": "new", "name": "New", "password": PASSWORD}
    made = Api().post("/v1/auth/register", body, headers=evil)
    mailbox.deliver()
    links = [values["link"] for _, _, values in mailbox.sent]
    assert len(links) == 3
    assert all(link.startswith("https://api.example.com/live/") for link in links)
    assert b"evil.example" not in made.body
    assert "evil.example" not in made.headers["Location"]


@pytest.mark.parametrize(
    "url",
    [
        METADATA,
        METADATA.replace("http:", "https:"),
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::ffff:169.254.169.254]/",
        "https://metadata.google.internal/",
        "https://localhost/",
        "https://example.com@169.254.169.254/",
        "https://example.com:22/",
        "gopher://example.com/",
        "file:///proc/self/environ",
    ],
)
def test_a_webhook_is_not_pointed_inside(no_network: Person, url: str) -> None:
    me = no_network.api
    refused = me.post("/v1/webhooks", {"url": url, "events": ["*"]})
    assert (refused.status, [detail["field"] for detail in refused.error["details"]]) == (400, ["url"])
    assert url not in refused.body.decode()
    made = me.post("/v1/webhooks", {"url": "https://example.com/", "events": ["*"]}).data
    assert me.patch(f"/v1/webhooks/{made['id']}", {"url": url}).status == 400


def test_creating_testing_and_redelivering_a_webhook_sends_no_request(no_network: Person) -> None:
    me = no_network.api
    made = me.post("/v1/webhooks", {"url": "https://example.com/", "events": ["*"]}).data
    delivery = me.post(f"/v1/webhooks/{made['id']}/test").data
    assert me.post(f"/v1/webhooks/{made['id']}/deliveries/{delivery['id']}/redeliver").status == 202


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "100.64.0.1", "::1", "fd00:ec2::254"])
def test_a_public_name_with_a_private_address_is_not_connected_to(
    no_network: Person, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    me = no_network.api
    made = me.post("/v1/webhooks", {"url": "https://inside.example.com/", "events": ["*"]}).data
    delivery = me.post(f"/v1/webhooks/{made['id']}/test").data
    look_up = socket.getaddrinfo

    def resolve(host: str, *how: Any, **more: Any) -> Any:
        return [(0, 0, 0, "", (address, 443))] if host == "inside.example.com" else look_up(host, *how, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    attempt(made["id"], delivery["id"])
    (listed,) = me.get(f"/v1/webhooks/{made['id']}/deliveries").data
    (tried,) = listed["attempts"]
    assert (tried["status"], tried["error"]) == (None, "the host has an address that is not public")
