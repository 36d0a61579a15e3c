"""The AWS calls that functions make, as their roles have to allow them.

Imported by `conftest` before any client is made: clients take over botocore's handlers when they are made.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore import handlers
from botocore.model import OperationModel

from lamina.settings import settings
from lamina.storage.transport import Call

type Permission = tuple[str, str]
"""An IAM action, and which of our resources it is for: `table`, `index/gsi1`, `files/reports/…`, `queue`, …"""

RESOURCES = {"events": "bus", "secretsmanager": "cursor secret", "sesv2": "identities"}
PREFIXES = {"sesv2": "ses"}
"""IAM's names of services where they are others than botocore's."""
TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
"""A transaction takes the permissions of its parts (DynamoDB developer guide, "IAM for transactions")."""

UPLOADING = {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}
"""Parts of putting an object (S3 user guide, "Multipart upload API and permissions")."""

made: defaultdict[str, set[Permission]] = defaultdict(set)
"""What each function has called, by its place."""
_callers: list[str] = []


@contextmanager
def by(place: str) -> Iterator[None]:
    """Put the calls that are made meanwhile down to a function; calls of other threads too."""
    _callers.append(place)
    try:
        yield
    finally:
        _callers.pop()


def _record(params: Mapping[str, Any], model: OperationModel, **_: object) -> None:
    if _callers:
        made[_callers[-1]].update(_permissions(params, model))


def _permissions(params: Mapping[str, Any], model: OperationModel) -> Iterator[Permission]:
    service = model.service_model.service_name
    if service == "kms":
        yield f"kms:{model.name}", "secrets key" if params["KeyId"] == settings().secrets_key else "signing key"
    elif service == "s3":
        yield from _file_permissions(model.name, params)
    elif service == "sqs":
        yield f"sqs:{model.name.removesuffix('Batch')}", "queue"
    elif service != "dynamodb":
        yield f"{PREFIXES.get(service, service)}:{model.name}", RESOURCES.get(service, "unknown")
    else:
        yield from _table_permissions(model.name, params)


def record_table_call(call: Call) -> None:
    """Record a call of the direct transport."""
    if _callers:
        made[_callers[-1]].update(_table_permissions(call.operation, call.params))


def _table_permissions(operation: str, params: Mapping[str, Any]) -> Iterator[Permission]:
    if operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            for part in item:
                yield f"dynamodb:{TRANSACTED[part]}", "table"
    else:
        yield f"dynamodb:{operation}", f"index/{params['IndexName']}" if "IndexName" in params else "table"


def _file_permissions(operation: str, params: Mapping[str, Any]) -> Iterator[Permission]:
    if operation == "ListObjectsV2":
        yield "s3:ListBucket", "files"
        return
    action = "PutObject" if operation in UPLOADING else operation.replace("Head", "Get").removesuffix("s")
    for named in params["Delete"]["Objects"] if "Delete" in params else [params]:
        if "Key" not in named:
            continue  # A form was signed, which is no call.
        yield f"s3:{action}", f"files/{named['Key']}"


handlers.BUILTIN_HANDLERS.append(("provide-client-params", _record))
