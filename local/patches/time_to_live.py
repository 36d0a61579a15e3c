"""A table's TimeToLiveSpecification takes effect.

MiniStack's CloudFormation ignores it; the items then never expire. CloudFormation enables it
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-table.html).
"""

from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

TABLE = "AWS::DynamoDB::Table"


def apply() -> None:
    """Set a table's time to live when it is created or updated."""
    handler = provisioners._RESOURCE_HANDLERS[TABLE]
    create, update = handler["create"], handler["update"]

    def create_with_ttl(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
        name, attributes = create(logical_id, properties, stack)
        _set_ttl(name, properties)
        return name, attributes

    def update_with_ttl(physical_id: str, old: dict[str, Any], new: dict[str, Any], *more: Any, **named: Any) -> Any:
        result = update(physical_id, old, new, *more, **named)
        _set_ttl(result[0], new)
        return result

    handler.update(create=create_with_ttl, update=update_with_ttl)


def _set_ttl(table: str, properties: dict[str, Any]) -> None:
    specification = properties.get("TimeToLiveSpecification")
    if specification:
        enabled = str(specification.get("Enabled", False)).lower() == "true"
        dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": {**specification, "Enabled": enabled}})
