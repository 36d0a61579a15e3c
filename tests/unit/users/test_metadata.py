"""Metadata under PATCH: merged as RFC 7396 says, into the version that is written."""

import json
from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.users import repository, service
from lamina.users.metadata import MAX_BYTES, merge_patch
from tests.support.aws import Api, signed_in

OLD = {"a": 1, "b": {"c": 1, "d": 2}}
JSON, MERGE = "application/json", "application/merge-patch+json"


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_rfc(target: Any, patch: Any, result: Any) -> None:
    before = json.dumps([target, patch])
    assert merge_patch(target, patch) == result
    assert json.dumps([target, patch]) == before


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("media_type", [JSON, MERGE])
@pytest.mark.parametrize("path", ["/v1/users/me", "/v1/users/{id}"])
@pytest.mark.parametrize(
    ("patch", "result"),
    [
        ({"b": {"c": None}}, {"a": 1, "b": {"d": 2}}),
        ({"b": {"e": [None, {"f": None}]}}, {"a": 1, "b": {"c": 1, "d": 2, "e": [None, {"f": None}]}}),
        ({"b": None, "x": {"y": None}}, {"a": 1, "x": {}}),
        ({"b": 7}, {"a": 1, "b": 7}),
        ({}, OLD),
        (None, {}),
    ],
)
def test_a_patch_is_merged_under_both_media_types(media_type: str, path: str, patch: Any, result: Any) -> None:
    ann, user = signed_in("ann", Role.ADMIN)
    path = path.format(id=user.id)
    put(ann, user.id, OLD)
    answer = ann.patch(path, {"metadata": patch}, headers={"Content-Type": media_type})
    assert (answer.status, answer.data["metadata"]) == (200, result)
    assert answer.data["version"] == (2 if patch == {} else 3)
    assert ann.get(path).data["metadata"] == result
    # The same again changes nothing.
    assert ann.patch(path, {"metadata": patch}).data["version"] == answer.data["version"]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("metadata", [[], "x", 1, True])
def test_metadata_are_an_object(metadata: object) -> None:
    ann, _ = signed_in("ann")
    answer = ann.patch("/v1/users/me", {"metadata": metadata})
    assert (answer.status, answer.error["details"]) == (400, [{"field": "metadata", "message": "must be an object"}])


@pytest.mark.usefixtures("aws")
def test_what_results_must_not_be_too_large() -> None:
    ann, user = signed_in("ann")
    room = MAX_BYTES - len(json.dumps({"a": "", "b": ""}, separators=(",", ":")))
    put(ann, user.id, {"a": "x" * (room // 2)})
    fitting = "y" * (room - room // 2)
    answer = ann.patch("/v1/users/me", {"metadata": {"b": fitting + "y"}})
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert [each["field"] for each in answer.error["details"]] == ["metadata"]
    assert ann.patch("/v1/users/me", {"metadata": {"b": fitting}}).status == 200
    # A patch that removes more than it brings may itself be longer than what is kept.
    gone = {str(number): None for number in range(2000)}
    assert ann.patch("/v1/users/me", {"metadata": {**gone, "b": None}}).data["metadata"] == {"a": "x" * (room // 2)}


@pytest.mark.usefixtures("aws")
def test_two_patches_at_once_both_take_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    ann, user = signed_in("ann")
    put(ann, user.id, OLD)
    write = repository.update
    overtaken: list[bool] = []

    def late(*changes: Any, **more: Any) -> None:
        if not overtaken:
            overtaken.append(True)
            assert ann.patch("/v1/users/me", {"metadata": {"b": {"c": None}, "e": 1}}).status == 200
        write(*changes, **more)

    monkeypatch.setattr(repository, "update", late)
    assert ann.patch("/v1/users/me", {"metadata": {"b": {"d": 3}}}).status == 200
    assert service.get(user.id).metadata == {"a": 1, "b": {"d": 3}, "e": 1}


@pytest.mark.usefixtures("aws")
def test_a_patch_over_a_stale_version_is_merged_into_nothing() -> None:
    ann, user = signed_in("ann")
    put(ann, user.id, OLD)
    tag = ann.get("/v1/users/me").headers["ETag"]
    assert ann.patch("/v1/users/me", {"metadata": {"a": 2}}, headers={"If-Match": tag}).status == 200
    assert ann.patch("/v1/users/me", {"metadata": {"a": 3}}, headers={"If-Match": tag}).status == 412
    assert service.get(user.id).metadata["a"] == 2


@pytest.mark.usefixtures("aws")
def test_put_replaces_metadata_and_keeps_null() -> None:
    ann, user = signed_in("ann")
    put(ann, user.id, OLD)
    put(ann, user.id, {"n": None})
    assert service.get(user.id).metadata == {"n": None}


def put(client: Api, user_id: str, metadata: dict[str, Any]) -> None:
    whole = {"email": "ann@example.com", "username": "ann", "name": "Ann", "metadata": metadata}
    assert client.put(f"/v1/users/{user_id}", whole).status == 200
