"""Nested stacks may use the SAM transform.

MiniStack transforms the root template alone: a nested stack with an `AWS::Serverless::Function` fails with
"Unsupported resource type". CloudFormation transforms each nested template
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-aws-serverless.html).
"""

from typing import Any

from ministack.services.cloudformation import (
    changesets,  # noqa: F401  they take the parser as it is before the patch: theirs is transformed already
    engine,
    handlers,  # noqa: F401  the same
)


def apply() -> None:
    """Apply the transforms in the parser of nested stacks too."""
    parse = engine._parse_template

    def parse_and_transform(body: str) -> dict[str, Any]:
        template = engine._apply_transforms(parse(body))
        if isinstance(template, engine._TransformFailed):
            raise ValueError(template.error)  # noqa: TRY004  as MiniStack does for a root template
        return dict(template)

    engine._parse_template = parse_and_transform
