"""`docs/commands.md` and `docs/settings.md`: the targets of the Makefile, and the parameters of the template."""

import re
from pathlib import Path

import yaml

from docs.build import ROOT

COMMANDS = """\
# Commands

<!-- Made by `make docs` from the Makefile; do not edit. -->

Every command installs what it needs. `ARGS=…` is passed to the tool that a command runs.

| command | does |
| --- | --- |
"""
SETTINGS = """\
# Settings

<!-- Made by `make docs` from template.yaml; do not edit. -->

Parameters of the stack: set them under `parameter_overrides` in `samconfig.toml`, then run `make deploy`. Those without
a default are asked for by the first deployment.

| parameter | default | meaning |
| --- | --- | --- |
"""
VARIABLES = """
## Variables of commands

| variable | meaning |
| --- | --- |
"""


class Loader(yaml.SafeLoader):
    """Reads a template: the functions of CloudFormation are of no interest here."""


Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def files() -> dict[Path, str]:
    """Return both pages."""
    return {ROOT / "docs" / "commands.md": commands(), ROOT / "docs" / "settings.md": settings()}


def commands() -> str:
    """Return the page of commands."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):.*?## (.+)$", makefile, re.MULTILINE)
    variables = re.findall(r"^#   ([A-Z_]+=\S+) +(.+)$", makefile, re.MULTILINE)
    rows = [f"| `make {name}` | {_cell(text)} |\n" for name, text in targets]
    return "".join([COMMANDS, *rows, VARIABLES, *(f"| `{name}` | {_cell(text)} |\n" for name, text in variables)])


def settings() -> str:
    """Return the page of settings."""
    template = yaml.load((ROOT / "template.yaml").read_bytes(), Loader)  # noqa: S506 (a SafeLoader)
    return SETTINGS + "".join(_setting(name, found) for name, found in template["Parameters"].items())


def _setting(name: str, found: dict[str, object]) -> str:
    default = f"`{found['Default']}`" if found.get("Default") not in (None, "") else ""
    choices = found.get("AllowedValues")
    meaning = str(found.get("Description", ""))
    if isinstance(choices, list):
        meaning = f"{meaning} One of {', '.join(f'`{choice}`' for choice in choices)}.".strip()
    return f"| `{name}` | {default} | {_cell(meaning)} |\n"


def _cell(text: str) -> str:
    return re.sub(r"https?://[^\s|,]*[^\s|,.]", lambda found: f"`{found[0]}`", text).replace("|", "\\|")
