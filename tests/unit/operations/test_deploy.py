"""`make build` and `make deploy`: what they ask, what they write, and what they tell SAM CLI."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from operations import build, configuration, deploy, releases
from operations.command import REGION_VARIABLES

COMMITTED = configuration.FILE.read_text(encoding="utf-8")
X86 = 'parameter_overrides = "Architecture=x86_64"'
ANSWERS = {
    "region": "eu-central-1",
    "PublicUrl": "https://api.example.com",
    "AppUrl": "https://app.example.com/start",
    "MailFrom": "no-reply@example.com",
    "AlarmTopic": "arn:aws:sns:eu-central-1:123456789012:alarms",
}


class Terminal:
    """Somebody who answers questions, and SAM CLI, which succeeds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
        self.answers: Iterator[str] = iter(())
        self.asked: list[str] = []
        self.ran: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.credentials: list[tuple[str | None, str | None]] = []
        self.file = file
        file.write_text(COMMITTED, encoding="utf-8")
        monkeypatch.setattr(configuration, "FILE", file)
        monkeypatch.setattr("builtins.input", self.input)
        monkeypatch.setattr(subprocess, "run", self.run)
        monkeypatch.setattr(deploy, "_check_credentials", self.check_credentials)
        monkeypatch.setattr(releases, "current", lambda _: None)  # nothing is deployed yet
        monkeypatch.delenv("LAMINA_ARCHITECTURE", raising=False)
        for name in ("AWS_PROFILE", *REGION_VARIABLES):
            monkeypatch.setenv(name, "")  # commands set them
            monkeypatch.delenv(name)
        self._monkeypatch = monkeypatch

    def input(self, prompt: str) -> str:
        self.asked.append(prompt)
        try:
            return next(self.answers)
        except StopIteration:
            raise EOFError from None

    def check_credentials(self, profile: str | None, region: str | None) -> None:
        assert (self.asked, self.ran) == ([], []), "credentials are checked before anything else"
        self.credentials.append((profile, region))

    def run(self, command: list[str], env: dict[str, str] | None = None, **_: object) -> Any:
        self.ran.append(command)
        self.environments.append(env or {})
        return subprocess.CompletedProcess(command, 0)

    def start(self, program: Any, *arguments: str, answers: tuple[str, ...] = ()) -> int | str | None:
        self.asked.clear()
        self.ran.clear()
        self.environments.clear()
        self.answers = iter(answers)
        self._monkeypatch.setattr(sys, "argv", ["-m", *arguments])
        with pytest.raises(SystemExit) as ended:
            program.main()
        return ended.value.code

    def written(self, environment: str = "default") -> dict[str, Any]:
        settings: dict[str, Any] = tomllib.loads(self.file.read_text(encoding="utf-8"))[environment]
        return settings


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    return Terminal(monkeypatch, tmp_path / "samconfig.toml")


def test_the_first_deployment_asks_five_questions_and_the_next_none(terminal: Terminal) -> None:
    assert terminal.start(deploy, answers=tuple(ANSWERS.values())) == 0
    assert len(terminal.asked) == 5
    before = tomllib.loads(COMMITTED)["default"]
    parameters = {name: answer for name, answer in ANSWERS.items() if name != "region"}
    assert terminal.written() == {
        **before,
        "global": {
            "parameters": {
                **before["global"]["parameters"],
                "region": "eu-central-1",
                "parameter_overrides": {**parameters, "AllowedOrigins": "https://app.example.com"},
            }
        },
    }
    assert [command[:2] for command in terminal.ran] == [["sam", "build"], ["sam", "deploy"]]
    assert terminal.start(deploy) == 0
    assert terminal.asked == []
    assert [command[:2] for command in terminal.ran] == [["sam", "build"], ["sam", "deploy"]]


def test_guided_asks_again_suggests_what_was_answered_and_keeps_the_rest(terminal: Terminal) -> None:
    terminal.start(deploy, answers=tuple(ANSWERS.values()))
    text = terminal.file.read_text(encoding="utf-8")
    more = text.replace("PublicUrl =", '# Twice the usual.\nCallerLimit = "2000"\nPublicUrl =')
    terminal.file.write_text(more, encoding="utf-8")
    was = terminal.written()
    assert terminal.start(deploy, "--guided", "--no-confirm-changeset", answers=("", "", "", "", "")) == 0
    assert len(terminal.asked) == 5
    assert terminal.written() == was
    assert terminal.ran[-1] == ["sam", "deploy", "--no-confirm-changeset"]
    assert "--guided" not in terminal.ran[0]


