"""One execution environment: AWS's runtime interface emulator and, under it, AWS's runtime client with a function.

The emulator is the one inside the aws-sam-cli package, the client is what Lambda's own Python image runs
(https://github.com/aws/aws-lambda-python-runtime-interface-client). The emulator starts the function's process with
the first invocation, so that the time of that invocation is the whole cold start.
"""

import compileall
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import samcli

from bench import BUILT, HOST, REGION, ROOT
from bench.build.installer import install
from bench.build.ours import machine
from bench.build.packages import Package
from bench.engine import Engine
from bench.ports import free_port, wait_for

EMULATOR = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{machine()}"
INVOCATIONS = "/2015-03-31/functions/function/invocations"
ANSWER_SECONDS = 30.0
STOP_SECONDS = 10.0
PYTHON = Path(sys.executable).resolve()
"""The interpreter without the packages of this project."""
MEMORY = re.compile(r"^(Rss|Pss): +(\d+) kB", re.MULTILINE)
INIT = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)\)")


@dataclass
class Environment:
    """An execution environment, before or after its first call.

    Attributes:
        process: the emulator's.
        log: what it and the function print.
    """

    process: subprocess.Popen[bytes]
    log: Path
    _connection: http.client.HTTPConnection

    def invoke(self, event: bytes) -> tuple[float, bytes]:
        """Call the function; return the duration in seconds and the response."""
        begun = time.perf_counter()
        self._connection.request("POST", INVOCATIONS, event)
        body = self._connection.getresponse().read()
        return time.perf_counter() - begun, body

    @property
    def function(self) -> int:
        """The process that runs the function, once it has been called."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return int(next(text for child in children if (text := child.read_text(encoding="ascii").strip())).split()[0])

    def cpu_seconds(self) -> float:
        """CPU time of the function's process so far, user and system, to the nanosecond."""
        # The clock of another process, as `clock_getcpuclockid(3)` composes its number.
        return time.clock_gettime(~self.function << 3 | 2)

    def memory(self) -> dict[str, int]:
        """Bytes of the function's process: all that is resident, and its proportional share of it."""
        text = Path(f"/proc/{self.function}/smaps_rollup").read_text(encoding="ascii")
        found = {
            name.lower(): int(size) * 1024 for name, size in re.findall(r"^(Rss|Pss): +(\d+) kB", text, re.MULTILINE)
        }
        return {"rss": found["rss"], "pss": found["pss"]}

    def init_seconds(self) -> float:
        """Init duration reported by the emulator: from the start of the process until it requests an invocation."""
        found = INIT.search(self.log.read_text(encoding="utf-8", errors="replace"))
        assert found, self.log.read_text(encoding="utf-8", errors="replace")  # noqa: S101 (every version says it)
        return float(found[1]) / 1000


@contextmanager
def environment(package: Package, engine: Engine, **variables: str) -> Iterator[Environment]:
    """Start an environment for a function; stop it at the end.

    Args:
        package: the function.
        engine: the engine at DynamoDB's address.
        variables: of the environment, besides those of Lambda and the deployment.
    """
    with tempfile.TemporaryDirectory(prefix="lamina-bench-") as scratch:
        folder = Path(scratch)
        port, runtime_port = free_port(), free_port()
        bundle = folder / "authorities.pem"
        # As many authorities to read as in the bundle that is shipped, and one more.
        bundle.write_text(package.certificate_authorities + engine.authority, encoding="utf-8")
        addresses = {"AWS_CA_BUNDLE": str(bundle), "AWS_ENDPOINT_URL_DYNAMODB": engine.https}
        command = [str(EMULATOR), "--runtime-api-address", f"{HOST}:{runtime_port}"]
        command += ["--runtime-interface-emulator-address", f"{HOST}:{port}"]
        command += [str(PYTHON), "-m", "awslambdaric", package.handler]
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=package.task,
                env={**lambda_variables(package), **package.environment, **addresses, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            wait_for(port, process)
            yield Environment(process, log, http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS))
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def lambda_variables(package: Package) -> Mapping[str, str]:
    """Return the variables that Lambda sets (Lambda developer guide, "Defined runtime environment variables")."""
    search = [*package.folders[1:], runtime_client()]
    return {
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": os.pathsep.join(map(str, search)),
        "PYTHONDONTWRITEBYTECODE": "1",  # Lambda's folders are read-only.
        "_HANDLER": package.handler,
        "LAMBDA_TASK_ROOT": str(package.task),
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_FORMAT": package.format,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_SESSION_TOKEN": "bench",
    }


@cache
def runtime_client() -> Path:
    """Install the runtime client, compiled as in Lambda's image; return its folder."""
    target = install(ROOT / "bench" / "runtime" / "requirements.txt", BUILT / "runtime")
    compileall.compile_dir(target, quiet=1)
    return target
