"""Function processes see Lambda's environment, are stopped when idle, and finish their invocation first.

MiniStack runs functions with its own packages importable and layers before code (the patched program is
`bootstrap.py`). It waits 5 ms for more of a log, and 50 ms where there is none, as it cannot know where a log ends. It
never lets the first process of a function version go, so that each hot reload leaves one behind; and an update kills
processes in the middle of a request. Lambda reclaims idle environments and lets running invocations finish
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
"""

import json
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

END_OF_LOG = "\x1eend of log\x1e"
FAILURE = "\x1ffailure\x1f"
"""Prefix of a line that describes an exception, for the developer; it is not part of the log."""
LOG_SECONDS = 0.25  # for a process that ended without saying so
IDLE_SECONDS = 300.0
OLD_VERSION_IDLE_SECONDS = 5.0
IDLE_PROCESSES = 32

this_thread = threading.local()
"""`has_told`: whether the invocation that this thread served last has described what failed."""

type Worker = Any


def apply() -> None:
    """Replace the program, and the three ways in which processes go."""
    _run_our_program()
    lambda_runtime.Worker._drain_stderr_bounded = _whole_log
    for module in (lambda_runtime, lambda_svc):
        module.invalidate_worker = invalidate
        module.release_worker = release
        module.reap_idle_workers = let_idle_go


def _run_our_program() -> None:
    detect = lambda_runtime._detect_runtime_binary
    program = Path(__file__).with_name("bootstrap.py").read_text(encoding="utf-8")
    interpreter = getattr(
        sys, "_base_executable", sys.executable
    )  # not the venv's: its packages are not the function's

    def ours(runtime: str) -> tuple[str, str]:
        return (interpreter, program) if runtime.startswith("python") else detect(runtime)

    lambda_runtime._detect_runtime_binary = ours


def _whole_log(worker: Worker, **_patience: float) -> str:
    """Return what an invocation logged, up to the line that ends it."""
    lines: list[str] = []
    this_thread.has_told = False
    while True:
        try:
            line = worker._stderr_queue.get(timeout=LOG_SECONDS)
        except queue.Empty:
            return "\n".join(lines)
        text, ended, _ = line.partition(END_OF_LOG)
        if text.startswith(FAILURE):
            this_thread.has_told = True
            tell(failure=json.loads(text.removeprefix(FAILURE)))
        elif text or not ended:
            lines.append(text)
        if ended:
            return "\n".join(lines)


def tell(**event: Any) -> None:
    """Send a message to the supervisor, which reads standard output line by line."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def retire(chosen: Callable[[Worker], bool]) -> None:
    """Retire the chosen processes: idle ones now, busy ones after their response."""
    doomed = []
    with lambda_runtime._lock:
        for key, pool in list(lambda_runtime._workers.items()):
            leaving = [worker for worker in pool if chosen(worker)]
            staying = [worker for worker in pool if not any(worker is other for other in leaving)]
            if staying:
                lambda_runtime._workers[key] = staying
            else:
                lambda_runtime._workers.pop(key, None)
            for worker in leaving:
                worker.retired = True
            doomed += [worker for worker in leaving if not worker.in_use]
    lambda_runtime.kill_workers(doomed)


def invalidate(name: str, qualifier: str | None = None, account: str | None = None, region: str | None = None) -> None:
    """MiniStack's `invalidate_worker`, for which a busy process is one to end later."""
    wanted = (account, region, name, qualifier)

    def matches(worker: Worker) -> bool:
        found = (
            *lambda_runtime._account_region_from_function_config(worker.config),
            worker.func_name,
            _version(worker),
        )
        return all(want is None or want == have for want, have in zip(wanted, found, strict=True))

    retire(matches)


def release(worker: Worker) -> None:
    """MiniStack's `release_worker`, which ends a process that was retired while it was busy."""
    if worker is None:
        return
    with lambda_runtime._lock:
        worker.in_use = False
        ended = getattr(worker, "retired", False)
    if ended:
        lambda_runtime.kill_workers([worker])


def let_idle_go(ttl: float | None = None) -> int:
    """End the processes idle for `ttl` seconds, those of replaced versions sooner, and the longest idle of too many.

    Returns how many.
    """
    patience = IDLE_SECONDS if ttl is None else ttl
    now = time.time()
    with lambda_runtime._lock:
        idle = [worker for pool in lambda_runtime._workers.values() for worker in pool if not worker.in_use]
    idle.sort(key=lambda worker: worker.last_used, reverse=True)
    leaving = {id(worker) for worker in idle[IDLE_PROCESSES:]}
    for worker in idle:
        limit = patience if _is_current(worker) else min(patience, OLD_VERSION_IDLE_SECONDS)
        if now - worker.last_used >= limit:
            leaving.add(id(worker))
    retire(lambda worker: id(worker) in leaving and not worker.in_use)
    return len(leaving)


def _version(worker: Worker) -> str:
    return str(worker.config.get("Version", "$LATEST"))


def _is_current(worker: Worker) -> bool:
    account, region = lambda_runtime._account_region_from_function_config(worker.config)
    function = lambda_svc._functions.get_scoped(account, region, worker.func_name)
    if function is None:
        return False
    aliases = function.get("aliases") or {}
    return not aliases or any(alias.get("FunctionVersion") == _version(worker) for alias in aliases.values())
