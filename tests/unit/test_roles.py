"""Each function's role allows the calls that its code makes, and no others.

Each scenario takes its function down every path that calls AWS; what it calls is compared with the template both ways.
Of the same roles, the end-to-end tests show that they are enough: the local AWS enforces them.
"""

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

import pytest

from lamina.http import listing
from tests import calls
from tests.calls import Permission
from tests.registrations import SCENARIO, scenarios
from tests.roles.process import forget_keys, forget_published, place
from tests.templates import STACKS, Function, functions, template

RESOURCES = {
    "Data.Outputs.TableArn": "table",
    "TableArn": "table",
    "Data.Outputs.SigningKeyArn": "signing key",
    "Data.Outputs.CursorSecretArn": "cursor secret",
    "Data.Outputs.SecretsKeyArn": "secrets key",
    "SecretsKeyArn": "secrets key",
    "Async.Outputs.DeliveriesArn": "queue",
    "BusArn": "bus",
    "Data.Outputs.FilesArn": "files",
    "FilesArn": "files",
}
CONDITIONAL = {
    "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*": (
        "signing key",
        "aws:ResourceTag/lamina-signs",
    ),
    "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*": ("identities", "ses:FromAddress"),
}
"""Resources that are named by a condition, and which."""


def allowed(function: Function) -> set[Permission]:
    return {
        (action, resource_of(resource, statement))
        for statement in function.statements
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resource_of(written: Mapping[str, Any], statement: Mapping[str, Any]) -> str:
    """What a role's `Resource` means: an output of a stack, an index of the table, a folder of files, or what a
    condition names.

    Of what differs between AWS and a laptop, it is AWS that counts.
    """
    if "Fn::If" in written:
        return resource_of(written["Fn::If"][1], statement)
    if "Fn::Sub" in written and written["Fn::Sub"] in CONDITIONAL:
        name, condition = CONDITIONAL[written["Fn::Sub"]]
        assert condition in statement["Condition"]["Fn::If"][1]["StringEquals"]
        return name
    if "Fn::Sub" in written:
        name, _, index = written["Fn::Sub"].removeprefix("${").partition("}/")
        return index if resource_named(name) == "table" else f"{resource_named(name)}/{index}"
    return resource_named(".".join(as_list(written.get("Ref", written.get("Fn::GetAtt")))))


def resource_named(reference: str) -> str:
    if reference.endswith(".Outputs.QueueArn"):
        return "queue"
    if reference not in RESOURCES:
        pytest.fail(
            f"A role names {reference}: add what it is to RESOURCES in tests/unit/test_roles.py.", pytrace=False
        )
    return RESOURCES[reference]


def covers(permission: Permission, call: Permission) -> bool:
    return permission[0] == call[0] and fnmatch(call[1], permission[1])


@pytest.fixture(autouse=True)
def _fresh(aws: None) -> None:  # noqa: ARG001 (a fixture that must be there)
    calls.made.clear()
    forget_keys()
    forget_published()
    listing._signer_of.cache_clear()


@pytest.mark.parametrize("name", [function.place for function in functions()])
def test_a_role_allows_what_its_function_calls_and_no_more(name: str) -> None:
    if name not in scenarios():
        pytest.fail(SCENARIO.sentence(name), pytrace=False)
    scenarios()[name]()
    called, may_call = calls.made[name], allowed(place(name))
    refused = {call for call in called if not any(covers(permission, call) for permission in may_call)}
    unused = {permission for permission in may_call if not any(covers(permission, call) for call in called)}
    assert (refused, unused) == (set(), set())


def test_no_role_has_a_star_for_an_action_or_for_everything() -> None:
    for stack in STACKS:
        for name, resource in template(stack)["Resources"].items():
            for policy in resource.get("Properties", {}).get("Policies", []):
                for statement in policy["Statement"]:
                    assert statement["Effect"] == "Allow"
                    assert not any("*" in action for action in as_list(statement["Action"])), name
                    assert "*" not in as_list(statement["Resource"]), name


def test_every_consumer_of_a_queue_may_choose_when_a_failed_message_comes_again() -> None:
    for stack in STACKS:
        for name, resource in template(stack)["Resources"].items():
            events = resource.get("Properties", {}).get("Events", {})
            if any(event["Type"] == "SQS" for event in events.values()):
                function = next(function for function in functions() if function.name == name)
                assert ("sqs:ChangeMessageVisibility", "queue") in allowed(function), name
