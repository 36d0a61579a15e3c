"""Checks the GraphQL schema against its resolvers, and puts it into the layer as a syntax tree.

Called by the Makefile beside it as ``prebuild.py <folder of lamina.graphql in the layer>``. A Python without the
project's packages, as may be the case for ``sam build`` outside ``make``, leaves it out: the schema is then parsed and
checked at start.
"""

import os
import sys
from pathlib import Path

SETTINGS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "LAMINA_TABLE": "none",
    "LAMINA_PUBLIC_URL": "https://example.com",
    "LAMINA_SIGNING_KEYS": "none",
    "LAMINA_CURSOR_SECRET": "none",
    "LAMINA_SECRETS_KEY": "none",
}
"""What importing the resolvers requires. No call is made."""


def main() -> None:
    """Write the tree.

    Raises
    ------
    SchemaMismatch
        if a field has neither a resolver nor an attribute, or a resolver has no field.

    """
    os.environ.pop("AWS_PROFILE", None)
    os.environ.update(SETTINGS)
    try:
        from lamina.graphql import execution, prebuilt, schema
    except ModuleNotFoundError as missing:
        sys.stderr.write(f"GraphQL: {missing.name} is not installed here, so the schema is parsed at start\n")
        return
    assert execution.SCHEMA is not None  # noqa: S101 (importing it is the check)
    prebuilt.write(schema.sdl(), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
