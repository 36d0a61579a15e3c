"""Each function's role allows the calls that its code makes, and no others.

Each scenario takes its function down every path that calls AWS; what it calls is compared with the template both ways.
Whatever other unit tests have a function call is compared with its role too (`tests/support/aws.py`), and the
end-to-end tests show that roles are enough: the local AWS enforces them, with their conditions.
"""

from functools import cache

import pytest

from lamina.cache import values
from lamina.storage import list_cursors
from lamina.webhooks import secret_keeping
from tests.roles.process import Scenario, forget_keys, forget_published
from tests.support import calls
from tests.support.calls import AwsCall
from tests.support.permissions import Permission, allowed, as_list, needless, refused
from tests.support.registrations import SCENARIO, scenarios
from tests.support.templates import STACKS, functions, template


@pytest.fixture(autouse=True)
def _fresh(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (a fixture that must be there)
    calls.made.clear()
    forget_published()
    # Each function is a process of its own: what one has fetched, the next has to fetch too.
    forgetting = [
        forget_keys,
        list_cursors._secrets.clear_cache,
        secret_keeping._open.cache_clear,
        values.memory.clear,
    ]
    monkeypatch.setattr(calls, "forgetting", forgetting)


@cache
def calls_of_functions(scenario: Scenario) -> dict[str, set[AwsCall]]:
    """Run a scenario and return what each function called; functions that share a scenario share the run."""
    scenario()
    return {name: set(made) for name, made in calls.made.items()}


@pytest.mark.parametrize("name", [function.place for function in functions()])
def test_a_role_allows_what_its_function_calls_and_no_more(name: str) -> None:
    if name not in scenarios():
        pytest.fail(SCENARIO.sentence(name), pytrace=False)
    called = calls_of_functions(scenarios()[name]).get(name, set())
    assert (refused(name, called), needless(name, called)) == (set(), set())


def test_no_role_has_a_star_for_an_action_or_for_everything() -> None:
    for stack in STACKS:
        for name, resource in template(stack)["Resources"].items():
            for policy in resource.get("Properties", {}).get("Policies", []):
                for statement in policy.get("PolicyDocument", policy)["Statement"]:
                    assert statement["Effect"] == "Allow"
                    assert not any("*" in action for action in as_list(statement["Action"])), name
                    assert "*" not in as_list(statement["Resource"]), name


def test_every_consumer_of_a_queue_may_choose_when_a_failed_message_comes_again() -> None:
    for stack in STACKS:
        for name, resource in template(stack)["Resources"].items():
            events = resource.get("Properties", {}).get("Events", {})
            if any(event["Type"] == "SQS" for event in events.values()):
                function = next(function for function in functions() if function.name == name)
                assert Permission("sqs:ChangeMessageVisibility", "queue") in allowed(function.place), name
