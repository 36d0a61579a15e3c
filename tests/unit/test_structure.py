"""The house: everything has its place, and nothing is left over. `lint-imports` holds the arrows between modules."""

import ast
import importlib
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from lamina.http import App
from lamina.http.credential_app import CredentialApp
from tests.support.openapi import is_public, operations
from tests.support.templates import ROOT, STACKS, Function, expanded, functions, path_of, template

MAX_RESOURCES = 450
"""CloudFormation takes 500 in a stack (CloudFormation quotas)."""
ROOT_TEMPLATE, *NESTED = STACKS
FALLBACK = "gateway/fallback"
PROVING = {"auth/refresh", "oauth2/grant", "oauth2/introspect", "oauth2/revoke", "payments/webhook"}
"""Who asks shows only when they have checked a credential of their own."""
STATIC = {
    FALLBACK,
    "gateway/docs",
    "gateway/health",
    "gateway/openapi",
    "gateway/ready",
    "oauth2/jwks",
    "oauth2/metadata",
}
"""What answers everybody alike, and so has no authorizer."""
HANDLERS = sorted((ROOT / "functions").glob("*/*.py"))
PLACES = {f"{path.parent.name}/{path.stem}" for path in HANDLERS}


def resolver(function: Function) -> App:
    app = importlib.import_module(function.module).app
    assert isinstance(app, App)
    return app


def test_no_file_is_two_functions() -> None:
    assert max(Counter(function.place for function in functions()).values()) == 1


def test_the_root_template_has_no_function_and_a_stack_of_endpoints_no_other() -> None:
    assert not [function.name for function in functions() if function.stack == ROOT_TEMPLATE]
    endpoints = {function.stack for function in functions() if function.routes}
    others = {function.name for function in functions() if function.stack in endpoints and not function.routes}
    assert others == authorizing()


def hooks() -> set[str]:
    """The functions that CodeDeploy invokes before it moves traffic."""
    passed = template(ROOT_TEMPLATE)["Resources"]["Users"]["Properties"]["Parameters"]["CheckVersion"]
    return {path_of(passed["Fn::If"][1], ROOT_TEMPLATE).split("/")[1]}


def authorizing() -> set[str]:
    """The functions that authorize requests."""
    authorizers = template(ROOT_TEMPLATE)["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"].values()
    return {path_of(authorizer["FunctionArn"], ROOT_TEMPLATE).split("/")[1] for authorizer in authorizers}


def test_every_function_is_fired_by_an_event_a_route_or_a_state_machine() -> None:
    of_the_api = {(function.stack, function.name) for function in functions() if function.routes}
    for stack in NESTED:
        resources = template(stack)["Resources"]
        uris = [
            resource["Properties"]["IntegrationUri"]["Fn::Sub"]
            for resource in resources.values()
            if resource["Type"] == "AWS::ApiGatewayV2::Integration"
        ]
        machines = [
            each["Properties"] for each in resources.values() if each["Type"] == "AWS::Serverless::StateMachine"
        ]
        steps = [step for machine in machines for step in machine["DefinitionSubstitutions"].values()]
        for name, resource in resources.items():
            if resource["Type"] == "AWS::Serverless::Function":
                routed = any(f"functions/${{{name}.Alias}}/invocations" in uri for uri in uris)
                called = resource["Properties"].get("Events") or routed or {"Ref": f"{name}.Alias"} in steps
                called = called or (stack, name) in of_the_api or name in authorizing() or name in hooks()
                assert called, f"{name} is never called"


def test_a_folder_holds_what_its_stack_is_for() -> None:
    stacks: dict[str, set[Path]] = {}
    for function in functions():
        stacks.setdefault(function.module.split(".")[1], set()).add(function.stack)
    several = {folder for folder, found in stacks.items() if len(found) > 1}
    assert several <= {"consumers", "schedules"}


def test_every_route_is_in_the_openapi_document_and_every_path_a_route() -> None:
    routes = {
        (route.method, route.path)
        for function in functions()
        for route in function.routes
        if function.place != FALLBACK and route.method != "HEAD"
    }
    assert routes == {(method.upper(), path) for method, path, _ in operations()}


