"""What the roles of functions allow: the statements of the templates, as IAM would read them for the calls we make."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, NamedTuple

import pytest

from tests.support.calls import ENCRYPTION, LEADING, PREFIX, AwsCall
from tests.support.templates import functions

RESOURCES = {
    "TableArn": "table",
    "CursorSecretArn": "cursor secret",
    "SecretsKeyArn": "secrets key",
    "PaymentSecretArn": "payment secret",
    "SagaArn": "saga",
    "Saga": "saga",
    "DeliveriesArn": "queue",
    "BusArn": "bus",
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
ENDINGS = {
    "/live/*/@connections/*": "connections",
    ":deploymentgroup:${ApiName}-*": "deployments",
    ":function:${ApiName}-*": "functions",
}
"""Ends of ARNs that are composed, and what they are."""


KEYS_OF_ENCRYPTION = "kms:EncryptionContextKeys"
SEEN = {LEADING, PREFIX, KEYS_OF_ENCRYPTION}
"""Keys of conditions that `tests/support/calls.py` notes; `resource_of` reads the others."""


class Permission(NamedTuple):
    """A part of a statement: an action on a resource.

    Attributes:
        action: of IAM.
        resource: which of ours, with `*` as IAM has it.
        conditions: each an operator, a key and the values that it may have.
    """

    action: str
    resource: str
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


@cache
def allowed(place: str) -> frozenset[Permission]:
    """Everything that the role of the function at a place allows."""
    function = next(function for function in functions() if function.place == place)
    return frozenset(
        Permission(action, resource_of(resource, statement), tuple(_conditions(statement)))
        for statement in function.statements
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    )


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            if key in SEEN:
                yield operator, key, tuple(as_list(values))


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
        if known := next((name for end, name in ENDINGS.items() if written["Fn::Sub"].endswith(end)), None):
            return known
        name, _, index = written["Fn::Sub"].removeprefix("${").partition("}/")
        return index if resource_named(name) == "table" else f"{resource_named(name)}/{index}"
    return resource_named(".".join(as_list(written.get("Ref", written.get("Fn::GetAtt")))))


def resource_named(reference: str) -> str:
    if reference.endswith(".Outputs.QueueArn"):
        return "queue"
    if reference not in RESOURCES:
        pytest.fail(
            f"A role names {reference}: add what it is to RESOURCES in tests/support/permissions.py.", pytrace=False
        )
    return RESOURCES[reference]


def covers(permission: Permission, call: AwsCall) -> bool:
    """Whether a permission allows a call."""
    named = permission.action == call.action and fnmatchcase(call.resource, permission.resource)
    return named and all(_holds(*condition, call) for condition in permission.conditions)


def _holds(operator: str, key: str, patterns: tuple[str, ...], call: AwsCall) -> bool:
    """Whether a condition holds for a call (IAM user guide, "Multivalued context keys")."""
    fits = [any(fnmatchcase(value, pattern) for pattern in patterns) for value in values_of(call, key)]
    if operator.startswith("ForAllValues:") or operator.endswith("IfExists"):
        return all(fits)
    return any(fits)


def values_of(call: AwsCall, key: str) -> list[str]:
    """What a call shows to the conditions of a key."""
    if key == KEYS_OF_ENCRYPTION:
        return [name.removeprefix(ENCRYPTION) for name, _ in call.context if name.startswith(ENCRYPTION)]
    return [value for name, value in call.context if name == key]


def refused(place: str, made: set[AwsCall]) -> set[AwsCall]:
    """Which of these calls the role of a function would refuse."""
    return {call for call in made if not any(covers(permission, call) for permission in allowed(place))}


def needless(place: str, made: set[AwsCall]) -> set[Permission | tuple[str, str]]:
    """What a role allows that none of these calls needs: permissions, and values of conditions."""
    permissions = allowed(place)
    values = {(key, value) for call in made for key in SEEN for value in values_of(call, key)}
    patterns = {(key, each) for permission in permissions for _, key, those in permission.conditions for each in those}
    return {each for each in permissions if not any(covers(each, call) for call in made)} | {
        (key, pattern)
        for key, pattern in patterns
        if not any(key == name and fnmatchcase(value, pattern) for name, value in values)
    }
