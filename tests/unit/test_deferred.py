"""Modules that start-up leaves out: an endpoint works without them, and they are complete when they are used."""

import json
import os
import subprocess
import sys

import pytest

from lamina.deferred import DEFINED_IN
from tests.support.stack import ROOT

pytestmark = pytest.mark.exhaustive  # Each starts processes that import everything.

CLIENT = "('client', 'config', 'credentials', 'endpoint', 'hooks', 'model', 'session', 'signers')"


def printed_by(program: str, **variables: str) -> str:
    """Return what a program prints in a process of its own, which has imported nothing yet."""
    path = os.pathsep.join((str(ROOT / "layers" / "core"), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_reading_a_user_runs_no_deferred_module_and_imports_no_client_of_botocore() -> None:
    printed = printed_by(
        "import sys; from lamina.deferred import MODULES, DeferredModule; names = sorted(MODULES);"
        "import functions.users.get;"
        "print([name for name in names if not isinstance(sys.modules.get(name, DeferredModule('')), DeferredModule)],"
        "[name for name in ('asyncio', 'boto3', 'jmespath', 'urllib3') if name in sys.modules],"
        f"[name for name in {CLIENT} if f'botocore.{{name}}' in sys.modules])"
    )
    assert printed == "[] [] []"


def test_attributes_are_those_that_the_packages_themselves_have() -> None:
    """A new version of Powertools that moves one fails here."""
    printed = printed_by(
        "import json, os; from importlib import import_module;"
        "print([(package, name) for package, names in json.loads(os.environ['DEFINED_IN']).items()"
        " for name, place in names.items()"
        " if getattr(import_module(package), name) is not getattr(import_module(place), name)])",
        DEFINED_IN=json.dumps(DEFINED_IN),
    )
    assert printed == "[]"


@pytest.mark.parametrize(
    "use",
    [
        "from aws_lambda_powertools.event_handler import ALBResolver; print(ALBResolver.__name__)",
        "from aws_lambda_powertools.utilities.data_classes import SQSEvent; print(SQSEvent.__name__)",
        "import aws_lambda_powertools.event_handler as package; print(package.ALBResolver.__name__)",
        "import importlib.metadata; print(importlib.metadata.version('pynamodb'))",
        "from importlib.metadata import version; print(version('pynamodb'))",
        "import botocore.session; print(botocore.session.get_session().get_component('event_emitter').__class__)",
        "import boto3; print(boto3.client('dynamodb').meta.service_model.service_id)",
    ],
)
def test_a_module_that_was_left_out_works_once_it_is_used(use: str) -> None:
    assert printed_by(f"import functions.users.get; {use}") == printed_by(use)


@pytest.mark.parametrize("package", DEFINED_IN)
def test_every_submodule_of_a_deferred_package_can_be_imported_first(package: str) -> None:
    """A submodule that takes a name of its package while it is imported needs that name in `DEFINED_IN`."""
    printed = printed_by(
        f"import lamina, os, pkgutil, sys; from importlib import import_module\npackage = import_module({package!r})\n"
        "for module in pkgutil.iter_modules(package.__path__):\n"
        "    if not os.fork():\n"
        "        try:\n"
        "            import_module(f'{package.__name__}.{module.name}')\n"
        "        except Exception as error:\n"
        "            print(module.name, error, flush=True)\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
    )
    assert printed == ""


def test_a_submodule_is_found_without_running_its_package() -> None:
    printed = printed_by(
        "import lamina; from aws_lambda_powertools.utilities import data_classes;"
        "from aws_lambda_powertools.utilities.data_classes import sqs_event;"
        "import sys; print(sys.modules[data_classes.__name__] is data_classes, sqs_event.SQSRecord.__name__)"
    )
    assert printed == "True SQSRecord"


def test_threads_that_use_a_deferred_module_at_once_get_the_same() -> None:
    printed = printed_by(
        "import lamina, importlib.metadata as deferred; from concurrent.futures import ThreadPoolExecutor;"
        "found = list(ThreadPoolExecutor(8).map(lambda _: deferred.Distribution, range(64)));"
        "import importlib; print({each is importlib.metadata.Distribution for each in found})"
    )
    assert printed == "{True}"


def test_an_attribute_that_does_not_exist_is_an_error() -> None:
    printed = printed_by(
        "import lamina, importlib.metadata as deferred;"
        "print(hasattr(deferred, '__path__'), hasattr(deferred, '__all__'), hasattr(deferred, 'nothing'))"
    )
    assert printed == "True True False"


def test_the_table_is_called_by_botocore_where_the_setting_says_so() -> None:
    program = "from lamina.storage.item import connect; client = connect().client; print(type(client).__module__)"
    assert printed_by(program) == "lamina.storage.transport"
    assert printed_by(program, LAMINA_TABLE_TRANSPORT="botocore") == "botocore.client"


def test_what_finds_credentials_is_imported_before_a_snapshot() -> None:
    printed = printed_by(
        "import sys; from types import SimpleNamespace; hooks = [];"
        "sys.modules['snapshot_restore_py'] = SimpleNamespace(register_before_snapshot=hooks.append);"
        "import functions.users.get; before = 'botocore.session' in sys.modules; [hook() for hook in hooks];"
        "print(before, 'botocore.session' in sys.modules)",
        AWS_LAMBDA_INITIALIZATION_TYPE="snap-start",
    )
    assert printed == "False True"


@pytest.mark.parametrize(
    ("module", "name"), [("session", "Session"), ("client", "BaseClient"), ("hooks", "HierarchicalEmitter")]
)
def test_a_name_that_pynamodb_takes_and_nobody_stands_in_for_fails_at_import(module: str, name: str) -> None:
    """As a new version of PynamoDB would that takes more."""
    file = ROOT / "layers" / "core" / "lamina" / "storage" / "botocore_stand_ins.py"
    printed = printed_by(
        f"import runpy\nfound = runpy.run_path({str(file)!r})\ndel found['TAKEN'][{module!r}][{name!r}]\n"
        "try:\n    found['import_pynamodb']()\nexcept AttributeError as error:\n    print(error)"
    )
    assert printed.endswith(f"has no attribute '{name}'")
