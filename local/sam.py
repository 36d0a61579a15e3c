"""The real `sam build` and `sam deploy`, into the local AWS."""

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from local.account import Account
from local.settings import REGION, ROOT, STACK_NAME, Settings
from local.terminal import Stopped
from operations.templates import fault, templates

BUCKET = "lamina-artifacts"
TEMPLATE = "template.yaml"
SOURCES = (TEMPLATE, "stacks", "functions", "layers")
LAST_LINES = 12
PARTS = 7
"""Of a finding of cfn-lint: file, line and column from and to, rule, text."""
FINDINGS = 3
LONGEST_FINDING = 160
LONGEST_REASON = 400


@dataclass(frozen=True)
class Built:
    """What `sam build` left: functions by source folder, as `Logical` or `Nested/Logical`, and the layers alike."""

    functions: dict[Path, list[str]]
    layers: dict[Path, list[str]]


def fingerprint(settings: Settings) -> str:
    """Return an identifier of the state of the sources and parameters, so that nothing unchanged is built again."""
    digest = hashlib.blake2b(json.dumps(settings.parameters, sort_keys=True).encode(), digest_size=16)
    # sam's record of the build names the sources by their absolute paths.
    digest.update(f"{settings.root}\0{Path(sys.executable).resolve()}".encode())
    for path in source_files(settings.root):
        digest.update(f"\0{path.relative_to(settings.root)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_files(root: Path) -> Iterator[Path]:
    """Every file that the build reads, in a fixed order."""
    for name in SOURCES:
        top = root / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


async def build(settings: Settings) -> str:
    """Run `sam build` if anything has changed; return the fingerprint of the build.

    Raises Stopped with the line that names what is wrong.
    """
    # Before sam, which takes seconds to say less; and what is mended meanwhile could not be found any more.
    if broken := next(filter(None, (fault(path, settings.root) for path in templates(settings.root))), None):
        raise Stopped(broken)
    record = settings.state.sam / "fingerprint"
    wanted = await asyncio.to_thread(fingerprint, settings)
    if record.is_file() and record.read_text(encoding="utf-8") == wanted and _template(settings).is_file():
        return wanted
    record.unlink(missing_ok=True)
    async with _building_alone(settings.root):
        code, output = await _sam(
            settings,
            "build",
            "--cached",
            "--parallel",
            "--template-file",
            str(settings.root / "template.yaml"),
            "--build-dir",
            str(settings.state.sam / "build"),
            "--cache-dir",
            str(settings.root / ".aws-sam" / "cache"),
            *_parameters(settings),
        )
    if code:
        raise Stopped(f"sam build failed: {await lint(settings) or _reason(output)}")
    record.write_text(wanted, encoding="utf-8")
    return wanted


async def deploy(settings: Settings, account: Account) -> None:
    """Run `sam deploy` into an account. Raises Stopped with sam's reason."""
    code, output = await _sam(
        settings,
        "deploy",
        "--template-file",
        str(_template(settings)),
        "--stack-name",
        STACK_NAME,
        "--s3-bucket",
        BUCKET,
        "--region",
        REGION,
        "--capabilities",
        "CAPABILITY_IAM",
        "CAPABILITY_NAMED_IAM",
        "CAPABILITY_AUTO_EXPAND",
        "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
        "--no-progressbar",
        *_parameters(settings),
        account=account,
    )
    if code:
        raise Stopped(f"sam deploy failed: {_reason(output)}")


async def lint(settings: Settings) -> str:
    """Return faults of the templates, as `file:line: what`, because sam names neither; empty if there are none."""
    names = [str(path.relative_to(settings.root)) for path in templates(settings.root)]
    process = await asyncio.create_subprocess_exec(
        *("cfn-lint", "--format", "parseable", "--", *names),
        cwd=settings.root,
        env=build_environment(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    return summary(output.decode())


def summary(findings: str) -> str:
    """Return the first few errors among findings of cfn-lint, the likely cause first, each cut to what one reads.

    What is about a reference (rules E1…) often follows from a resource that is wrong itself, and is left out then.
    What stands in the first line is about no line, and said better by sam.
    """
    found = [parts for line in findings.splitlines() if len(parts := line.split(":", 6)) == PARTS]
    wrong = [(f"{name}:{at}", rule, text) for name, at, _, _, _, rule, text in found if rule[0] == "E" and at != "1"]
    # One for each line: what a region does not have, each of them finds.
    causes = {line: text for line, rule, text in reversed(wrong) if not rule.startswith("E1")}
    causes = causes or {line: text for line, _, text in reversed(wrong)}
    told = [f"{line}: {shortened(text, LONGEST_FINDING)}" for line, text in reversed(causes.items())][:FINDINGS]
    more = len({line for line, _, _ in wrong}) - len(told)
    return "; ".join([*told, f"{more}more; run `cfn-lint` to list them"] if more else told)


def shortened(text: str, most: int) -> str:
    """Return a text, shortened to this number of characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def read_built(settings: Settings) -> Built:
    """Which functions and layers came from which folder, from sam's own record of the build."""
    record = settings.state.sam / "build.toml"
    content = tomllib.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    functions: dict[Path, list[str]] = {}
    for definition in content.get("function_build_definitions", {}).values():
        functions.setdefault(Path(definition["codeuri"]), []).extend(definition["functions"])
    layers: dict[Path, list[str]] = {}
    for definition in content.get("layer_build_definitions", {}).values():
        layers.setdefault(Path(definition["codeuri"]), []).append(definition["layer"])
    return Built(functions, layers)


def _template(settings: Settings) -> Path:
    return settings.state.sam / "build" / "template.yaml"


def _parameters(settings: Settings) -> list[str]:
    pairs = [f"ParameterKey={name},ParameterValue='{value}'" for name, value in settings.parameters.items()]
    return ["--parameter-overrides", " ".join(pairs)]


@asynccontextmanager
async def _building_alone(root: Path) -> AsyncIterator[None]:
    """One `sam build` a checkout at a time: they share sam's cache."""
    folder = root / ".aws-sam"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


async def _sam(settings: Settings, command: str, *arguments: str, account: Account | None = None) -> tuple[int, str]:
    """Run a sam command to its end; returns its exit code and everything it printed."""
    home = settings.state.sam / "home"
    configuration = private_home(home)
    temporary = settings.state.sam / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local.sam_process",
        command,
        "--config-file",
        str(configuration),
        *arguments,
        cwd=settings.root,
        # It leaves an empty folder there for each function, and more when it is killed.
        env=build_environment(settings, account) | {"TMPDIR": str(temporary)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101  asked for above
        output = (await process.stdout.read()).decode(errors="replace")
        return await process.wait(), output
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # what it started is in the group of its own too
            await process.wait()
        shutil.rmtree(temporary, ignore_errors=True)


def build_environment(settings: Settings, account: Account | None = None) -> dict[str, str]:
    """Return the environment of a build or deploy: nothing of the user's AWS, `account` as the only one there is."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = {
        **inherited,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Functions run on this machine: where it is no Linux, packages for Lambda would not start.
        "LAMINA_ARCHITECTURE": settings.parameters["Architecture"] if sys.platform == "linux" else "host",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(ROOT),
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.1",
        "__SAM_CLI_APP_DIR": str(settings.state.sam / "home"),
    }
    return environment | ({**account.variables, "AWS_ENDPOINT_URL": account.endpoint} if account else {})


def private_home(home: Path) -> Path:
    """Return a configuration of sam's own that neither asks, nor reports, nor looks for a newer version; its path."""
    home.mkdir(parents=True, exist_ok=True)
    metadata = home / "metadata.json"
    if not metadata.is_file():
        metadata.write_text('{"lastVersionCheck": 33000000000.0, "telemetryEnabled": false}', encoding="utf-8")
    configuration = home / "samconfig.toml"
    configuration.write_text("version = 0.1\n", encoding="utf-8")
    return configuration


def _reason(output: str) -> str:
    """Return the line of sam's output with the reason of a failure."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in reversed(lines):
        if line.startswith(("Error:", "Build Failed", "Template Error")) or "Error" in line.split(":")[0]:
            return shortened(line.removeprefix("Error:").strip(), LONGEST_REASON)
    return shortened(" / ".join(lines[-LAST_LINES:]), LONGEST_REASON) or "it printed no output"
