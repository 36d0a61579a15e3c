"""What whoever adds a thing has to add elsewhere too, and could forget: each gap is a sentence that says where.

A test compares both sides of each (`tests/unit/test_registrations.py`). Tests and build scripts that look one up and
do not find it say the same sentence.
"""

import importlib
import pkgutil
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache

import lamina
from docs.build import SETTINGS
from docs.build.openapi import TAGS, description_of
from docs.build.openapi.answers import EXAMPLES
from docs.build.openapi.endpoints import endpoints
from lamina.access.policy import PERMISSIONS, RULES, Action, Role
from lamina.errors import LaminaError
from lamina.http.errors import STATUS
from lamina.identity.tokens.one_time_tokens import LIFE_SECONDS, Purpose
from lamina.mail.compose import MAILS
from lamina.reports.formats import WRITERS, Format
from lamina.reports.schemas import ReportType
from lamina.reports.service import CONTENTS
from lamina.settings import Settings, variable
from lamina.webhooks.model import REASONS, DisabledReason
from local.samples import samples
from tests.roles import declared
from tests.roles.process import Scenario
from tests.support.templates import ROOT, functions, template


@dataclass(frozen=True)
class Registration:
    """Names that stand in two places.

    Attributes:
        thing: what bears the names, such as `function`.
        place: the file of the second place; `{folder}` and `{file}` are the parts of the name of a function.
        addition: what to add there; `{name}` is the name.
        names: the names in the first place.
        registered: the names in the second.
    """

    thing: str
    place: str
    addition: str
    names: Callable[[], Iterable[str]]
    registered: Callable[[], Iterable[str]]

    def sentence(self, name: str) -> str:
        """Say what to add for a name that stands in the first place alone."""
        folder, _, file = name.partition("/")
        given = {"name": name, "folder": folder, "file": file}
        return f"The {self.thing} {name} is not in {self.place.format(**given)}: add {self.addition.format(**given)}."

    def gaps(self, registered: Iterable[str] | None = None) -> list[str]:
        """Say of each name that stands in one place alone what to do."""
        here = set(self.names())
        there = set(self.registered() if registered is None else registered)
        left = (
            f"{self.place} has {name}, and there is no such {self.thing}: take it out." for name in sorted(there - here)
        )
        return [*map(self.sentence, sorted(here - there)), *left]


@cache
def scenarios() -> dict[str, Scenario]:
    """Every scenario of `tests/roles`, by the place of its function."""
    return {name: scenario for found in declared("SCENARIOS") for name, scenario in found.items()}


def places() -> set[str]:
    """Every file of `functions/`, as `users/get`."""
    return {f"{path.parent.name}/{path.stem}" for path in (ROOT / "functions").glob("*/*.py")}


def _deployed() -> set[str]:
    return {function.place for function in functions()}


def _samples() -> set[str]:
    return set(samples())


def _folders() -> set[str]:
    return {endpoint.folder for endpoint in endpoints()}


@cache
def _import_all() -> None:
    for module in pkgutil.walk_packages(lamina.__path__, "lamina."):
        importlib.import_module(module.name)


def _subclasses[T](kind: type[T]) -> Iterator[type[T]]:
    _import_all()
    for inner in kind.__subclasses__():
        if inner.__module__.startswith("lamina."):
            yield inner
        yield from _subclasses(inner)


def _errors() -> set[str]:
    return {kind.__name__ for kind in _subclasses(LaminaError)}


def _errors_with_status() -> set[str]:
    given = set(STATUS) - {LaminaError}
    return {kind.__name__ for kind in _subclasses(LaminaError) if given & set(kind.__mro__)}


def _answered_errors() -> set[type[LaminaError]]:
    return {kind for endpoint in endpoints() for kind in endpoint.raises()}


def _errors_with_examples() -> set[str]:
    return {kind.__name__ for kind in _answered_errors() if kind in EXAMPLES or _is_made_of_nothing(kind)}


def _is_made_of_nothing(kind: type[LaminaError]) -> bool:
    try:
        kind()
    except TypeError:
        return False
    return True


def _mailed() -> set[str]:
    queue = template(ROOT / "stacks" / "async.yaml")["Resources"]["Mail"]["Properties"]["Parameters"]
    return set(queue["EventTypes"]["Fn::Join"][1])


def _required_settings() -> set[str]:
    return {variable(name) for name, field in Settings.model_fields.items() if field.is_required()}


def _layers() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    found = {name for layer in layers for name in layer.split(" : ")}
    return {name for name in found if not (ROOT / "layers" / "core" / "lamina" / f"{name}.py").is_file()}


def _lamina(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith("LAMINA_")}


def _keys(mapping: Iterable[Enum]) -> Callable[[], set[str]]:
    return lambda: {f"{type(member).__name__}.{member.name}" for member in mapping}


SCENARIO = Registration(
    "function",
    "tests/roles/{folder}.py",
    'a scenario "{name}" to SCENARIOS, which takes it down every path that calls AWS',
    _deployed,
    lambda: scenarios().keys(),
)
SAMPLE = Registration(
    "function",
    "events/api.yaml",
    "a sample event {name}, or to queues.yaml, streams.yaml, schedules.yaml or sockets.yaml beside it",
    _deployed,
    _samples,
)
DEPLOYMENT = Registration(
    "file of functions/",
    "template.yaml",
    "a function with the handler {file}.handler and the code functions/{folder}/, in stacks/async.yaml without a route",
    places,
    _deployed,
)
REGISTRATIONS = (
    SCENARIO,
    SAMPLE,
    DEPLOYMENT,
    Registration(
        "folder of endpoints",
        "docs/build/openapi/__init__.py",
        'a line "{name}" to TAGS, or a docstring to the package lamina.{name}',
        _folders,
        lambda: {folder for folder in _folders() | TAGS.keys() if description_of(folder)},
    ),
    Registration(
        "package of lamina",
        "pyproject.toml",
        '"{name}" to the layers of its first contract, beside what it may not import',
        lambda: {path.parent.name for path in (ROOT / "layers" / "core" / "lamina").glob("*/__init__.py")},
        _layers,
    ),
    Registration("error", "layers/core/lamina/http/errors.py", "{name} to STATUS", _errors, _errors_with_status),
    Registration(
        "error",
        "docs/build/openapi/answers.py",
        "a {name} with its arguments to EXAMPLES",
        lambda: {kind.__name__ for kind in _answered_errors()},
        _errors_with_examples,
    ),
    Registration(
        "mail",
        "stacks/async.yaml",
        "{name} to the EventTypes of Mail",
        lambda: MAILS,
        _mailed,
    ),
    Registration(
        "required setting",
        "docs/build/__init__.py",
        '"{name}" to SETTINGS',
        _required_settings,
        lambda: _lamina(SETTINGS),
    ),
    *(
        Registration("value", place, f"{{name}} to {mapping}", _keys(kind), _keys(found))
        for kind, place, mapping, found in (
            (Action, "layers/core/lamina/access/policy.py", "RULES", RULES),
            (Role, "layers/core/lamina/access/policy.py", "PERMISSIONS", PERMISSIONS),
            (Purpose, "layers/core/lamina/identity/tokens/one_time_tokens.py", "LIFE_SECONDS", LIFE_SECONDS),
            (ReportType, "layers/core/lamina/reports/service.py", "CONTENTS", CONTENTS),
            (Format, "layers/core/lamina/reports/formats.py", "WRITERS", WRITERS),
            (DisabledReason, "layers/core/lamina/webhooks/model.py", "REASONS", REASONS),
        )
    ),
)
