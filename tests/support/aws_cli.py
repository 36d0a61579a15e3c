"""The AWS CLI, as far as the documents use it: a script named `aws` that calls botocore.

The real one pins other versions of botocore than the project. With AWS_CLI_CHECK=1 it only checks that the operation
and its options exist, and calls nothing.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import botocore.session
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name

ROOT = Path(__file__).resolve().parents[2]


def install(folder: Path) -> None:
    """Write a script `aws` into a folder, to be put on the PATH."""
    script = folder / "aws"
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}:$PYTHONPATH" exec "{sys.executable}" -m tests.support.aws_cli "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)


def main(arguments: list[str]) -> int:
    """Run one command."""
    session = botocore.session.get_session()
    service, operation, *rest = arguments
    is_check = bool(os.environ.get("AWS_CLI_CHECK"))
    client: Any = session.create_client(service, region_name=os.environ.get("AWS_REGION", "us-east-1"))
    waiter: Any = None
    if operation == "wait":
        waiter = client.get_waiter(rest.pop(0).replace("-", "_"))
        operation = xform_name(waiter.config.operation, "-")
    model = client.meta.service_model
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    query, params = read(rest, shape)
    missing = [name for name in shape.required_members if name not in params]
    assert not missing, f"{service} {operation}: {missing} are missing"
    if is_check:
        print("checked")
        return 0
    if waiter:
        waiter.wait(**params, WaiterConfig={"Delay": 1})
        return 0
    answer = getattr(client, xform_name(names[operation]))(**params)
    answer.pop("ResponseMetadata", None)
    found = jmespath.search(query, answer) if query else answer
    print(found if isinstance(found, str) else json.dumps(found, default=str))
    return 0


def read(arguments: list[str], shape: Any) -> tuple[str, dict[str, Any]]:
    """Return the query, and the parameters, of the options of a command."""
    members = {xform_name(name, "-"): (name, member) for name, member in shape.members.items()}
    query, params = "", {}
    left = list(arguments)
    while left:
        option = left.pop(0)
        assert option.startswith("--"), f"{option} is no option"
        name = option.removeprefix("--")
        if name == "query":
            query = left.pop(0)
        elif name == "output":
            assert left.pop(0) in {"text", "json"}
        elif name.removeprefix("no-") in members and name not in members:
            params[members[name.removeprefix("no-")][0]] = False
        else:
            member, kind = members[name]
            params[member] = True if kind.type_name == "boolean" else value(left.pop(0), kind)
    return query, params


def value(text: str, shape: Any) -> Any:
    """Return the value of an option: JSON, or `Name=value,Name=value` (the CLI's shorthand syntax)."""
    if shape.type_name == "structure" and not text.startswith(("{", "file://")):
        pairs = (part.partition("=") for part in text.split(","))
        return {name: value(inner, shape.members[name]) for name, _, inner in pairs}
    if text.startswith("file://"):
        return {}
    if shape.type_name in {"structure", "list", "map"}:
        return json.loads(text)
    if shape.type_name == "boolean":
        return text == "true"
    return int(text) if shape.type_name in {"integer", "long"} else text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
