"""The layer holds what the code uses: locally every installed package imports, so nothing else would tell."""

import ast
import gzip
import json
import re
import ssl
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.session
import pytest
from botocore.model import ServiceModel

from layers.runtime import build

ROOT = Path(__file__).resolve().parents[2]
DEPLOYED = [*ROOT.glob("layers/core/lamina/**/*.py"), *ROOT.glob("functions/**/*.py")]
OUR_OWN = {"functions", "lamina"} | sys.stdlib_module_names


def nodes() -> Iterator[ast.AST]:
    """Every node of deployed code, but for imports that are for type checkers alone."""
    for path in DEPLOYED:
        tree = ast.parse(path.read_text(), str(path))
        for_types = {
            inner
            for node in tree.body
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        yield from (node for node in ast.walk(tree) if node not in for_types)


def imported_modules() -> set[str]:
    """The top-level modules that deployed code imports."""
    names: set[str] = set()
    for node in nodes():
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def called_services() -> set[str]:
    """The AWS services for which deployed code makes a client: the literal in ``client("kms")``."""
    calls = (node for node in nodes() if isinstance(node, ast.Call) and node.args)
    made = (call for call in calls if ast.unparse(call.func).split(".")[-1] in {"client", "resource", "create_client"})
    return {str(call.args[0].value) for call in made if isinstance(call.args[0], ast.Constant)}


def test_every_package_that_deployed_code_imports_is_locked_for_a_layer() -> None:
    locks = "\n".join(lock.read_text() for lock in build.HERE.glob("*.txt"))
    locked = set(re.findall(r"^([\w-]+)==", locks, re.MULTILINE))
    distributions = packages_distributions()
    missing = {
        module
        for module in imported_modules() - OUR_OWN
        # A folder of functions is first on the path, so its files import each other by their bare names.
        if not any(ROOT.glob(f"functions/*/{module}.py"))
        and not {name.lower().replace("_", "-") for name in distributions.get(module, [])} & locked
    }
    assert not missing


def test_every_aws_service_that_deployed_code_calls_is_in_the_layer() -> None:
    assert called_services() <= set(build.USED_SERVICES)


def test_the_used_services_are_names_that_botocore_knows() -> None:
    assert set(build.USED_SERVICES) <= set(botocore.session.get_session().get_available_services())


def test_slimming_leaves_the_used_services_with_their_endpoints_and_nothing_else(tmp_path: Path) -> None:
    installed = Path(botocore.__file__).parent / "data"
    copied = tmp_path / "botocore" / "data"
    for service in ("sesv2", "ec2"):
        description = next(installed.glob(f"{service}/*/service-2.json.gz"))
        target = copied / description.relative_to(installed)
        target.parent.mkdir(parents=True)
        target.write_bytes(description.read_bytes())
    (copied / "endpoints.json").write_bytes((installed / "endpoints.json").read_bytes())
    (tmp_path / "boto3" / "data" / "ec2").mkdir(parents=True)

    build.remove_unused_services(tmp_path)
    build.trim_endpoints(copied)

    assert [path.name for path in copied.iterdir() if path.is_dir()] == ["sesv2"]
    assert not list((tmp_path / "boto3" / "data").iterdir())
    aws = json.loads((copied / "endpoints.json").read_text())["partitions"][0]
    assert list(aws["services"]) == ["email"]


def test_descriptions_of_services_lose_their_documentation_and_nothing_else(tmp_path: Path) -> None:
    installed = next((Path(botocore.__file__).parent / "data" / "dynamodb").glob("2012-*/service-2.json.gz"))
    data = tmp_path / "data"
    copied = data / "dynamodb" / installed.parent.name / installed.name
    copied.parent.mkdir(parents=True)
    copied.write_bytes(installed.read_bytes())
    build.forget_documentation(data)
    loaded = botocore.loaders.Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    short, whole = (
        ServiceModel(loader.load_service_model("dynamodb", "service-2"))
        for loader in (loaded, botocore.session.get_session().get_component("data_loader"))
    )
    assert short.operation_names == whole.operation_names
    shapes: list[Any] = [model.shape_for("UpdateItemInput") for model in (short, whole)]
    assert shapes[0].members.keys() == shapes[1].members.keys()
    assert not short.operation_model("GetItem").documentation
    assert copied.with_suffix("").stat().st_size < len(gzip.decompress(installed.read_bytes())) / 3


@pytest.mark.parametrize("service", build.USED_SERVICES)
def test_what_botocore_asks_of_a_description_before_the_first_call_is_still_there(service: str, tmp_path: Path) -> None:
    loader = botocore.session.get_session().get_component("data_loader")
    version = loader.determine_latest_version(service, "service-2")
    installed = Path(botocore.__file__).parent / "data" / service / version / "service-2.json.gz"
    copied = tmp_path / service / version / installed.name
    copied.parent.mkdir(parents=True)
    copied.write_bytes(installed.read_bytes())
    build.forget_documentation(tmp_path)
    short = botocore.loaders.Loader(extra_search_paths=[str(tmp_path)], include_default_search_paths=False)
    models = [ServiceModel(each.load_service_model(service, "service-2")) for each in (short, loader)]
    named = [[parameter.name for parameter in model.client_context_parameters] for model in models]
    assert named[0] == named[1]


def test_the_bundle_holds_the_authorities_of_aws_alone(tmp_path: Path) -> None:
    bundle = tmp_path / "cacert.pem"
    bundle.write_bytes((Path(botocore.__file__).parent / "cacert.pem").read_bytes())
    build.trust_amazon_alone(bundle)
    context = ssl.create_default_context(cafile=str(bundle))
    subjects = [str(known["subject"]) for known in context.get_ca_certs()]
    assert len(subjects) == len(build.AMAZON_ROOTS)
    assert all(any(root in subject for subject in subjects) for root in build.AMAZON_ROOTS)


def test_a_bundle_without_amazons_authorities_stops_the_build(tmp_path: Path) -> None:
    bundle = tmp_path / "cacert.pem"
    bundle.write_text("")
    with pytest.raises(SystemExit, match="LAMINA_ROOTS"):
        build.trust_amazon_alone(bundle)


def test_bytecode_of_the_layer_is_never_compared_with_its_source(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("answer = 42\n")
    build.compile_bytecode(tmp_path)
    compiled = next((tmp_path / "__pycache__").glob("module.*.pyc")).read_bytes()
    assert int.from_bytes(compiled[4:8], "little") == 0b01  # PEP 552: hash-based, not checked.
    assert b"/opt/python/module.py" in compiled
