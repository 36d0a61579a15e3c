"""The part of SAM CLI's configuration, `samconfig.toml`, that `make build` and `make deploy` read and write."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import tomlkit
from samcli.cli.types import CfnParameterOverridesType

from operations.connection import give_up

FILE = Path(__file__).resolve().parent.parent / "samconfig.toml"


class Configuration:
    """One environment of the file, as people and SAM CLI have written it.

    Attributes:
        parameters: of the template, as `sam deploy` would pass them.
        region: to deploy to, if it is named.
        stack: the stack's name, if it is named.
        profile: of the credentials, if it is named.
    """

    def __init__(self, environment: str) -> None:
        self._document = tomlkit.parse(FILE.read_text(encoding="utf-8"))
        self._environment = environment
        self.parameters: dict[str, str] = {}
        self.region: str | None = None
        self.stack: str | None = None
        self.profile: str | None = None
        # What is set for one command counts before what is set for all of them.
        for section in (self._section("global"), self._section("deploy")):
            if "parameter_overrides" in section:
                self.parameters = _read(section["parameter_overrides"])
            self.region = section.get("region", self.region)
            self.stack = section.get("stack_name", self.stack)
            self.profile = section.get("profile", self.profile)

    def save(self, region: str, parameters: Mapping[str, str]) -> None:
        """Write a region and parameters for `sam build` and `sam deploy` alike; the rest of the file stays."""
        for name in ("region", "parameter_overrides"):
            self._section("deploy").pop(name, None)
        overrides = tomlkit.table()
        overrides.update({**self.parameters, **parameters})
        overrides.add(tomlkit.nl())
        self._section("global").update({"region": region, "parameter_overrides": overrides})
        FILE.write_text(tomlkit.dumps(self._document), encoding="utf-8")

    def _section(self, command: str) -> Any:  # noqa: ANN401 (tomlkit's containers have no common type)
        section: Any = self._document
        for name in (self._environment, command, "parameters"):
            section = section.setdefault(name, tomlkit.table(is_super_table=name != "parameters"))
        return section


def parameters_of(arguments: Sequence[str]) -> dict[str, str]:
    """Return the template's parameters among the arguments of a sam command."""
    return _read([value for values in _options(arguments).parameter_overrides for value in values])


def environment_of(arguments: Sequence[str]) -> str:
    """Return the environment of samconfig.toml that the arguments of a sam command name."""
    return str(_options(arguments).config_env)


def option_of(arguments: Sequence[str], name: str) -> str | None:
    """Return the profile, region or stack name among the arguments of a sam command, if it is named."""
    found: str | None = getattr(_options(arguments), name)
    return found


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--parameter-overrides", nargs="+", action="append", default=[])
    parser.add_argument("--config-env", default="default")
    parser.add_argument("--profile")
    parser.add_argument("--stack-name", dest="stack-name")
    parser.add_argument("--region")
    return parser.parse_known_args(arguments)[0]


def _read(written: object) -> dict[str, str]:
    """Read parameters in any of sam's notations: a table, a list, `Name=value`, `ParameterKey=…,ParameterValue=…`."""
    try:
        found: dict[str, str] = CfnParameterOverridesType().convert(written, None, None)
    except click.BadParameter as error:
        give_up(f"{error.message}")
    return found
