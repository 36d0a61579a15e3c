"""What is deployed starts: every function, from the layers as `sam build` makes them and from nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ENVIRONMENT
from tests.templates import Function, functions, template

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"CoreLayer": "core", "RuntimeLayer": "runtime", "CryptoLayer": "runtime", "ImagesLayer": "runtime"}
BUILD_SECONDS = 120
START_SECONDS = 120
START = """
import importlib, sys
sys.path = [path for path in sys.path if not path.endswith("-packages")] + sys.argv[1].split(":")
for place in sys.argv[2:]:
    folder, name = place.rsplit("/", 1)
    before = set(sys.modules)
    sys.path.insert(0, folder)
    assert callable(importlib.import_module(name).handler), place
    sys.path.remove(folder)
    for module in set(sys.modules) - before:
        if getattr(sys.modules[module], "__file__", "").startswith(folder):
            del sys.modules[module]
"""
"""Imports the handlers one after the other, each from its folder, as the runtime does."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every layer, each in a folder of its name."""
    made = tmp_path_factory.mktemp("layers")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for layer, folder in FOLDERS.items():
        subprocess.run(
            ["make", "--silent", f"build-{layer}", f"ARTIFACTS_DIR={made / layer}"],
            cwd=ROOT / "layers" / folder,
            env={**os.environ, "PATH": path, "LAMINA_ARCHITECTURE": "host"},
            check=True,
            timeout=BUILD_SECONDS,
        )
    return made


def layers(function: Function) -> tuple[str, ...]:
    stack = template(function.stack)
    own = stack["Resources"][function.name]["Properties"].get("Layers", [])
    return tuple(layer["Ref"] for layer in [*stack["Globals"]["Function"]["Layers"], *own])


@pytest.mark.parametrize("with_layers", sorted({layers(function) for function in functions()}), ids="+".join)
def test_every_function_starts_from_its_layers_alone(built: Path, with_layers: tuple[str, ...]) -> None:
    places = [str(ROOT / "functions" / known.place) for known in functions() if layers(known) == with_layers]
    path = ":".join(str(built / layer / "python") for layer in with_layers)
    subprocess.run(
        [sys.executable, "-I", "-c", START, path, *places],
        env={**ENVIRONMENT, "AWS_LAMBDA_FUNCTION_NAME": "lamina-test"},
        check=True,
        timeout=START_SECONDS,
    )


def test_a_read_function_with_its_layers_takes_at_most_30_megabytes(built: Path) -> None:
    files = (path for layer in ("CoreLayer", "RuntimeLayer") for path in (built / layer).rglob("*") if path.is_file())
    assert sum(path.stat().st_size for path in files) < 30_000_000