REFUSED = [
    ("region", "Frankfurt", "the name of a region"),
    ("PublicUrl", "", "an https URL"),
    ("PublicUrl", "api.example.com", "an https URL"),
    ("PublicUrl", "http://x", "an https URL"),
    ("PublicUrl", "http://127.0.0.1:3000", "an https URL"),
    ("PublicUrl", "https://api.example.com/", "without a slash at the end"),
    ("PublicUrl", f"https://{'a' * 60}.com", "at most 64 characters"),
    ("AppUrl", "https://app.example.com/", "without a slash at the end"),
    ("AppUrl", "app.example.com", "an https URL"),
    ("AppUrl", "http://app.example.com", "an https URL"),
    ("MailFrom", "Lamina <no-reply@example.com>", "an address"),
    ("AlarmTopic", "arn:bad", "the ARN of a standard topic"),
    ("AlarmTopic", "arn:aws:sqs:eu-central-1:123456789012:alarms", "the ARN of a standard topic"),
]


@pytest.mark.parametrize(("name", "answer", "wanted"), REFUSED)
def test_an_invalid_answer_is_explained_and_asked_again(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], name: str, answer: str, wanted: str
) -> None:
    answers = [given for asked, good in ANSWERS.items() for given in ([answer, good] if asked == name else [good])]
    assert terminal.start(deploy, answers=tuple(answers)) == 0
    assert len(terminal.asked) == len(ANSWERS) + 1
    said = capsys.readouterr().out
    assert f"{answer!r} is invalid: {name} must be" in said
    assert wanted in said
    assert not set("^$\\") & set(said), "a refusal is no pattern"
    written = terminal.written()["global"]["parameters"]
    assert {**written["parameter_overrides"], "region": written["region"]}[name] == ANSWERS[name]


def test_each_question_names_its_parameter_and_shows_an_example(terminal: Terminal) -> None:
    terminal.start(deploy, answers=tuple(ANSWERS.values()))
    for name, question in zip(ANSWERS, terminal.asked, strict=True):
        assert question.startswith(f"{name}: ")
        assert "such as " in question


def test_examples_of_the_questions_are_answers(terminal: Terminal) -> None:
    terminal.start(deploy, answers=tuple(ANSWERS.values()))
    shown = [re.findall(r"such as ([^\s,]+?)[.,]?(?:, or empty)?\.?\n", question)[0] for question in terminal.asked]
    assert terminal.start(deploy, "--guided", answers=tuple(shown)) == 0
    assert len(terminal.asked) == len(ANSWERS)


def test_every_pattern_of_the_template_has_a_sentence() -> None:
    for name, parameter in build.template_parameters().items():
        assert ("AllowedPattern" in parameter) == ("ConstraintDescription" in parameter), name
        if "ConstraintDescription" in parameter:
            assert parameter["ConstraintDescription"].startswith("must be "), name


@pytest.mark.parametrize(
    ("parameter", "wanted"),
    [
        ("PublicUrl=http://x", "PublicUrl must be an https URL"),
        ("AllowedOrigins=https://app.example.com/", "AllowedOrigins must be origins"),
        ("LogDays=100", "LogDays must be one of 1, 3, 5"),
        ("SessionDays=0", "SessionDays must be a number from 1 to 3650"),
        ("SessionDays=long", "SessionDays must be a number from 1 to 3650"),
        ("Firewall=yes", "Firewall must be one of off, on"),
    ],
)
def test_parameters_that_cannot_work_are_refused_before_the_build(
    terminal: Terminal, parameter: str, wanted: str
) -> None:
    ended = terminal.start(deploy, "--parameter-overrides", "PublicUrl=https://x.org", parameter)
    assert wanted in str(ended)
    assert terminal.ran == []


def test_what_the_template_suggests_is_not_refused() -> None:
    for name, parameter in build.template_parameters().items():
        if "Default" in parameter:
            assert deploy.refusal(name, parameter, str(parameter["Default"])) is None


