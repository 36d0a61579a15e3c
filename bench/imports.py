"""Checks that each function imports only those heavy packages that are recorded for it.

The record, `bench/heavy_imports.json`, lists the heavy modules that each function may import. A function that is not
listed may import none, so that a misplaced `import` cannot slow down other functions unnoticed.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from bench import ROOT
from bench.build import ours
from bench.build.packages import Package
from bench.environment import PYTHON, lambda_variables, runtime_client

RECORD = ROOT / "bench" / "heavy_imports.json"
HEAVY = (
    "argon2",
    "asyncio",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parser",
    "aws_xray_sdk",
    "boto3",
    "botocore.client",
    "cryptography",
    "email_validator",
    "graphql",
    "jinja2",
    "jwt",
    "opentelemetry",
    "pyotp",
)
"""Each adds 10 ms or more to a cold start."""
WORKERS = 2
IMPORT_SECONDS = 60
PROGRAM = "import importlib, json, sys; importlib.import_module(sys.argv[1]); print(json.dumps(sorted(sys.modules)))"

type Imports = Mapping[str, Sequence[str]]
"""Names of heavy modules by the place of the function."""


def heavy_imports() -> dict[str, list[str]]:
    """Import every function as Lambda would, each in a process of its own."""
    places = sorted(ours.build())
    # Laid out before the threads begin, for they share layers and runtime client.
    packages = [ours.package(place) for place in places]
    runtime_client()
    with ThreadPoolExecutor(WORKERS) as threads:
        found = threads.map(_modules_of, packages)
        return {place: heavy(modules) for place, modules in zip(places, found, strict=True)}


def heavy(modules: Sequence[str]) -> list[str]:
    """Return the heavy modules among those that were imported."""
    return [name for name in HEAVY if name in modules]


def unwanted(found: Imports, record: Imports) -> Iterator[str]:
    """Yield a message for each function that imports a module that is not recorded."""
    for place, modules in found.items():
        for module in modules:
            if module not in record.get(place, ()):
                yield f"functions/{place}.py now imports {module}, which bench/heavy_imports.json does not allow"


def read_record() -> Imports:
    """Return the record."""
    record: dict[str, list[str]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return record


def write_record(found: Imports) -> None:
    """Write the record."""
    lines = (f"  {json.dumps(place)}: {json.dumps(modules)}" for place, modules in sorted(found.items()) if modules)
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _modules_of(package: Package) -> list[str]:
    module = package.handler.removesuffix(".handler")
    run = subprocess.run(
        [str(PYTHON), "-c", PROGRAM, module],
        cwd=package.task,
        env={**lambda_variables(package), **package.environment},
        capture_output=True,
        text=True,
        timeout=IMPORT_SECONDS,
        check=False,
    )
    if run.returncode:
        print(run.stderr, file=sys.stderr)
        raise RuntimeError(f"{package.task.name} cannot be imported as it is built")
    modules: list[str] = json.loads(run.stdout.splitlines()[-1])
    return modules
