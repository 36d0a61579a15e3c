"""The package of a function: its code, layers and environment."""

import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

CA_BUNDLES = ("certifi/cacert.pem", "botocore/cacert.pem")
"""Where botocore looks for its certificate authorities, in this order."""


@dataclass(frozen=True)
class Package:
    """A function as Lambda would unpack it.

    Attributes:
        task: the folder that becomes `/var/task`.
        handler: module and function.
        layers: the folder that becomes `/opt/python`, with all layers in it; None without layers.
        environment: variables that the deployment sets.
        format: of the function's log, `Text` or `JSON` (`LoggingConfig`).
    """

    task: Path
    handler: str
    layers: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    format: str = "Text"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders in the order in which Python looks for modules."""
        return (self.task, self.layers) if self.layers else (self.task,)

    @property
    def certificate_authorities(self) -> str:
        """The bundle that botocore would read."""
        candidates = (folder / bundle for folder in self.folders for bundle in CA_BUNDLES)
        return next(path for path in candidates if path.is_file()).read_text(encoding="utf-8")

    def sizes(self) -> dict[str, int]:
        """Return its size in bytes, `zipped` as uploaded and `unzipped` as counted against Lambda's 250 MB."""
        return {
            "zipped": sum(zipped_bytes(folder) for folder in self.folders),
            "unzipped": sum(unzipped_bytes(folder) for folder in self.folders),
        }


def unzipped_bytes(folder: Path) -> int:
    """Return the total size of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def zipped_bytes(folder: Path) -> int:
    """Return the size of an archive of a folder, compressed as `sam package` does."""
    with TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
        return file.tell()


def fresh(folder: Path) -> Path:
    """Create an empty folder, replacing an existing one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def merge(sources: list[Path], target: Path) -> Path:
    """Merge folders as Lambda does with layers: later ones win. Files are linked if possible."""
    fresh(target)
    for source in sources:
        for path in source.rglob("*"):
            if path.is_file():
                place = target / path.relative_to(source)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
                _link(path, place)
    return target


def _link(path: Path, place: Path) -> None:
    try:
        os.link(path, place)
    except OSError:
        shutil.copy2(path, place)
