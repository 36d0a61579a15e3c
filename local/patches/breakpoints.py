"""A function that has stopped at `breakpoint()` has all the time that it needs, as nothing on AWS does.

MiniStack ends an invocation after the function's timeout, a task of a state machine after the task's, and delivers
a message again after the queue's visibility timeout. They wait once the invocation has reached a breakpoint, until it
ends. The program of functions announces the breakpoint by a line on standard error (`local/debugging/function.py`),
which goes to the supervisor instead of the log.
"""

import contextvars
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, stepfunctions

from local.patches import workers

BREAKPOINT = "\x1fbreakpoint\x1f"
LOOK_SECONDS = 1.0
HIDDEN_SECONDS = 30.0

_this_thread = threading.local()
"""`worker` and `messages`: of the invocation that this thread waits for."""

type Worker = Any


class Patient(threading.Thread):
    """A thread that reads a function's response; joining it may take as long as the function is debugged."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for the response, and beyond the timeout while a debugger is used."""
        super().join(timeout)
        while self.is_alive() and getattr(_this_thread.worker, "is_stopped", False):
            for message in getattr(_this_thread, "messages", ()):
                message["visible_at"] = time.time() + HIDDEN_SECONDS
            super().join(LOOK_SECONDS)


def apply() -> None:
    """Replace the ways in which time runs out."""
    lambda_runtime.threading = SimpleNamespace(**{**vars(threading), "Thread": Patient})
    lambda_runtime.Worker._read_stderr = _read_log
    stepfunctions._invoke_resource_with_timeout = _run_task
    _note_invocations()
    _note_messages()


def _read_log(worker: Worker) -> None:
    for line in worker._proc.stderr:
        text, mark, announced = line.rstrip("\n").partition(BREAKPOINT)
        if mark:
            worker.is_stopped = True
            workers.tell(breakpoint={**json.loads(announced), "invocation": worker.request})
        if text or not mark:
            worker._stderr_queue.put(text)


def _note_invocations() -> None:
    invoke = lambda_runtime.Worker.invoke

    def noted(worker: Worker, event: Any, request_id: str, **named: Any) -> dict[str, Any]:
        worker.request, worker.is_stopped, _this_thread.worker = request_id, False, worker
        try:
            result: dict[str, Any] = invoke(worker, event, request_id, **named)
        finally:
            if worker.is_stopped:
                worker.is_stopped = False
                workers.tell(resumed=request_id)
        return result

    lambda_runtime.Worker.invoke = noted


def _note_messages() -> None:
    run = lambda_svc._run_sqs_batch

    def noted(esm: Any, function: Any, event: Any, batch: list[dict[str, Any]], *queue: Any) -> None:
        _this_thread.messages = batch
        try:
            run(esm, function, event, batch, *queue)
        finally:
            _this_thread.messages = ()

    lambda_svc._run_sqs_batch = noted


def _run_task(resource: str, task_input: Any, timeout: float) -> Any:
    """MiniStack's `_invoke_resource_with_timeout`, for which a task's time does not run while a function is stopped."""
    pool = ThreadPoolExecutor(max_workers=1)
    future = pool.submit(contextvars.copy_context().run, stepfunctions._invoke_resource, resource, task_input)
    pool.shutdown(wait=False)
    while True:
        try:
            return future.result(timeout=timeout)
        except stepfunctions.FutureTimeoutError:
            if not _stopped():
                message = f"Task timed out after {timeout} seconds"
                raise stepfunctions._ExecutionError("States.Timeout", message) from None


def end_all() -> None:
    """End the processes that are stopped, because the local AWS ends."""
    lambda_runtime.kill_workers(_stopped())


def _stopped() -> list[Worker]:
    with lambda_runtime._lock:
        return [one for pool in lambda_runtime._workers.values() for one in pool if getattr(one, "is_stopped", False)]
