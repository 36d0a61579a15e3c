"""The AWS calls that functions make, as their roles have to allow them.

Imported by `conftest` before any client is made: clients take over botocore's handlers when they are made.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from botocore import handlers
from botocore.model import OperationModel

from lamina.settings import settings
from lamina.storage.transport import Call

type Context = tuple[tuple[str, str], ...]
"""What a condition of IAM may ask of a call: a condition key and one of its values, for each value."""


class AwsCall(NamedTuple):
    """A call that was made.

    Attributes:
        action: of IAM.
        resource: which of ours: `table`, `index/gsi1`, `files/reports/…`, `queue`, …
        context: what conditions see of it. Keys of the table are cut after their first `#`.
    """

    action: str
    resource: str
    context: Context = ()


LEADING, PREFIX, ENCRYPTION = "dynamodb:LeadingKeys", "s3:prefix", "kms:EncryptionContext:"
"""Keys of conditions (Service authorization reference)."""

RESOURCES = {
    "codedeploy": "deployments",
    "events": "bus",
    "lambda": "functions",
    "sesv2": "identities",
    "stepfunctions": "saga",
}
PREFIXES = {"sesv2": "ses", "stepfunctions": "states"}
"""IAM's names of services where they are others than botocore's."""
ACTIONS = {("lambda", "Invoke"): "lambda:InvokeFunction"}
"""IAM's names of actions where they are others than the operation's."""
TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
"""A transaction takes the permissions of its parts (DynamoDB developer guide, "IAM for transactions")."""

UPLOADING = {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}
"""Parts of putting an object (S3 user guide, "Multipart upload API and permissions")."""

made: defaultdict[str, set[AwsCall]] = defaultdict(set)
"""What each function has called, by its place."""
forgetting: list[Callable[[], None]] = []
"""What is done before each: roles are tried on functions that start anew, and have nothing from those before them."""
_callers: list[str] = []


@contextmanager
def by(place: str) -> Iterator[None]:
    """Put the calls that are made meanwhile down to a function; calls of other threads too."""
    for forget in forgetting:
        forget()
    _callers.append(place)
    try:
        yield
    finally:
        _callers.pop()


def by_nobody() -> AbstractContextManager[None]:
    """Put the calls that are made meanwhile down to no function: what a test itself does while a function runs."""
    return by("")


def _record(params: Mapping[str, Any], model: OperationModel, **_: object) -> None:
    if _callers and _callers[-1]:
        made[_callers[-1]].update(_permissions(params, model))


def _permissions(params: Mapping[str, Any], model: OperationModel) -> Iterator[AwsCall]:
    service = model.service_model.service_name
    if service == "kms":
        context = tuple((f"{ENCRYPTION}{key}", value) for key, value in params.get("EncryptionContext", {}).items())
        key = "secrets key" if params["KeyId"] == settings().secrets_key else "signing key"
        yield AwsCall(f"kms:{model.name}", key, context)
    elif service == "s3":
        yield from _file_permissions(model.name, params)
    elif service == "sqs":
        yield AwsCall(f"sqs:{model.name.removesuffix('Batch')}", "queue")
    elif service == "secretsmanager":
        is_payment = params["SecretId"] == settings().payment_secret
        yield AwsCall(f"secretsmanager:{model.name}", "payment secret" if is_payment else "cursor secret")
    elif service != "dynamodb":
        action = ACTIONS.get((service, model.name), f"{PREFIXES.get(service, service)}:{model.name}")
        yield AwsCall(action, RESOURCES.get(service, "unknown"))
    else:
        yield from _table_permissions(model.name, params)


def record_table_call(call: Call) -> None:
    """Record a call of the direct transport."""
    if _callers and _callers[-1]:
        made[_callers[-1]].update(_table_permissions(call.operation, call.params))


def record_connection_call() -> None:
    """Record a call of the management API of connections."""
    if _callers and _callers[-1]:
        made[_callers[-1]].add(AwsCall("execute-api:ManageConnections", "connections"))


def _table_permissions(operation: str, params: Mapping[str, Any]) -> Iterator[AwsCall]:
    if operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            for part, written in item.items():
                yield AwsCall(
                    f"dynamodb:{TRANSACTED[part]}", "table", _leading([written.get("Item", written.get("Key"))])
                )
    elif operation == "BatchGetItem":
        (wanted,) = params["RequestItems"].values()
        yield AwsCall(f"dynamodb:{operation}", "table", _leading(wanted["Keys"]))
    elif operation == "BatchWriteItem":
        (writes,) = params["RequestItems"].values()
        parts = [part for write in writes for part in write.values()]
        yield AwsCall(f"dynamodb:{operation}", "table", _leading(part.get("Item", part.get("Key")) for part in parts))
    elif operation == "Query":
        resource = f"index/{params['IndexName']}" if "IndexName" in params else "table"
        yield AwsCall(f"dynamodb:{operation}", resource, _leading([{"pk": _partition(params)}]))
    else:
        yield AwsCall(f"dynamodb:{operation}", "table", _leading([params.get("Item", params.get("Key"))]))


def _leading(items: Iterable[Any]) -> Context:
    """The partitions of items, as a condition sees them, each cut after its first `#`."""
    keys = {item["pk"] if isinstance(item["pk"], str) else item["pk"]["S"] for item in items}
    return tuple(sorted({(LEADING, "".join(key.partition("#")[:2])) for key in keys}))


def _partition(query: Mapping[str, Any]) -> Any:
    """The value of the partition that a query reads: what is compared by `=`, before any condition on the sort key."""
    found = re.search(r"(?<![<>])=\s*(:\w+)", query["KeyConditionExpression"])
    return query["ExpressionAttributeValues"][found[1]] if found else None


def _file_permissions(operation: str, params: Mapping[str, Any]) -> Iterator[AwsCall]:
    if operation == "ListObjectsV2":
        yield AwsCall("s3:ListBucket", "files", ((PREFIX, params.get("Prefix", "")),))
        return
    action = "PutObject" if operation in UPLOADING else operation.replace("Head", "Get").removesuffix("s")
    for named in params["Delete"]["Objects"] if "Delete" in params else [params]:
        if "Key" not in named:
            continue  # A form was signed, which is no call.
        yield AwsCall(f"s3:{action}", f"files/{named['Key']}")


handlers.BUILTIN_HANDLERS.append(("provide-client-params", _record))
