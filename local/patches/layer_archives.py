"""The archives of layers are saved beside the state, once.

MiniStack writes each layer's archive into `lambda.json` as text, tens of megabytes at every save. Its own way with the
code of functions, a file named by its digest, is done here for layers.
"""

import hashlib
from pathlib import Path
from typing import Any

from ministack.core import persistence
from ministack.services import lambda_svc

CONTENT = "_zip_data"
REFERENCE = "archive"


def apply() -> None:
    """Store the names of the archives in Lambda's state, and read the archives back from there."""
    get_state, load = lambda_svc.get_state, lambda_svc.load_persisted_state

    def state_with_references() -> dict[str, Any]:
        state: dict[str, Any] = get_state()
        for version in _versions(state["layers"]):
            if isinstance(version.get(CONTENT), bytes):
                version[CONTENT] = {REFERENCE: _written(version[CONTENT])}
        return state

    def load_with_contents(data: dict[str, Any]) -> None:
        for version in _versions(data.get("layers", {})):
            content = version.get(CONTENT)
            if isinstance(content, dict) and REFERENCE in content:
                version[CONTENT] = (_folder() / content[REFERENCE]).read_bytes()
        load(data)

    lambda_svc.get_state, lambda_svc.load_persisted_state = state_with_references, load_with_contents


def _versions(layers: Any) -> list[dict[str, Any]]:
    return [version for layer in getattr(layers, "_data", layers).values() for version in layer.get("versions", [])]


def _folder() -> Path:
    return Path(persistence.STATE_DIR, "layer-archives")


def _written(content: bytes) -> str:
    name = f"{hashlib.sha256(content).hexdigest()}.zip"
    target = _folder() / name
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        beginning = target.with_suffix(".new")
        beginning.write_bytes(content)
        beginning.replace(target)
    return name
