"""`make build`: `sam build` for the architecture of the deployment.

The layers are built by makefiles, which see no parameter of the template, and sam's cache looks at their sources alone.
Therefore the architecture is read from sam's sources and passed to the makefiles in `LAMINA_ARCHITECTURE`, and each
architecture has its own cache. Accepts the arguments of `sam build`.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from operations.configuration import Configuration, environment_of, parameters_of
from operations.connection import give_up
from operations.templates import fault, read_template, templates

ROOT = Path(__file__).resolve().parent.parent
VARIABLES = ("LAMINA_ARCHITECTURE", "LAMINA_ROOTS", "LAMINA_SLIM")
"""What the layers are built by (layers/runtime/build.py)."""


def main() -> None:
    """Build, and exit with sam's exit code."""
    sys.exit(build(sys.argv[1:]))


def build(arguments: Sequence[str]) -> int:
    """Run `sam build` and return its exit code.

    Args:
        arguments: of `sam build`; its parameters override those of samconfig.toml, as for sam.
    """
    check_templates()
    given = {**Configuration(environment_of(arguments)).parameters, **parameters_of(arguments)}
    environment = {**os.environ, "LAMINA_ARCHITECTURE": os.environ.get("LAMINA_ARCHITECTURE") or _architecture(given)}
    cache = "-".join(filter(None, map(environment.get, VARIABLES)))
    command = ["sam", "build", "--cache-dir", f".aws-sam/cache/{cache}", *arguments]
    with TemporaryDirectory(prefix="lamina-build-") as scratch:  # sam leaves an empty folder there for each function
        return subprocess.run(command, cwd=ROOT, env={**environment, "TMPDIR": scratch}, check=False).returncode


def check_templates() -> None:
    """Exit with the file and line of an invalid template; sam would name neither."""
    if broken := next(filter(None, (fault(path, ROOT) for path in templates(ROOT))), None):
        give_up(broken)


def template_parameters() -> dict[str, dict[str, Any]]:
    """Return the parameters of the root template, by name."""
    found: dict[str, dict[str, Any]] = read_template(ROOT / "template.yaml")["Parameters"]
    return found


def _architecture(given: dict[str, str]) -> str:
    known = template_parameters()["Architecture"]
    chosen = given.get("Architecture", known["Default"])
    if chosen not in known["AllowedValues"]:
        give_up(f"Architecture is {chosen!r}, but must be {' or '.join(known['AllowedValues'])}")
    return str(chosen)


if __name__ == "__main__":
    main()
