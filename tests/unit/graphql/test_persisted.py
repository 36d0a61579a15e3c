"""Persisted documents: the protocol of Apollo's clients, and what a hostile client cannot do with it."""

from hashlib import sha256
from typing import Any

import pytest

from lamina import ids
from lamina.graphql import persisted
from lamina.graphql.persisted import MAX_BYTES, REGISTRATIONS, PersistedDocumentItem
from lamina.limits.window import Limit
from tests.support.aws import Answer, Api
from tests.support.graphql import codes
from tests.support.people import Person, Work

DOCUMENT = "{ posts { id } }"


@pytest.fixture(autouse=True)
def forgetful() -> None:
    """No document is known to the process."""
    persisted._stored.cache_clear()


def hash_of(document: str) -> str:
    return sha256(document.encode()).hexdigest()


def ask(api: Api, digest: object, document: str | None = None, version: object = 1) -> Answer:
    extensions = {"persistedQuery": {"version": version, "sha256Hash": digest}}
    return api.post("/graphql", {"extensions": extensions, **({"query": document} if document else {})})


def register(api: Api, document: str) -> Answer:
    return ask(api, hash_of(document), document)


def stored() -> list[str]:
    return [item.text for item in PersistedDocumentItem.scan()]


def test_an_unknown_hash_is_a_result_as_clients_expect_it_and_then_they_register(author: Person, api: Api) -> None:
    answer = ask(author.api, hash_of(DOCUMENT))
    assert (answer.status, codes(answer)) == (200, [("PERSISTED_QUERY_NOT_FOUND", "")])
    assert answer.json["errors"][0]["message"] == "PersistedQueryNotFound"
    assert "data" not in answer.json
    assert register(author.api, DOCUMENT).json == {"data": {"posts": []}}
    persisted._stored.cache_clear()
    for who in (author.api, api):
        assert ask(who, hash_of(DOCUMENT)).json == {"data": {"posts": []}}


def test_a_process_reads_a_document_once(author: Person, work: Work) -> None:
    register(author.api, DOCUMENT)
    (_, first), (_, second) = (work.of(lambda: ask(author.api, hash_of(DOCUMENT))) for _ in range(2))
    assert first["GetItem"] == second.get("GetItem", 0) + 1


@pytest.mark.parametrize(
    ("digest", "version", "code"),
    [
        (hash_of("{ me { id } }"), 1, "VALIDATION_ERROR"),
        (hash_of(DOCUMENT).upper(), 1, "VALIDATION_ERROR"),
        ("", 1, "VALIDATION_ERROR"),
        (None, 1, "VALIDATION_ERROR"),
        (["a"], 1, "VALIDATION_ERROR"),
        (hash_of(DOCUMENT), 2, "PERSISTED_QUERY_NOT_SUPPORTED"),
        (hash_of(DOCUMENT), None, "PERSISTED_QUERY_NOT_SUPPORTED"),
    ],
)
def test_nothing_is_stored_under_a_hash_that_is_not_its_own(
    author: Person, digest: object, version: object, code: str
) -> None:
    answer = ask(author.api, digest, DOCUMENT, version)
    assert (answer.status, codes(answer)) == (400, [(code, "")])
    assert stored() == []


@pytest.mark.parametrize(
    "document",
    [
        "{ posts { id }",
        "{ nothing }",
        "{ users(limit: 100) { posts(limit: 20) { id } } }",
        f"{{ posts {{ id }} }} #{'-' * MAX_BYTES}",
    ],
)
def test_what_is_not_valid_exceeds_a_limit_or_is_large_is_not_stored(author: Person, document: str) -> None:
    register(author.api, document)
    assert stored() == []


def test_callers_who_are_not_signed_in_store_nothing(api: Api) -> None:
    assert register(api, DOCUMENT).json == {"data": {"posts": []}}
    assert stored() == []


def test_a_user_stores_a_limited_number_a_day(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    two = Limit(REGISTRATIONS.name, requests=2, seconds=REGISTRATIONS.seconds)
    monkeypatch.setattr(persisted, "REGISTRATIONS", two)
    for n in range(4):
        document = f"{{ a{n}: posts {{ id }} }}"
        for _ in range(2):  # what is stored does not count again
            assert register(author.api, document).json == {"data": {f"a{n}": []}}
    assert len(stored()) == 2


def test_an_expired_document_is_unknown_and_can_be_stored_again(author: Person) -> None:
    register(author.api, DOCUMENT)
    item = persisted._item(hash_of(DOCUMENT))
    assert item is not None
    assert ids.epoch_in(6 * 24 * 3600) < int(item.expires_at) < ids.epoch_in(8 * 24 * 3600)
    item.update([PersistedDocumentItem.expires_at.set(1)])
    assert codes(ask(author.api, hash_of(DOCUMENT))) == [("PERSISTED_QUERY_NOT_FOUND", "")]
    register(author.api, DOCUMENT)
    assert ask(author.api, hash_of(DOCUMENT)).json == {"data": {"posts": []}}


def test_a_mutation_can_be_persisted_too(author: Person) -> None:
    document = 'mutation { deletePost(id: "0190a3f0-0000-7000-8000-000000000000") }'
    register(author.api, document)
    assert codes(ask(author.api, hash_of(document))) == [("NOT_FOUND", "deletePost")]


def test_what_a_document_shows_depends_on_who_sends_its_hash(author: Person, api: Api) -> None:
    document = "{ me { email } }"
    assert register(author.api, document).json["data"]["me"]["email"]
    answer: Any = ask(api, hash_of(document))
    assert answer.json["data"] == {"me": None}
    assert codes(answer) == [("UNAUTHENTICATED", "me")]
