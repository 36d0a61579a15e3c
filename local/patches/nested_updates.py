"""What an update leaves unchanged in a nested stack keeps its attributes.

MiniStack forgets the attributes of each unchanged resource when it updates a nested stack, so that the next `GetAtt`
in it fails: "Requested attribute Arn does not exist in schema". CloudFormation does not touch an unchanged resource
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html).
"""

from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners

type Properties = dict[str, Any]


def apply() -> None:
    """Pass the attributes on where MiniStack's nested update omits them."""
    update = provisioners._update_resource

    def update_with_attributes(
        kind: str,
        physical_id: str,
        old: Properties,
        new: Properties,
        stack: str,
        logical_id: str | None = None,
        attributes: Properties | None = None,
    ) -> Any:
        if attributes is None:
            known = (cloudformation._stacks.get(stack) or {}).get("_resources", {})
            attributes = (known.get(logical_id) or {}).get("Attributes")
        return update(kind, physical_id, old, new, stack, logical_id, attributes)

    provisioners._update_resource = update_with_attributes