def test_credentials_are_those_of_the_profile_that_sam_takes(terminal: Terminal) -> None:
    url = ("--parameter-overrides", "PublicUrl=https://x.org")
    terminal.start(deploy, "--profile", "mine", "--region", "eu-west-1", *url)
    section = "[default.deploy.parameters]"
    terminal.file.write_text(COMMITTED.replace(section, f'{section}\nprofile = "theirs"'), encoding="utf-8")
    terminal.start(deploy, *url)
    assert terminal.credentials == [("mine", "eu-west-1"), ("theirs", None)]


def test_a_mail_address_of_the_laptop_is_not_suggested(terminal: Terminal) -> None:
    terminal.start(deploy, answers=tuple(ANSWERS.values()))
    assert not any(".test" in question for question in terminal.asked)


def test_without_anybody_to_answer_nothing_is_built_or_written(terminal: Terminal) -> None:
    assert "no answer for region" in str(terminal.start(deploy))
    assert "no answer for AppUrl" in str(terminal.start(deploy, answers=tuple(ANSWERS.values())[:2]))
    assert terminal.ran == []
    assert terminal.file.read_text(encoding="utf-8") == COMMITTED


@pytest.mark.parametrize("notation", ["PublicUrl=https://x.org", "ParameterKey=PublicUrl,ParameterValue=https://x.org"])
def test_parameters_on_the_command_line_need_no_answers(terminal: Terminal, notation: str) -> None:
    arguments = ["--parameter-overrides", notation, "Architecture=x86_64", "--no-confirm-changeset"]
    assert terminal.start(deploy, *arguments) == 0
    assert terminal.asked == []
    assert terminal.ran[1] == ["sam", "deploy", *arguments]
    assert terminal.ran[0][-2:] == ["--parameter-overrides", "Architecture=x86_64"]
    assert terminal.environments[0]["LAMINA_ARCHITECTURE"] == "x86_64"


def test_each_environment_of_the_configuration_has_its_own_answers(terminal: Terminal) -> None:
    terminal.start(deploy, answers=tuple(ANSWERS.values()))
    before = terminal.written()
    assert terminal.start(deploy, "--config-env", "staging", answers=tuple(ANSWERS.values())) == 0
    assert len(terminal.asked) == 5
    assert terminal.written() == before
    assert terminal.written("staging")["global"]["parameters"]["region"] == ANSWERS["region"]
    assert terminal.ran[0][4:6] == ["--config-env", "staging"]


@pytest.mark.parametrize(
    ("arguments", "configured", "expected"),
    [
        ([], "", "arm64"),
        ([], X86, "x86_64"),
        ([], "parameter_overrides = ['Architecture=\"x86_64\"', 'CallerLimit=2']", "x86_64"),
        (["--parameter-overrides", "Architecture=x86_64"], "", "x86_64"),
        (["--parameter-overrides=Architecture=x86_64"], "", "x86_64"),
        (["--parameter-overrides", "ParameterKey=Architecture,ParameterValue=x86_64"], "", "x86_64"),
        (["RuntimeLayer", "--parameter-overrides", "A=b", "Architecture=arm64"], X86, "arm64"),
    ],
)
def test_the_layers_are_built_for_the_architecture_of_the_functions(
    terminal: Terminal, arguments: list[str], configured: str, expected: str
) -> None:
    section = "[default.deploy.parameters]"
    terminal.file.write_text(COMMITTED.replace(section, f"{section}\n{configured}"), encoding="utf-8")
    assert terminal.start(build, *arguments) == 0
    (environment,) = terminal.environments
    assert environment["LAMINA_ARCHITECTURE"] == expected
    assert terminal.ran[0][-len(arguments) :] == arguments or not arguments


def test_each_way_of_building_has_a_cache_of_its_own(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = set()
    for slim in ("", "0"):
        monkeypatch.setenv("LAMINA_SLIM", slim)
        for architecture in ("arm64", "x86_64"):
            terminal.start(build, "--parameter-overrides", f"Architecture={architecture}")
            folders.add(terminal.ran[0][terminal.ran[0].index("--cache-dir") + 1])
    assert len(folders) == 4


def test_an_architecture_that_lambda_does_not_have_is_refused(terminal: Terminal) -> None:
    event = terminal.start(build, "--parameter-overrides", "Architecture=amd64")
    assert event == "stopped: Architecture is 'amd64', but must be arm64 or x86_64"
    assert terminal.ran == []