def test_the_document_says_who_may_call_without_signing_in_as_the_handler_does() -> None:
    public = {(method.upper(), path) for method, path, operation in operations() if is_public(operation)}
    assert public == {
        (route.method, route.path)
        for function in functions()
        for route in function.routes
        if resolver(function).public and function.place != FALLBACK and route.method != "HEAD"
    }


def test_head_is_served_where_anybody_may_get_and_nowhere_else() -> None:
    reads: dict[str, set[str]] = {"GET": set(), "HEAD": set()}
    for function in functions():
        for route in function.routes:
            if route.method == "HEAD" or (route.method == "GET" and resolver(function).public):
                reads[route.method].add(f"{function.place} {route.path} {route.authorized}")
    assert reads["HEAD"] == reads["GET"]


def test_what_runs_without_the_authorizer_is_the_same_for_everybody_or_counts_itself() -> None:
    unseen = {function.place for function in functions() if not all(route.authorized for route in function.routes)}
    assert unseen == STATIC | PROVING
    for function in functions():
        if function.routes:
            counts_itself = isinstance(resolver(function), CredentialApp)
            is_authorized = all(route.authorized for route in function.routes)
            assert resolver(function).counted is (is_authorized or counts_itself), function.place
            assert not (is_authorized and counts_itself), function.place
            assert resolver(function).counted or resolver(function).public, function.place


def test_an_operation_is_named_after_the_file_that_serves_it() -> None:
    served = {(route.method, route.path): function.place for function in functions() for route in function.routes}
    for method, path, operation in operations():
        assert operation["operationId"] == served[method.upper(), path].replace("/", ".")


def test_the_fallback_takes_every_method_of_every_path_that_nothing_else_serves() -> None:
    fallback = next(function for function in functions() if function.place == FALLBACK)
    assert {(route.method, route.path) for route in fallback.routes} == {("ANY", "/"), ("ANY", "/{proxy+}")}


@pytest.mark.parametrize("place", [function.place for function in functions() if function.routes])
def test_an_endpoint_serves_the_route_that_the_template_sends_it(place: str) -> None:
    function = next(function for function in functions() if function.place == place)
    route = resolver(function).endpoint
    served = {(route.method, re.sub("<(.+?)>", "{\\1}", route.path))} if route else set()
    sent = {(route.method, route.path) for route in function.routes} if place != FALLBACK else set()
    assert served == {(method, path) for method, path in sent if method != "HEAD"}


@pytest.mark.parametrize("place", [function.place for function in functions() if function.routes])
def test_an_endpoint_that_replays_responses_decides_before_who_gets_them(place: str) -> None:
    app = resolver(next(function for function in functions() if function.place == place))
    replays = app.endpoint is not None and bool(app.endpoint.middlewares)
    assert app.public or not replays or app._router_middlewares, (
        "decide who may call it in a function under @app.authorize"
    )


def test_no_file_of_a_function_hides_a_module_of_the_standard_library() -> None:
    assert {path.stem for path in HANDLERS} & sys.stdlib_module_names == set()


def test_no_file_of_a_function_hides_a_package_of_the_layers() -> None:
    locked = "\n".join(lock.read_text(encoding="utf-8") for lock in (ROOT / "layers" / "runtime").glob("*.txt"))
    names = {line.partition("==")[0].replace("-", "_") for line in locked.splitlines() if "==" in line}
    assert {path.stem for path in HANDLERS} & (names | {"lamina"}) == set()


def test_functions_hold_handlers_and_what_they_read_and_nothing_else() -> None:
    kept = {path.name for path in (ROOT / "functions").glob("*/*") if path.suffix != ".py" and path.is_file()}
    assert kept == {"openapi.json"}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_functions_do_not_import_each_other() -> None:
    files = {path.stem for path in HANDLERS}
    for path in HANDLERS:
        assert not {name for name in imported(path) if name.partition(".")[0] in files | {"functions"}}


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_a_stack_stays_within_its_budget_of_resources_once_expanded(stack: Path) -> None:
    assert len(expanded(stack)["Resources"]) <= MAX_RESOURCES
