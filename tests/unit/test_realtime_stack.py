"""What the template of the WebSocket API must say, because only AWS itself enforces it."""

import re
from typing import Any

import pytest

from tests.support.templates import STACKS, evaluated, template

ROOT_TEMPLATE = STACKS[0]
STACK = next(stack for stack in STACKS if stack.stem == "realtime")
RESOURCES = template(STACK)["Resources"]
ROUTES = {"$connect": "Connect", "$disconnect": "Disconnect", "$default": "Receive"}


def properties(name: str) -> Any:
    return RESOURCES[name]["Properties"]


def stage() -> Any:
    return evaluated(properties("Stage"), STACK, {"OnAws": "true"})


@pytest.mark.parametrize(("route", "name"), ROUTES.items())
def test_a_route_leads_to_the_live_version_of_its_function_which_lets_that_route_alone_invoke_it(
    route: str, name: str
) -> None:
    assert properties(f"{name}Route")["RouteKey"] == route
    assert properties(f"{name}Route")["Target"] == {"Fn::Sub": f"integrations/${{{name}Integration}}"}
    assert f"${{{name}Function.Alias}}/invocations" in properties(f"{name}Integration")["IntegrationUri"]["Fn::Sub"]
    permission = properties(f"{name}Permission")
    assert permission["FunctionName"] == {"Ref": f"{name}Function.Alias"}
    assert permission["SourceArn"]["Fn::Sub"].endswith(f":${{SocketApiId}}/live/{route}")


def test_there_are_no_other_routes() -> None:
    found = [each["Properties"]["RouteKey"] for each in RESOURCES.values() if each["Type"].endswith("::Route")]
    assert sorted(found) == sorted(ROUTES)


def test_all_clients_together_are_throttled_and_connecting_more_than_messages() -> None:
    passed = template(ROOT_TEMPLATE)["Resources"]["Realtime"]["Properties"]["Parameters"]
    throttling = evaluated(properties("Stage"), STACK, evaluated(passed, ROOT_TEMPLATE, {"OnAws": "true"}))
    assert throttling["DefaultRouteSettings"] == {"ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 1000}
    assert throttling["RouteSettings"]["$connect"] == {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 500}


def test_the_access_log_holds_nothing_personal() -> None:
    logged = set(re.findall(r"\$context\.([\w.]+)", stage()["AccessLogSettings"]["Format"]))
    assert logged >= {"connectionId", "eventType", "requestId", "routeKey", "status"}
    assert not [
        name for name in logged if name.startswith(("identity", "authorizer", "domainName", "requestTime.", "path"))
    ]


def test_the_local_stack_has_no_access_log_and_its_url_is_the_fronts() -> None:
    local = {"OnAws": "false", "PublicUrl": "http://127.0.0.1:3000"}
    assert "AccessLogSettings" not in evaluated(properties("Stage"), STACK, local)
    url = template(ROOT_TEMPLATE)["Outputs"]["RealtimeUrl"]["Value"]
    assert evaluated(url, ROOT_TEMPLATE, local) == "ws://127.0.0.1:3000/realtime"
    assert evaluated(url, ROOT_TEMPLATE, {"OnAws": "true"}).startswith("wss://")
