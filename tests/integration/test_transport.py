"""Both transports do the same on every engine: each operation that the product uses, request by request."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lamina.settings import settings
from tests.integration.engines import Engine
from tests.support.aws import table_definition

TABLE = settings().table
KEY = {"pk": {"S": "A"}, "sk": {"S": "1"}}
ITEM: dict[str, Any] = {
    **KEY,
    "text": {"S": "Zoë \U0001f600"},
    "number": {"N": "-12.5"},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "bytes": {"B": b"\x00\xff"},
    "texts": {"SS": ["a"]},
    "list": {"L": [{"S": "a"}, {"M": {"B": {"B": b""}}}]},
    "gsi1pk": {"S": "L"},
    "gsisk": {"S": "1"},
}
NEW = {"ConditionExpression": "attribute_not_exists(pk)"}
COUNTED = {
    "UpdateExpression": "ADD #n :one",
    "ExpressionAttributeNames": {"#n": "number"},
    "ExpressionAttributeValues": {":one": {"N": "1"}},
    "ReturnValues": "ALL_NEW",
}
QUERY = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "A"}}, "Limit": 1}
LIST = {
    "IndexName": "gsi1",
    "KeyConditionExpression": "gsi1pk = :l",
    "ExpressionAttributeValues": {":l": {"S": "L"}},
}

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("PutItem", {"TableName": TABLE, "Item": ITEM, **NEW}),
    ("PutItem", {"TableName": TABLE, "Item": ITEM, **NEW, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}),
    ("GetItem", {"TableName": TABLE, "Key": KEY, "ConsistentRead": True}),
    ("GetItem", {"TableName": TABLE, "Key": {**KEY, "sk": {"S": "none"}}}),
    ("UpdateItem", {"TableName": TABLE, "Key": KEY, **COUNTED}),
    ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": [KEY], "ConsistentRead": True}}}),
    ("Query", {"TableName": TABLE, **QUERY}),
    ("Query", {"TableName": TABLE, **LIST}),
    (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": TABLE, "Item": {**KEY, "sk": {"S": "2"}}, **NEW}},
                {"Delete": {"TableName": TABLE, "Key": {**KEY, "sk": {"S": "3"}}}},
            ]
        },
    ),
    (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": TABLE, "Item": {**KEY, "sk": {"S": "4"}}}},
                {
                    "Put": {
                        "TableName": TABLE,
                        "Item": ITEM,
                        **NEW,
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
            ]
        },
    ),
    ("BatchWriteItem", {"RequestItems": {TABLE: [{"DeleteRequest": {"Key": {**KEY, "sk": {"S": "2"}}}}]}}),
    ("DeleteItem", {"TableName": TABLE, "Key": KEY, "ReturnValues": "ALL_OLD"}),
    ("DeleteItem", {"TableName": TABLE, "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}),
    ("GetItem", {"TableName": "there-is-none", "Key": KEY}),
    ("Query", {"TableName": TABLE, "KeyConditionExpression": "nonsense"}),
]
"""Every operation that the product uses, with what it finds, misses and is refused for."""


@pytest.fixture
def empty_table(engine: Engine) -> Iterator[Callable[[], None]]:
    """Returns what makes the table empty."""
    client = engine.client()

    def renew() -> None:
        if TABLE in client.list_tables()["TableNames"]:
            client.delete_table(TableName=TABLE)
        client.create_table(TableName=TABLE, **table_definition())

    yield renew
    client.delete_table(TableName=TABLE)


def outcomes(client: Any) -> Iterator[dict[str, Any]]:
    """What a client makes of each call, without what differs between any two requests."""
    tokens = count()
    for operation, params in CALLS:
        token = {"ClientRequestToken": f"token-{next(tokens)}-{id(client)}"} if operation.startswith("Transact") else {}
        try:
            outcome = dict(client._make_api_call(operation, {"ReturnConsumedCapacity": "TOTAL", **params, **token}))
        except ClientError as error:
            outcome = {**error.response, "raised": str(error)}
            outcome["status"] = outcome["ResponseMetadata"]["HTTPStatusCode"]
        for repeated in ("ResponseMetadata", "message", "Message"):  # The text stands in `Error` too.
            outcome.pop(repeated, None)
        yield {"operation": operation, **outcome}


def test_both_transports_return_and_raise_the_same(engine: Engine, empty_table: Callable[[], None]) -> None:
    empty_table()
    expected = list(outcomes(engine.client()))
    empty_table()
    found = list(outcomes(engine.transport()))
    assert len(found) == len(CALLS)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == theirs


def test_a_transaction_that_is_sent_twice_is_applied_once(engine: Engine, empty_table: Callable[[], None]) -> None:
    empty_table()
    client = engine.transport()
    client._make_api_call("PutItem", {"TableName": TABLE, "Item": ITEM})
    update = {name: value for name, value in COUNTED.items() if name != "ReturnValues"}
    transaction = {
        "TransactItems": [{"Update": {"TableName": TABLE, "Key": KEY, **update}}],
        "ClientRequestToken": "the same token",
    }
    for _ in range(2):
        client._make_api_call("TransactWriteItems", transaction)
    assert client._make_api_call("GetItem", {"TableName": TABLE, "Key": KEY})["Item"]["number"] == {"N": "-11.5"}
