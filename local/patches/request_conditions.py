"""Conditions of roles on keys of the table, on prefixes of files and on encryption contexts are enforced.

MiniStack knows neither `dynamodb:LeadingKeys` nor `s3:prefix` nor `kms:EncryptionContextKeys`, so that the first passes
whatever a role asks for and the others never do. AWS sets them from the request
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
It checks the items of a transaction one by one; here each is checked with the keys of all.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core import iam_actions


def apply() -> None:
    """Add these keys of a request to the context of conditions."""
    tags = iam_actions.request_tag_context

    def with_keys(service: str, action: str, body: bytes, parameters: Mapping[str, Any]) -> dict[str, Any]:
        context: dict[str, Any] = tags(service, action, body, parameters)
        if service == "s3" and "prefix" in parameters:
            prefix = parameters["prefix"]
            context["s3:prefix"] = prefix[0] if isinstance(prefix, list) else prefix
        elif service in {"dynamodb", "kms"}:
            request = json.loads(body or b"{}")
            if service == "kms":
                context["kms:EncryptionContextKeys"] = list(request.get("EncryptionContext") or {})
            else:
                context["dynamodb:LeadingKeys"] = sorted(set(_leading_keys(request)))
        return context

    iam_actions.request_tag_context = with_keys


def _leading_keys(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield the partition of each item that a request names, or that of a query."""
    for part in ("Key", "Item"):
        if "pk" in request.get(part, {}):
            yield from request[part]["pk"].values()
    for inner in request.get("TransactItems", ()):
        for item in inner.values():
            yield from _leading_keys(item)
    for asked in request.get("RequestItems", {}).values():
        for inner in asked["Keys"] if isinstance(asked, dict) else [next(iter(each.values())) for each in asked]:
            yield from _leading_keys(inner if inner.keys() & {"Key", "Item"} else {"Key": inner})
    if "KeyConditionExpression" in request:
        yield from request["ExpressionAttributeValues"][_partition(request["KeyConditionExpression"])].values()


def _partition(condition: str) -> str:
    """Return the value that the partition is compared with, which comes first and by `=`."""
    return condition.partition("=")[2].split()[0].strip("()")
