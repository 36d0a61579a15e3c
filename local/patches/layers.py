"""A layer is unpacked once and shared by every function process.

MiniStack unpacks each layer into a folder of each process: with a layer of packages that is tens of megabytes and a
second, every time. Lambda mounts one read-only copy at /opt
(https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html). Here MiniStack is given, in a layer's place, an
archive that holds nothing but the path of the shared copy; the bootstrap reads it (`bootstrap.py`).
"""

import hashlib
import io
import os
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

from ministack.services import lambda_svc

from local.patches import workers

POINTER = "shared-folder"
FOLDERS_KEPT = 8

_lock = threading.Lock()
_folders: dict[str, Path] = {}


def apply() -> None:
    """Resolve attached layers to pointers at their shared copies."""
    resolve = lambda_svc._resolve_layer_zip
    _forget_old_copies()

    def pointer_to(attachment: str | dict[str, Any]) -> bytes | None:
        arn = attachment["Arn"] if isinstance(attachment, dict) else attachment
        with _lock:
            if arn not in _folders:
                content = resolve(attachment)
                if content is None:
                    return None
                _folders[arn] = _unpacked(content)
            return _pointer(_folders[arn])

    lambda_svc._resolve_layer_zip = pointer_to


def replace_layer(arn: str, folder: str) -> None:
    """Replace the content of the layer version `arn` by `folder`; processes with the old content are retired."""
    with _lock:
        _folders[arn] = Path(folder)
    workers.retire(lambda worker: arn in _attached(worker.config))


def shared_copies() -> Path:
    """Return the folder of the copies, from LAMINA_LAYERS."""
    return Path(os.environ["LAMINA_LAYERS"])


def _attached(config: dict[str, Any]) -> set[str]:
    return {layer["Arn"] if isinstance(layer, dict) else layer for layer in config.get("Layers", [])}


def _unpacked(content: bytes) -> Path:
    target = shared_copies() / hashlib.sha256(content).hexdigest()[:16]
    if target.is_dir():
        os.utime(target)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    beginning = Path(tempfile.mkdtemp(dir=target.parent))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(beginning)  # zipfile keeps every member inside the folder
    beginning.rename(target)
    return target


def _pointer(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(POINTER, str(folder))
    return buffer.getvalue()


def _forget_old_copies() -> None:
    """Keep the copies that were used last; called at start, when no process uses any."""
    folder = shared_copies()
    if not folder.is_dir():
        return
    for old in sorted(folder.iterdir(), key=lambda copy: copy.stat().st_mtime, reverse=True)[FOLDERS_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
