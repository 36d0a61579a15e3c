"""Builds Lamina with `sam build`, for the architecture of this machine."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench import BUILT, REGION, ROOT, TABLE
from bench.build.packages import Package, merge
from bench.build.template import read_template
from bench.progress import step

SAM = BUILT / "sam"
BUILD_SECONDS = 300
FUNCTION = "AWS::Serverless::Function"
NESTED = "AWS::Serverless::Application"
ENVIRONMENT = {
    "LAMINA_TABLE": TABLE,
    "LAMINA_PUBLIC_URL": "https://api.example.com",
    "LAMINA_SIGNING_KEYS": "bench",
    "LAMINA_CURSOR_SECRET": "bench",
    "LAMINA_SECRETS_KEY": "bench",
    "LAMINA_BUS": "bench",
    "LAMINA_MAIL_FROM": "no-reply@lamina.test",
    "LAMINA_FILES": "bench",
}
"""Values of the deployment. Only the table is called."""


@dataclass(frozen=True)
class Built:
    """A function in the output of `sam build`.

    Attributes:
        name: its logical id.
        folder: of its own code.
        properties: those of its template, merged with `Globals`.
    """

    name: str
    folder: Path
    properties: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Its folder and file in the sources: `users/get`."""
        return f"{Path(self.properties['Source']).name}/{self.properties['Handler'].removesuffix('.handler')}"


def machine() -> str:
    """Return Lambda's name of this machine's architecture."""
    return {"x86_64": "x86_64", "AMD64": "x86_64"}.get(platform.machine(), "arm64")


@cache
def build() -> Mapping[str, Built]:
    """Run `sam build`, and return the functions by place.

    Raises:
        RuntimeError: with sam's output.
    """
    with step("sam build"):
        SAM.mkdir(parents=True, exist_ok=True)
        (SAM / "samconfig.toml").write_text("version = 0.1\n", encoding="utf-8")
        command = [sys.executable, "-m", "samcli", "build", "--cached", "--parallel"]
        command += ["--config-file", str(SAM / "samconfig.toml"), "--template-file", str(ROOT / "template.yaml")]
        command += ["--build-dir", str(SAM / "build"), "--cache-dir", str(SAM / "cache")]
        command += ["--parameter-overrides", f"Architecture={machine()} PublicUrl=https://api.example.com"]
        run = subprocess.run(
            command, cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
        if run.returncode:
            raise RuntimeError(f"sam build failed:\n{run.stderr[-2000:]}")
    found = list(_functions(SAM / "build", ROOT / "template.yaml"))
    return {function.place: function for function in found}


def package(place: str) -> Package:
    """Return one of our functions as Lambda would unpack it."""
    function = build()[place]
    layers = [_layer(_name(reference), function.folder) for reference in function.properties["Layers"]]
    key = "-".join(path.parent.name for path in layers)
    declared = function.properties.get("Environment", {}).get("Variables", {})
    literal = {name: str(value) for name, value in declared.items() if isinstance(value, str | int | float)}
    given = {name: ENVIRONMENT[name] for name in declared if name in ENVIRONMENT}
    return Package(
        task=function.folder,
        handler=function.properties["Handler"],
        layers=_merged(tuple(layers), key),
        environment={**literal, **given},
        format=function.properties.get("LoggingConfig", {}).get("LogFormat", "Text"),
    )


def _layer(name: str, function: Path) -> Path:
    """Return a layer of a function: it is built with the function's stack, or with a parent stack."""
    return next(found for stack in function.parents if (found := stack / name / "python").is_dir())


@cache
def _merged(layers: tuple[Path, ...], key: str) -> Path:
    return merge(list(layers), BUILT / "layers" / key / "python")


def _functions(folder: Path, source: Path) -> Iterator[Built]:
    built = read_template(folder / "template.yaml")
    written = read_template(source)["Resources"]
    everywhere = built.get("Globals", {}).get("Function", {})
    for name, resource in built["Resources"].items():
        if resource["Type"] == FUNCTION:
            properties = _with_globals(everywhere, resource["Properties"])
            properties["Source"] = written[name]["Properties"]["CodeUri"]
            yield Built(name, (folder / properties["CodeUri"]).resolve(), properties)
        elif resource["Type"] == NESTED:
            yield from _functions(folder / name, source.parent / written[name]["Properties"]["Location"])


def _with_globals(everywhere: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the template's `Globals` as SAM does: variables and layers are combined."""
    variables = [each.get("Environment", {}).get("Variables", {}) for each in (everywhere, own)]
    layers = [*everywhere.get("Layers", []), *own.get("Layers", [])]
    return {**everywhere, **own, "Environment": {"Variables": {**variables[0], **variables[1]}}, "Layers": layers}


def _name(reference: object) -> str:
    """Return the layer of a reference; parameters of nested stacks have the names of layers."""
    assert isinstance(reference, dict)  # noqa: S101 (our templates name layers by !Ref)
    return str(reference["Ref"])


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return inherited | {
        "AWS_DEFAULT_REGION": REGION,
        "LAMINA_ARCHITECTURE": machine(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "SAM_CLI_TELEMETRY": "0",
    }
