"""`make deploy`: asks what differs from one deployment to the next, once, then runs `sam build` and `sam deploy`.

`sam deploy --guided` would ask for every parameter of the template, and whether each endpoint that anybody may call is
meant to be one. Here five answers go into samconfig.toml; `ARGS=--guided` asks again. All other arguments are those of
`sam deploy`.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import boto3

from operations.build import ROOT, build, template_parameters
from operations.configuration import Configuration, environment_of, parameters_of
from operations.connection import give_up

GUIDED = "--guided"
ASKED = ("PublicUrl", "AppUrl", "MailFrom", "AlarmTopic")
"""Parameters to ask for, beside the region; each of the others has a default that suits most."""
LOCAL = ".test"
"""The end of names that no mail gets out of (RFC 2606): such a default is for the laptop alone."""
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def main() -> None:
    """Ask if anything is to be asked, build, deploy, and end with sam's exit code."""
    arguments = [argument for argument in sys.argv[1:] if argument != GUIDED]
    environment, given = environment_of(arguments), parameters_of(arguments)
    configuration = Configuration(environment)
    if GUIDED in sys.argv or "PublicUrl" not in {**configuration.parameters, **given}:
        _ask(configuration)
    overridden = ["--parameter-overrides", f"Architecture={given['Architecture']}"] if "Architecture" in given else []
    failed = build(["--config-env", environment, *overridden])
    sys.exit(failed or subprocess.run(["sam", "deploy", *arguments], cwd=ROOT, check=False).returncode)


def _ask(configuration: Configuration) -> None:
    print(f"{len(ASKED) + 1} questions, whose answers go into samconfig.toml. Enter takes what is in brackets.\n")
    region = _answer("The AWS region.", configuration.region or boto3.session.Session().region_name, REGION, 32)
    known = template_parameters()
    answers = {name: _parameter(known[name], configuration.parameters.get(name)) for name in ASKED}
    if answers["AppUrl"] and not configuration.parameters.get("AllowedOrigins"):
        # The pages that mails lead to call the API from their own origin.
        answers["AllowedOrigins"] = "/".join(answers["AppUrl"].split("/")[:3])
    configuration.save(region, answers)
    print("\nWritten to samconfig.toml, beside which every other parameter of template.yaml can be set.\n", flush=True)


def _parameter(described: Mapping[str, Any], current: str | None) -> str:
    default = described.get("Default")
    suggested = current if current is not None else default if default is None or LOCAL not in default else None
    pattern = re.compile(described.get("AllowedPattern", r"\S*"))
    return _answer(described["Description"], suggested, pattern, described.get("MaxLength", 2048))


def _answer(question: str, suggested: str | None, pattern: re.Pattern[str], longest: int) -> str:
    while True:
        try:
            given = input(f"{question}\n  [{suggested or ''}] ").strip() or suggested
        except EOFError:
            give_up(f"no answer, and parameter_overrides of samconfig.toml lack one: {question}")
        if given is not None and pattern.fullmatch(given) and len(given) <= longest:
            return given
        print(f"  This must match {pattern.pattern} and have {longest} characters at most.")


if __name__ == "__main__":
    main()
