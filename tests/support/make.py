"""What tests that run make need."""

import os
import re


def outside_make() -> dict[str, str]:
    """Return the environment without what `make test ARGS=…` adds: its own variables and those of its command line."""
    _, _, line = os.environ.get("MAKEFLAGS", "").partition("-- ")
    given = {variable.partition("=")[0] for variable in re.split(r"(?<!\\)\s+", line)}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in given and not name.startswith(("MAKE", "MFLAGS"))
    }
