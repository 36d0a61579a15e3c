"""What SAM CLI makes of the template of `make sam-local`, asked of its own providers: no Docker is needed.

The containers are run by `tests/faults/test_sam_local.py`.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from samcli.local.apigw.route import Route
from samcli.local.lambdafn.env_vars import EnvironmentVariables

from local import inside
from local import stack as deployed
from local.account import CONTAINERS_NAME, Account
from local.sam_local import write_template
from local.stack import Stack, client
from tests.support.stack import ROOT, RunningStack, free_port, look

pytestmark = [
    pytest.mark.xdist_group("stack"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of SAM CLI and what it imports
]


@pytest.fixture(scope="module")
def account(stack: RunningStack) -> Account:
    return Account.of(look(f"{stack.url}/_local/stack"))


@pytest.fixture(scope="module")
def standing(account: Account) -> Stack:
    found = deployed.find(account)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def stacks(standing: Stack, account: Account) -> list[Any]:
    """The generated template as SAM CLI reads it."""
    found, unresolved = SamLocalStackProvider.get_stacks(str(write_template(standing.resources, account)))
    assert not unresolved
    return found  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def functions(stacks: list[Any]) -> dict[str, Any]:
    return {function.name: function for function in SamFunctionProvider(stacks).get_all()}


@pytest.fixture(scope="module")
def configurations(standing: Stack, account: Account) -> dict[str, Any]:
    """The configuration of each deployed function, by its logical id."""
    names = {physical: path.rpartition("/")[2] for path, physical in standing.resources.items()}
    pages = client("lambda", account).get_paginator("list_functions").paginate()
    found = [function for page in pages for function in page["Functions"]]
    return {names[function["FunctionName"]]: function for function in found}


def test_every_deployed_function_is_there_with_its_code(
    functions: dict[str, Any], configurations: dict[str, Any]
) -> None:
    assert functions.keys() == configurations.keys()
    for name, function in functions.items():
        assert function.handler == configurations[name]["Handler"]
        assert Path(function.codeuri, f"{function.handler.removesuffix('.handler')}.py").is_file(), name


def test_every_layer_of_a_function_is_there_in_its_order(
    functions: dict[str, Any], configurations: dict[str, Any]
) -> None:
    for name, function in functions.items():
        assert len(function.layers) == len(configurations[name]["Layers"]) >= 2, name
        for layer, attached in zip(function.layers, configurations[name]["Layers"], strict=True):
            assert layer.is_defined_within_template
            assert f":{layer.name}" in attached["Arn"]
            assert Path(layer.codeuri, "python").is_dir()


def test_every_function_has_the_environment_that_it_has_in_the_stack(
    functions: dict[str, Any], configurations: dict[str, Any], account: Account
) -> None:
    endpoint = account.endpoint.replace("127.0.0.1", CONTAINERS_NAME)
    for name, function in functions.items():
        expected = {**configurations[name]["Environment"]["Variables"], "AWS_ENDPOINT_URL": endpoint}
        expected.pop("LAMINA_REALTIME_ENDPOINT", None)  # it is that of the local AWS
        resolved = EnvironmentVariables(variables=function.environment["Variables"]).resolve()
        assert {variable: resolved[variable] for variable in expected} == expected, name
        assert (function.timeout, function.memory) == (
            configurations[name]["Timeout"],
            configurations[name]["MemorySize"],
        )


def test_every_route_is_there_with_its_function_and_the_authorizer(
    stacks: list[Any], account: Account, standing: Stack
) -> None:
    routes = ApiProvider(stacks).api.routes
    assert {
        (method, route.path, route.function_name, bool(route.authorizer_object))
        for route in routes
        for method in route.methods
    } == {
        (method, route.path, route.function.rpartition("/")[2], route.authorized)
        for route in inside.routes(account, standing)
        for method in (Route.ANY_HTTP_METHODS if route.method == "ANY" else [route.method])
    }
    authorizers = {route.authorizer_object.lambda_name for route in routes if route.authorizer_object}
    assert authorizers == {"AuthorizerFunction"}


def test_what_keeps_sam_local_from_running_is_said_in_a_line(stack: RunningStack) -> None:
    nowhere = {"DOCKER_HOST": "unix:///nonexistent"}
    for port, environment, said in (
        (free_port(), {}, "no stack runs"),
        (stack.port, nowhere, "Docker, which does not respond"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "local.sam_local"],
            cwd=ROOT,
            env={**os.environ, **environment, "PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert said in done.stderr
