"""`make invoke FUNCTION=users/get EVENT=events/users/get.json`: call a function of the running local stack.

`FUNCTION` is the function's file in `functions/` or its name in the templates; `EVENT` is a file with the event, by
default its sample event. The function's log goes to standard error, its result to standard output. `PORT` says
the stack. It needs no Docker, and runs the same code as `make run`.
"""

import argparse
import base64
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

from local.samples import sample
from local.seed.connection import connect
from local.settings import ROOT, STACK_NAME
from local.terminal import Stopped, complain
from operations.connection import physical_id
from operations.templates import read_template

SECONDS = 900
"""Lambda's maximum timeout."""
PLATFORM_LINES = ("START ", "END ", "REPORT ")


@dataclass(frozen=True)
class Function:
    """A function in the templates.

    Attributes:
        path: of its logical ids: `Async/SendMailFunction`.
        place: its file in `functions/`: `consumers/send_mail`.
    """

    path: str
    place: str


def main() -> int:
    """Call the function. The exit code is 0 if it returned, and 1 if it failed or could not be called."""
    parser = argparse.ArgumentParser(prog="make invoke", description=__doc__)
    parser.add_argument("function")
    parser.add_argument("event", nargs="?", type=Path)
    arguments = parser.parse_args()
    try:
        function = find(arguments.function)
        event = read(arguments.event) if arguments.event else sample_of(function)
        connect(os.environ.get("PORT") or None)
        return call(physical_id(STACK_NAME, function.path), event)
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1


def find(name: str) -> Function:
    """Return the function of this name.

    Raises:
        Stopped: if there is none; the message lists similar names.
    """
    wanted = name.removeprefix("functions/").removesuffix(".py")
    known = list(functions(ROOT / "template.yaml"))
    for function in known:
        if wanted in {function.place, function.path, function.path.rpartition("/")[2]}:
            return function
    like = [function.place for function in known if wanted.lower() in f"{function.place} {function.path}".lower()]
    raise Stopped(
        f"unknown function {name!r}: {', '.join(like) or 'write its file in functions/, for example users/get'}"
    )


def functions(template: Path, inside: str = "") -> Iterator[Function]:
    """Yield every function of a template and of the stacks nested in it."""
    for logical, resource in read_template(template)["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Application":
            yield from functions(template.parent / properties["Location"], f"{inside}{logical}/")
        elif resource["Type"] == "AWS::Serverless::Function":
            folder = Path(properties["CodeUri"]).name
            yield Function(f"{inside}{logical}", f"{folder}/{properties['Handler'].removesuffix('.handler')}")


def sample_of(function: Function) -> bytes:
    """Return the sample event of a function.

    Raises:
        Stopped: if it has none.
    """
    try:
        return json.dumps(sample(function.place)).encode()
    except KeyError:
        raise Stopped(f"{function.place} has no sample event in events/*.yaml: pass a file with EVENT=…") from None


def read(path: Path) -> bytes:
    """Return the event of a file.

    Raises:
        Stopped: if it cannot be read or is not JSON.
    """
    try:
        content = path.read_bytes()
        json.loads(content)
    except (OSError, ValueError) as error:
        raise Stopped(f"{path} is not a valid event: {error}") from None
    return content


def call(name: str, event: bytes) -> int:
    """Call a function by its physical name, and print its log and its result."""
    client = boto3.client("lambda", config=Config(read_timeout=SECONDS, retries={"total_max_attempts": 1}))
    answer = client.invoke(FunctionName=name, Qualifier="live", Payload=event, LogType="Tail")
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    for line in log.splitlines():
        if line.strip() and not line.startswith(PLATFORM_LINES):
            print(line, file=sys.stderr)
    print(json.dumps(json.loads(answer["Payload"].read() or b"null"), indent=2, ensure_ascii=False))
    return 1 if answer.get("FunctionError") else 0


if __name__ == "__main__":
    sys.exit(main())
