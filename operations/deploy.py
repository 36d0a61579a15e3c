"""`make deploy`: asks once for what differs between deployments, then runs `sam build` and `sam deploy`.

`sam deploy --guided` would ask for every parameter of the template, and for a confirmation of each public endpoint.
This command saves five answers in samconfig.toml; `ARGS=--guided` asks again. `ARGS=--built` deploys what `make build`
has built. All other arguments are passed to `sam deploy`. What the stack was before is kept for `make rollback`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import boto3

from operations.build import ROOT, build, check_templates, template_parameters
from operations.command import STACK, explained, use_region
from operations.configuration import Configuration, environment_of, option_of, parameters_of
from operations.connection import give_up
from operations.releases import kept

GUIDED, BUILT = "--guided", "--built"
ASKED = ("PublicUrl", "AppUrl", "MailFrom", "AlarmTopic")
"""Parameters to ask for, besides the region; the others have suitable defaults."""
LOCAL = ".test"
"""Top-level domain that never receives mail (RFC 2606): such a default is for local use only."""
REGION = {
    "Description": "The AWS region to deploy to.",
    "AllowedPattern": r"[a-z]{2}(-[a-z]+)+-\d",
    "ConstraintDescription": "must be the name of a region, such as eu-central-1",
}
FIRST_REGION = "us-east-1"
"""Region in which credentials are checked if none is known; credentials are valid in all regions."""


def main() -> None:
    """Prompt if necessary, build, deploy, and exit with sam's exit code."""
    arguments = [argument for argument in sys.argv[1:] if argument not in {GUIDED, BUILT}]
    environment, given = environment_of(arguments), parameters_of(arguments)
    configuration = Configuration(environment)
    check_templates()
    region = option_of(arguments, "region") or configuration.region
    profile = option_of(arguments, "profile") or configuration.profile
    _check_credentials(profile, region)
    if GUIDED in sys.argv or "PublicUrl" not in {**configuration.parameters, **given}:
        _ask(configuration)
    _check({**configuration.parameters, **given})
    overridden = ["--parameter-overrides", f"Architecture={given['Architecture']}"] if "Architecture" in given else []
    if BUILT not in sys.argv and (failed := build(["--config-env", environment, *overridden])):
        sys.exit(failed)
    stack = option_of(arguments, "stack-name") or configuration.stack or STACK
    use_region(region or "", configuration)
    if profile:
        os.environ["AWS_PROFILE"] = profile
    with explained(stack, region), kept(stack):
        failed = subprocess.run(["sam", "deploy", *arguments], cwd=ROOT, check=False).returncode
    sys.exit(failed)


def refusal(name: str, described: Mapping[str, Any], value: str) -> str | None:
    """Return the reason why CloudFormation would reject a value of a parameter; None if it would accept it."""
    wanted = described.get("ConstraintDescription") or _constraint(described)
    if name == "PublicUrl" and value.startswith(
        "http:"
    ):  # a laptop's; the stack for the data takes no other than https
        return f"{name} {wanted}"
    allowed = described.get("AllowedValues")
    fits = (
        (allowed is None or value in map(str, allowed))
        and re.fullmatch(described.get("AllowedPattern", ".*"), value, re.DOTALL)
        and len(value) <= described.get("MaxLength", 4096)
        and (described.get("Type") != "Number" or _is_within(described, value))
    )
    return None if fits else f"{name} {wanted}"


def _is_within(described: Mapping[str, Any], value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return bool(described.get("MinValue", number) <= number <= described.get("MaxValue", number))


def _constraint(described: Mapping[str, Any]) -> str:
    if "AllowedValues" in described:
        return f"must be one of {', '.join(map(str, described['AllowedValues']))}"
    bounds = [
        f"{word} {described[key]}" for word, key in (("from", "MinValue"), ("to", "MaxValue")) if key in described
    ]
    return " ".join(["must be a number", *bounds]) if described.get("Type") == "Number" else "must be shorter"


def _check_credentials(profile: str | None, region: str | None) -> None:
    """Check the credentials before the build; `sam deploy` would check them only afterwards."""
    with explained():
        session = boto3.session.Session(profile_name=profile)
        session.client("sts", region_name=region or session.region_name or FIRST_REGION).get_caller_identity()


def _check(given: Mapping[str, str]) -> None:
    known = template_parameters()
    refusals = [refusal(name, known[name], value) for name, value in given.items() if name in known]
    if wrong := list(filter(None, refusals)):
        give_up(f"{'; '.join(wrong)}: see parameter_overrides in samconfig.toml, or run `make deploy ARGS=--guided`")


def _ask(configuration: Configuration) -> None:
    print(
        f"{len(ASKED) + 1} questions; the answers are saved in samconfig.toml. "
        "Press Enter to accept the value in brackets.\n"
    )
    region = _answer("region", REGION, configuration.region or boto3.session.Session().region_name)
    known = template_parameters()
    answers = {name: _parameter(name, known[name], configuration.parameters.get(name)) for name in ASKED}
    if answers["AppUrl"] and not configuration.parameters.get("AllowedOrigins"):
        # The pages that mails lead to call the API from their own origin.
        answers["AllowedOrigins"] = "/".join(answers["AppUrl"].split("/")[:3])
    configuration.save(region, answers)
    print("\nSaved in samconfig.toml, where all other parameters of template.yaml can be set too.\n", flush=True)


def _parameter(name: str, described: Mapping[str, Any], current: str | None) -> str:
    default = described.get("Default")
    suggested = current if current is not None else default if default is None or LOCAL not in default else None
    return _answer(name, described, suggested)


def _answer(name: str, described: Mapping[str, Any], suggested: str | None) -> str:
    wanted = described["ConstraintDescription"]
    question = f"{name}: {described['Description']}\n  It {wanted}.\n  [{suggested or ''}] "
    while True:
        try:
            given = input(question).strip() or suggested or ""
        except EOFError:
            give_up(
                f"no answer for {name}: run `make deploy` in a terminal, "
                f"or set {name} in samconfig.toml ({described['Description']})"
            )
        refused = refusal(name, described, given)
        if refused is None:
            return given
        print(f"  {given!r} is invalid: {refused}.\n")


if __name__ == "__main__":
    main()
