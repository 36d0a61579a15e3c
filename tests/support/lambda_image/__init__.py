"""Lambda's image for Python, or on Linux a stand-in for it where AWS's registry cannot be reached.

The stand-in is made of this machine's own Python and shell: SAM CLI adds Lambda's runtime interface and the layers.
"""

import contextlib
import io
import platform
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import docker
import docker.errors
import pydantic_core

from local.settings import architecture

AWS = f"public.ecr.aws/lambda/python:3.13-{architecture()}"
STAND_IN = "lamina-stand-in-python:3.13"
SHELL = ("/bin/sh", "/bin/mv", "/bin/chmod", "/bin/cp", "/bin/rm")
"""What SAM CLI's Dockerfile runs."""
LANGUAGE = "/var/lang"


class Unavailable(Exception):
    """There is no image to run functions in; the text says why."""


def find() -> str:
    """Return the name of an image that runs functions: AWS's where this machine has it. Nothing is downloaded.

    Raises:
        Unavailable: when Docker does not answer, or there is no image.
    """
    try:
        engine = docker.from_env()
    except docker.errors.DockerException as error:
        raise Unavailable(f"Docker does not answer: {error}") from error
    with contextlib.closing(engine):
        if engine.images.list(AWS):
            return AWS
        if platform.system() != "Linux":
            raise Unavailable(f"there is no image: docker pull {AWS}")
        engine.api.import_image(_root().getvalue(), repository=STAND_IN, changes=["ENV LAMBDA_TASK_ROOT=/var/task"])
        return STAND_IN


def containers() -> set[str]:
    """Return the ids of the containers that run functions for SAM CLI."""
    with contextlib.closing(docker.from_env()) as engine:
        return {
            container.id
            for container in engine.containers.list(all=True)
            if container.attrs["Config"]["Image"].startswith("samcli/")
        }


def _root() -> io.BytesIO:
    """Return the file system of the stand-in as a tar archive."""
    prefix = Path(sys.base_prefix)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", dereference=True) as archive:
        modules = prefix / "lib" / "python3.13"
        archive.add(modules, f"{LANGUAGE}/lib/python3.13", filter=_without_unused)
        python = prefix / "bin" / "python3.13"
        archive.add(python, f"{LANGUAGE}/bin/python3.13")
        for program in SHELL:
            archive.add(program, program)
        packages = Path(pydantic_core.__file__).parent.glob("*.so")  # for the compiler's own library
        for library in _libraries([python, *map(Path, SHELL), *modules.glob("lib-dynload/*.so"), *packages]):
            archive.add(library, library)
        archive.add(Path(__file__).with_name("bootstrap.py"), "/var/runtime/bootstrap.py")
        _add_script(archive, "/var/runtime/bootstrap", f"#!/bin/sh\nexec {LANGUAGE}/bin/python3.13 $0.py\n")
        for folder in ("/tmp", "/opt", "/var/task", "/etc"):  # noqa: S108  of the image
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            archive.addfile(entry)
    return content


def _without_unused(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if re.search(r"/(site-packages|test|__pycache__|config-3[^/]*)/?$", entry.name) else entry


def _libraries(programs: list[Path]) -> set[str]:
    """Return the shared libraries that programs load."""
    done = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False)
    return set(re.findall(r"(/\S+\.so\S*) \(0x", done.stdout))


def _add_script(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.size = 0o755, len(text.encode())
    archive.addfile(entry, io.BytesIO(text.encode()))
