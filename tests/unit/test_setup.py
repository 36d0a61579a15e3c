"""The set-up finds a Python that works, and the locks are what they promise."""

import re
import sys
from pathlib import Path

import pytest

from setup import environment, interpreter

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [
    ROOT / "requirements/bootstrap.txt",
    ROOT / "requirements/dev.txt",
    ROOT / "layers/runtime/requirements.txt",
    ROOT / "layers/runtime/images.txt",
    ROOT / "layers/runtime/crypto.txt",
    ROOT / "layers/runtime/egress.txt",
    ROOT / "layers/runtime/content.txt",
    ROOT / "layers/runtime/graphql.txt",
]


def versions(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE))


@pytest.fixture
def shim(tmp_path: Path) -> Path:
    """A python3.13 as pyenv leaves one behind: it exists, and says that it does not."""
    path = tmp_path / "shims" / "python3.13"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n")
    path.chmod(0o755)
    return path


def test_a_shim_that_does_not_start_is_passed_over(shim: Path) -> None:
    assert interpreter.probe(str(shim)) is None


def test_a_working_python_later_on_the_path_is_found_behind_a_shim(
    shim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tmp_path / "good" / "python3.13"
    good.parent.mkdir()
    good.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{shim.parent}:{good.parent}:/usr/bin:/bin")
    found = interpreter.find()
    assert found is not None
    assert not found.startswith(str(shim.parent))


def test_the_newest_patch_version_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("3.13.2", "3.13.10", "3.12.9"):
        path = tmp_path / "versions" / version / "bin" / "python3.13"
        path.parent.mkdir(parents=True)
        path.touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    ours = [path.parts[-3] for path in interpreter.installed() if path.is_relative_to(tmp_path)]
    assert ours == ["3.13.10", "3.13.2"]


def test_what_is_ready_depends_on_the_lock_and_on_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = environment.fingerprint()
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    moved = environment.fingerprint()
    monkeypatch.setattr(environment, "LOCK", LOCKS[0])
    assert len({here, moved, environment.fingerprint()}) == 3


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name + "/" + lock.name)
def test_a_lock_holds_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE)
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\w)", text.strip()))


@pytest.mark.parametrize("folder", [".", "clients", "layers/runtime/graphiql", "layers/runtime/scalar"])
def test_the_npm_lock_holds_hashes_and_no_address(folder: str) -> None:
    text = (ROOT / folder / "package-lock.json").read_text()
    assert "://" not in text
    assert text.count('"version"') == text.count('"integrity"') > 0


def test_the_tests_run_on_the_versions_that_are_deployed() -> None:
    bootstrap, tools, *layers = (versions(lock) for lock in LOCKS)
    assert bootstrap.items() <= tools.items()
    for deployed in layers:
        assert deployed.items() <= tools.items()
