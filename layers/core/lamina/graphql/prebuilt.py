"""The schema's syntax tree, parsed when the layer is built: reading it back takes half the time of parsing.

The name of the file contains a digest of the schema and of graphql-core's version, whose classes it contains. A file
of another schema or version is never read; the schema is then parsed at start.
"""

import hashlib
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, cast

from graphql import parse, version

if TYPE_CHECKING:
    from graphql import DocumentNode

HERE = Path(__file__).parent


def read(text: str, folder: Path = HERE) -> "DocumentNode | None":
    """Return the tree of a schema definition; None if it was not written."""
    try:
        content = _file(folder, text).read_bytes()
    except FileNotFoundError:
        return None
    return cast("DocumentNode", pickle.loads(content))  # noqa: S301 (written by the build of the same layer)


def write(text: str, folder: Path) -> Path:
    """Write the tree of a schema definition, and return its file."""
    written = _file(folder, text)
    written.write_bytes(pickle.dumps(parse(text, no_location=True), pickle.HIGHEST_PROTOCOL))
    return written


def _file(folder: Path, text: str) -> Path:
    digest = hashlib.sha256(f"{version}\n{text}".encode()).hexdigest()
    return folder / f"schema-{digest[:16]}.pickle"
