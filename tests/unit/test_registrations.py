"""Whatever has to be added in two places is there in both, and what is forgotten is named in a sentence."""

import re

import pytest
from pydantic import create_model

from docs.build import Refused, openapi
from docs.build.openapi.answers import EXAMPLES, Failures
from docs.build.openapi.endpoints import Endpoint
from lamina.errors import RuleViolated
from lamina.http import App, Response
from tests.roles.process import place
from tests.support import permissions
from tests.support.openapi import operation
from tests.support.registrations import REGISTRATIONS, Registration
from tests.support.samples import sample
from tests.support.templates import ROOT

NAMES = [f"{each.thing} in {each.place} ({each.addition})"[:90] for each in REGISTRATIONS]


@pytest.mark.parametrize("registration", REGISTRATIONS, ids=NAMES)
def test_nothing_is_forgotten_or_left_over(registration: Registration) -> None:
    assert registration.gaps() == []


def appearing(registration: Registration, registered: set[str]) -> set[str]:
    """Return the sentences that are there with other names in the second place, and not now."""
    return {*registration.gaps(registered)} - {*registration.gaps()}


def test_these_tests_hold_while_something_else_is_forgotten_or_left_over() -> None:
    incomplete = Registration("thing", "docs/things.md", "a line {name}", lambda: ["a", "b"], lambda: ["b", "c"])
    assert len(incomplete.gaps()) == 2
    test_what_is_forgotten_is_named_with_the_file_and_what_to_add_there(incomplete)
    test_what_is_left_over_is_named(incomplete)


@pytest.mark.parametrize("registration", REGISTRATIONS, ids=NAMES)
def test_what_is_forgotten_is_named_with_the_file_and_what_to_add_there(registration: Registration) -> None:
    registered = set(registration.registered())
    assert registered
    for name in registered & set(registration.names()):
        (sentence,) = appearing(registration, registered - {name})
        assert sentence == registration.sentence(name)
        named = re.fullmatch(r"The .+ is not in (\S+): add .+\.", sentence)
        assert named, sentence
        assert (ROOT / named[1]).parent.is_dir(), sentence
        assert "{" not in sentence


@pytest.mark.parametrize("registration", REGISTRATIONS, ids=NAMES)
def test_what_is_left_over_is_named(registration: Registration) -> None:
    (sentence,) = appearing(registration, {*registration.registered(), "users/rename"})
    assert "users/rename" in sentence


def test_a_function_without_a_sample_event_is_named() -> None:
    with pytest.raises(LookupError, match=r"The function users/rename is not in events/api.yaml: add a sample event"):
        sample("users/rename")


def test_a_function_that_no_template_has_is_named() -> None:
    with pytest.raises(LookupError, match=r"functions/ users/rename is not in template.yaml: add a function"):
        place("users/rename")


def test_a_route_that_the_document_lacks_is_named() -> None:
    with pytest.raises(LookupError, match=r"POST /v1/users/rename is not in functions/gateway/openapi.json: run"):
        operation("POST", "/v1/users/rename")


def test_a_resource_of_a_role_that_has_no_name_here_is_named() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"names Data.Outputs.ArchiveArn: add what it is to RESOURCES in"):
        permissions.resource_named("Data.Outputs.ArchiveArn")


def without(folder: str) -> dict[str, str]:
    return {name: line for name, line in openapi.TAGS.items() if name != folder}


def test_a_folder_without_a_line_is_described_by_the_docstring_of_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi, "TAGS", without("users"))
    described = openapi.document()["tags"][-1]
    assert (described["name"], described["description"]) == ("users", openapi.description_of("users"))
    assert openapi.description_of("users").startswith("Users")


def test_the_document_is_not_made_of_a_folder_that_nothing_describes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi, "TAGS", without("gateway"))
    with pytest.raises(Refused, match=r"TAGS in docs/build/openapi/__init__.py .* gateway"):
        openapi.document()


def test_the_document_is_not_made_of_an_endpoint_without_an_envelope(monkeypatch: pytest.MonkeyPatch) -> None:
    def hello() -> Response[str | int]:
        """Return a greeting."""
        raise NotImplementedError

    monkeypatch.setattr("importlib.import_module", lambda _: App(public=True).get("/hello")(hello))
    with pytest.raises(Refused, match=r"hello declares that it returns a plain .*Response\[Envelope\[…\]\]"):
        openapi.document()


def greeting(kind: type) -> Endpoint:
    """An endpoint whose schema has a name that others may have too."""
    app, model = App(public=True, enveloped=False), create_model("Greeting", text=(kind, ...))

    def greet() -> None:
        """Return a greeting."""

    greet.__annotations__["return"] = Response[model]  # type: ignore[valid-type]  # made above
    app.get(f"/{kind.__name__}")(greet)
    assert app.endpoint
    return Endpoint("users", kind.__name__, app, app.endpoint)


def test_the_document_is_not_made_of_two_schemas_that_have_one_name() -> None:
    openapi.draft([greeting(str)])
    with pytest.raises(Refused, match=r"two schemas named Greeting differ; /int has one of them"):
        openapi.draft([greeting(str), greeting(int)])


def test_the_document_is_not_made_of_an_error_that_nothing_is_said_of() -> None:
    class Overdrawn(RuleViolated):
        def __init__(self, amount: int) -> None:
            super().__init__(f"{amount} is missing.")

    with pytest.raises(Refused, match=r"EXAMPLES in docs/build/openapi/answers.py: Overdrawn"):
        Failures().of([Overdrawn])
    EXAMPLES[Overdrawn] = Overdrawn(5)
    try:
        assert Failures().of([Overdrawn]).keys() == {"422"}
    finally:
        del EXAMPLES[Overdrawn]
