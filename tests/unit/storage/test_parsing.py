"""The table's answers are read just as botocore reads them."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser

from lamina.storage.item import connect
from lamina.storage.parsing import Parsers

VALUES: dict[str, Any] = {
    "text": {"S": "Zoë"},
    "empty": {"S": ""},
    "number": {"N": "1.50"},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "bytes": {"B": "AAH/"},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "many bytes": {"BS": ["AAH/", ""]},
    "list": {"L": [{"S": "a"}, {"B": "AAH/"}, {"L": []}]},
    "map": {"M": {"b": {"B": "AAH/"}, "m": {"M": {}}}},
}
ANSWERS: dict[str, Any] = {
    "GetItem": {"Item": VALUES, "ConsumedCapacity": {"TableName": "lamina", "CapacityUnits": 0.5}},
    "Query": {"Items": [VALUES, {}], "Count": 2, "LastEvaluatedKey": {"pk": {"S": "a"}}},
    "BatchGetItem": {"Responses": {"lamina": [VALUES]}, "UnprocessedKeys": {"lamina": {"Keys": [VALUES]}}},
    "UpdateItem": {"Attributes": VALUES},
    "TransactWriteItems": {"ItemCollectionMetrics": {"lamina": [{"ItemCollectionKey": VALUES}]}},
    "DescribeTable": {"Table": {"TableName": "lamina", "CreationDateTime": 1.5}},
}
model = botocore.session.get_session().get_service_model("dynamodb")


@pytest.mark.parametrize("operation", ANSWERS)
def test_every_answer_is_read_as_botocore_reads_it(operation: str) -> None:
    response = {"status_code": 200, "headers": {}, "body": json.dumps(ANSWERS[operation]).encode()}
    shape: Any = model.operation_model(operation).output_shape
    ours = Parsers().create_parser("json").parse(response, shape)
    assert ours == create_parser("json").parse(response, shape)


def test_a_refused_transaction_tells_what_stood_there_as_botocore_has_it() -> None:
    reasons = [{"Code": "ConditionalCheckFailed", "Item": VALUES}, {"Code": "None"}]
    content = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": reasons,
    }
    response = {"status_code": 400, "headers": {}, "body": json.dumps(content).encode()}
    shape: Any = model.operation_model("TransactWriteItems").output_shape
    ours = Parsers().create_parser("json").parse(response, shape)
    assert ours == create_parser("json").parse(response, shape)


def test_the_connection_to_the_table_reads_so() -> None:
    parser = connect().client._endpoint._response_parser_factory  # type: ignore[attr-defined]
    assert isinstance(parser, Parsers)
