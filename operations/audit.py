"""`make audit`: runs every security scanner that needs no account, and writes a bill of materials of each layer.

Scanners are installed into an environment of their own from `requirements/audit.txt`, so that they bound no version of
ours. A scanner that cannot run, as without a network, is reported with its reason; `--strict` counts that as a failure.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "audit.txt"
VENV = ROOT / ".aws-sam" / "audit"
BILLS = ROOT / ".aws-sam" / "sbom"
DEPLOYED = ROOT / "layers" / "runtime"
SEARCHED = ("*.py", "*.yaml", "*.yml", "*.toml", "*.html", "*.js", "*.sh", "Makefile", ".ci/run")
EXAMPLES = ("tests/", "bench/", "docs/", "scaffold/")
"""Folders whose passwords and tokens are examples."""
HEURISTICS = ("KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector")
"""Detectors that guess by names and entropy. They report names such as `PASSWORD_CHANGED`; the others know formats."""
UNREACHABLE = ("ConnectionError", "Max retries exceeded", "Name or service not known", "timed out")
NOT_FOUND = "Dependency not found on PyPI"


class Result(NamedTuple):
    """The outcome of a scanner: `passed`, `failed` or `skipped`, and what it found or why it did not run."""

    outcome: str
    detail: str = ""


def passed_if(run: subprocess.CompletedProcess[str]) -> Result:
    """Return the result of a scanner whose exit code says whether it found something."""
    return Result("failed", run.stdout + run.stderr) if run.returncode else Result("passed")


def code() -> Result:
    """Check the code by ruff, whose rules include flake8-bandit's."""
    return passed_if(_run("ruff", "check", "--output-format", "concise", "."))


def templates() -> Result:
    """Check the templates against the specifications of their resources."""
    return passed_if(_run("cfn-lint"))


def secrets() -> Result:
    """Search the tracked files for keys and tokens of known formats."""
    listed = _run("git", "ls-files", "--", *SEARCHED).stdout.split()
    files = [name for name in listed if not name.startswith(EXAMPLES)]
    without = [part for name in HEURISTICS for part in ("--disable-plugin", name)]
    return passed_if(_run(str(VENV / "bin" / "detect-secrets-hook"), "--no-verify", *without, *files))


def dependencies() -> Result:
    """Check the locked packages against PyPI's database of vulnerabilities."""
    locks = [part for lock in _locks() for part in ("--requirement", str(lock))]
    audit = [str(VENV / "bin" / "pip-audit"), "--disable-pip", "--no-deps", "--progress-spinner", "off"]
    run = _run(*audit, "--format", "json", *locks)
    return audited(run.stdout, run.stderr)


def audited(report: str, errors: str) -> Result:
    """Return the result of pip-audit's report; a database that knows no package at all is none."""
    try:
        packages = json.loads(report)["dependencies"]
    except ValueError:
        lost = any(sign in errors for sign in UNREACHABLE)
        return Result("skipped" if lost else "failed", errors.strip().rpartition("\n")[2])
    unknown = [each["name"] for each in packages if NOT_FOUND in each.get("skip_reason", "")]
    if packages and len(unknown) == len(packages):
        return Result(
            "skipped", "this package index has no database of vulnerabilities: run it where PyPI is reachable"
        )
    found = [f"{each['name']} {each['version']}: {_named(each)}" for each in packages if each.get("vulns")]
    return Result("failed", "\n".join(found)) if found else Result("passed")


def _named(package: Mapping[str, object]) -> str:
    vulnerabilities = package["vulns"]
    assert isinstance(vulnerabilities, list)  # noqa: S101 (pip-audit's format)
    return ", ".join(each["id"] for each in vulnerabilities)


def bill() -> Result:
    """Write the bill of materials (CycloneDX) of each layer from its lock."""
    BILLS.mkdir(parents=True, exist_ok=True)
    for lock in sorted(DEPLOYED.glob("*.txt")):
        target = BILLS / f"{lock.stem}.cdx.json"
        run = _run(str(VENV / "bin" / "cyclonedx-py"), "requirements", str(lock), "--of", "JSON", "-o", str(target))
        if run.returncode:
            return Result("failed", run.stderr)
    return Result("passed", f"written to {BILLS.relative_to(ROOT)}/")


SCANNERS: Mapping[str, Callable[[], Result]] = {
    "code": code,
    "templates": templates,
    "secrets": secrets,
    "dependencies": dependencies,
    "sbom": bill,
}


def _locks() -> Iterator[Path]:
    yield from sorted(DEPLOYED.glob("*.txt"))
    yield ROOT / "requirements" / "dev.txt"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def install() -> None:
    """Install the scanners, unless they are of the current lock."""
    mark, wanted = VENV / "lock", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text(encoding="ascii") == wanted:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    for command in (
        ("uv", "venv", "--quiet", "--python", sys.executable, str(VENV)),
        (
            "uv",
            "pip",
            "install",
            "--quiet",
            "--python",
            str(VENV / "bin" / "python"),
            "--require-hashes",
            "-r",
            str(LOCK),
        ),
    ):
        if (run := _run(*command)).returncode:
            sys.exit(f"stopped: the scanners could not be installed: {run.stderr.strip()}")
    mark.write_text(wanted, encoding="ascii")


def scan(scanners: Mapping[str, Callable[[], Result]], *, strict: bool) -> int:
    """Run scanners, print their results, and return the exit code."""
    worst = 0
    for name, scanner in scanners.items():
        result = scanner()
        first, _, rest = result.detail.strip().partition("\n")
        print(f"{result.outcome:8}{name:14}{first}".rstrip(), flush=True)
        if rest:
            print(rest, flush=True)
        worst |= result.outcome == "failed" or (strict and result.outcome == "skipped")
    return int(worst)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument("scanners", nargs="*", metavar="scanner", help=f"all, or some of: {', '.join(SCANNERS)}")
    parser.add_argument("--strict", action="store_true", help="count a scanner that cannot run as a failure")
    given = parser.parse_args(arguments)
    if unknown := set(given.scanners) - SCANNERS.keys():
        parser.error(f"no such scanner: {', '.join(sorted(unknown))}")
    install()
    chosen = {name: scanner for name, scanner in SCANNERS.items() if not given.scanners or name in given.scanners}
    return scan(chosen, strict=given.strict)


if __name__ == "__main__":
    sys.exit(main())
