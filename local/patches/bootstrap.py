"""The program of a function's process, in place of MiniStack's own.

MiniStack's puts layers before the function's code and leaves its own packages importable, so that a dependency that
nobody declared works here and fails on Lambda. This one has the function's code first, then the layers in reverse
order of attachment, then the standard library and nothing else
(https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath), and ends at once when the
local AWS is gone. It runs as a lone file, so it imports the standard library only.

It speaks MiniStack's protocol, one JSON object a line: first what to load, answered by `ready`; then one invocation a
line, answered by `ok` with the result or `error` with the message and the exception's name. A line after the last of an
invocation's log says that there is no more to wait for. A module that cannot be loaded fails each invocation, as on
Lambda.

What fails is described on a line of its own, for the developer and not for the log: the product's logs hold no text of
an exception, because it may quote what a user sent. Here whoever calls is whoever develops.
"""

import contextlib
import importlib
import importlib.util
import json
import logging
import os
import queue
import re
import site
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

POINTER = "shared-folder"  # as layers.POINTER
END_OF_LOG = "\x1eend of log\x1e"  # as workers.END_OF_LOG
FAILURE = "\x1ffailure\x1f"  # as workers.FAILURE


class Context:
    """The context of a handler (https://docs.aws.amazon.com/lambda/latest/dg/python-context.html)."""

    identity = None
    client_context = None

    def __init__(self, load: dict[str, Any], invocation: dict[str, Any], has_stopped: Callable[[], bool]) -> None:
        self.function_name = str(load.get("function_name", ""))
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        self.memory_limit_in_mb = str(load.get("memory", 128))
        self.invoked_function_arn = str(invocation.get("invoked_function_arn") or load.get("arn", ""))
        self.aws_request_id = str(invocation.get("request_id", ""))
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self._milliseconds = int(invocation.get("timeout_ms", 3000))
        self._deadline = time.monotonic() + self._milliseconds / 1000
        self._has_stopped = has_stopped

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would end the invocation; all of them once it has stopped at a breakpoint."""
        if self._has_stopped():
            return self._milliseconds
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main() -> None:
    """Load the handler and serve invocations until the input closes."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a function prints is its log, never the protocol
    sys.stdout = sys.stderr
    lines = _input_lines()
    load = json.loads(lines.get())
    failures = Failures(load)
    handler = failures.as_handler()
    debugger = Debugger(failures)
    try:
        handler = _load(load)
    except Exception as error:  # noqa: BLE001  whatever a module raises at import is the answer to each invocation
        failures.loading = failures.described(error)
    calls = TableCalls()
    loaded = time.time()
    _answer(answers, {"status": "ready", "cold": True})
    while True:
        message = json.loads(lines.get())
        calls.observe()
        answer = _invoke(handler, message["event"], load, message.get("ctx") or {}, failures, debugger)
        sys.stderr.write(f"{END_OF_LOG}\n")
        sys.stderr.flush()
        _answer(answers, {**answer, "loaded": loaded})
        loaded = 0.0


class Failures:
    """Describes exceptions to the developer: those that a handler raises, and those that it logs as it handles them."""

    def __init__(self, load: dict[str, Any]) -> None:
        self._load = load
        self._told: BaseException | None = None
        self.loading = ""
        """Why the module could not be loaded."""
        self.request = ""
        """The id of the invocation."""
        make = logging.getLogRecordFactory()

        def made_and_told(*positional: Any, **named: Any) -> logging.LogRecord:
            record, error = make(*positional, **named), sys.exc_info()[1]
            if (record.levelno or 0) >= logging.WARNING and error is not None:
                self.tell(error)
            return record

        logging.setLogRecordFactory(made_and_told)

    def as_handler(self) -> Callable[[Any, Context], Any]:
        """Return a handler that fails with what loading failed with."""

        def handler(_event: Any, _context: Context) -> None:
            raise NotLoadedError(FAILURE + self.loading)

        return handler

    def tell(self, error: BaseException) -> None:
        """Describe an exception on standard error, once."""
        if error is not self._told:
            self._told = error
            description = str(error).removeprefix(FAILURE) if isinstance(error, NotLoadedError) else None
            sys.stderr.write(f"{FAILURE}{description or self.described(error)}\n")

    def described(self, error: BaseException) -> str:
        """Return an exception, its location and its traceback, as one line of JSON."""
        formatted = traceback.TracebackException.from_exception(error)
        frames = [(frame.filename, frame.lineno) for frame in _without_ours(formatted)]
        if isinstance(error, SyntaxError) and error.filename:
            frames.append((error.filename, error.lineno))
        description = {
            **self.process(),
            "request": self.request,
            "error": "".join(traceback.format_exception_only(error)).strip().splitlines()[-1],
            "frames": frames,
            "trace": "".join(formatted.format()),
        }
        return json.dumps(description)

    def process(self) -> dict[str, Any]:
        """Return which function this is, and the folders that its code runs from."""
        return {
            "function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or self._load.get("function_name", ""),
            "code": self._load["code_dir"],
            "layers": _layers(),
        }


class Debugger:
    """Stops at `breakpoint()`, by the file that `LAMINA_DEBUGGER` names; without it, as Python does."""

    def __init__(self, failures: Failures) -> None:
        self._failures = failures
        self._breakpoints: Any = None
        self.has_stopped = False
        """Whether the invocation has reached a breakpoint."""
        if "LAMINA_DEBUGGER" in os.environ:
            sys.breakpointhook = self.stop

    def stop(self, *_positional: Any, **_named: Any) -> None:
        """Stop in the caller's frame."""
        if self._breakpoints is None:
            spec = importlib.util.spec_from_file_location("_debugger", os.environ["LAMINA_DEBUGGER"])
            if spec is None or spec.loader is None:
                raise ImportError(os.environ["LAMINA_DEBUGGER"])
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self._breakpoints = module.Breakpoints(self._failures.process, self.stop)
        self.has_stopped = True
        self._breakpoints.stop(sys._getframe(1))

    def begin(self) -> None:
        """Announce an invocation that a debugger may stop."""
        self.has_stopped = self._breakpoints is not None and self._breakpoints.begin()

    def end(self) -> None:
        """End what belongs to the invocation."""
        self.has_stopped = False
        if self._breakpoints is not None:
            self._breakpoints.end()


class TableCalls:
    """Reports the keys of each call of the table to the console.

    The product traces the kinds of items alone: on AWS, a key may not leave the table.
    """

    def __init__(self) -> None:
        self._is_observing = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        host, _, port = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "").rpartition(":")
        self._address = (host, int(port or 0))

    def observe(self) -> None:
        """Observe the client of the table, once the function has one."""
        item = sys.modules.get("lamina.storage.item")
        if self._is_observing or item is None or not self._address[0]:
            return
        client = item.Entry._get_connection().connection._client  # as `lamina.storage.item.connect`
        if hasattr(client, "after"):
            client.after.append(self._report)
            self._is_observing = True

    def _report(self, call: Any) -> None:
        tracing = sys.modules.get("lamina.observability.tracing")
        told = {
            "calls": {
                "trace": (tracing and tracing.header()) or os.environ.get("_X_AMZN_TRACE_ID", ""),
                "started": call.started,
                "operation": call.operation,
                "items": list(_items(call.params))[:100],
                "found": (call.response or {}).get("Count"),
            }
        }
        with contextlib.suppress(OSError):  # more than a datagram takes
            self._socket.sendto(b"{}\n" + json.dumps(told).encode(), self._address)


def _items(params: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Name the keys that a call is about, with what it does to each."""
    for name in ("Item", "Key"):
        if name in params:
            yield _key("", params[name])
    yield from _written(params.get("TransactItems", ()))
    for request in params.get("RequestItems", {}).values():
        yield from (_key("Get", key) for key in request["Keys"]) if isinstance(request, dict) else _written(request)
    if condition := params.get("KeyConditionExpression"):
        values = params["ExpressionAttributeValues"]
        used = [values[name].get("S", "") for name in re.findall(r":\w+", condition)]
        yield {"action": params.get("IndexName", "Query"), "pk": used[0], "sk": " – ".join(used[1:])}


def _written(actions: Iterable[dict[str, Any]]) -> Iterator[dict[str, str]]:
    for action in actions:
        for name, part in action.items():
            yield _key(name.removesuffix("Request"), part.get("Item") or part["Key"])


def _key(action: str, item: dict[str, Any]) -> dict[str, str]:
    kind = item.get("kind", {}).get("S", "")
    parts = {name: str(item.get(name, {}).get("S", "")) for name in ("pk", "sk")}
    return {"action": action, **parts, **({"kind": kind} if kind else {})}


class NotLoadedError(Exception):
    """The function's module could not be loaded; the text describes why."""


def _without_ours(formatted: traceback.TracebackException) -> traceback.StackSummary:
    """Remove the frames of this program and of Python's import system from a traceback; the outermost ones are kept."""
    below = formatted.__cause__ or formatted.__context__
    if below is not None:
        _without_ours(below)
    ours = {__file__, importlib.__file__, "<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>"}
    formatted.stack[:] = [frame for frame in formatted.stack if frame.filename not in ours]
    return formatted.stack


def _input_lines() -> queue.SimpleQueue[str]:
    """Lines of the input, read in a thread, so that its end is noticed in the middle of an invocation too."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, name="protocol", daemon=True).start()
    return lines


def _load(load: dict[str, Any]) -> Callable[[Any, Context], Any]:
    os.environ.setdefault("AWS_LAMBDA_LOG_GROUP_NAME", f"/aws/lambda/{load.get('function_name', '')}")
    os.environ.setdefault("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")
    os.environ.setdefault("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    _set_search_path(load["code_dir"])
    handler: Callable[[Any, Context], Any] = getattr(importlib.import_module(load["module"]), load["handler"])
    return handler


def _set_search_path(code: str) -> None:
    standard = [path for path in sys.path if "-packages" not in path and path != str(Path(__file__).parent)]
    sys.path[:] = [code]
    for folder in map(Path, reversed(_layers())):
        for packages in sorted(folder.glob("lib/python3*/site-packages")):
            site.addsitedir(str(packages))
        sys.path.append(str(folder))
    sys.path.extend(standard)


def _layers() -> list[str]:
    """Return the folders of the layers' packages, in the order of attachment."""
    pointers = [path for path in os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if path]
    return [f"{Path(path, POINTER).read_text(encoding='utf-8')}/python" for path in pointers]


def _invoke(
    handler: Callable[[Any, Context], Any],
    event: Any,
    load: dict[str, Any],
    invocation: dict[str, Any],
    failures: Failures,
    debugger: Debugger,
) -> dict[str, Any]:
    os.environ["_X_AMZN_TRACE_ID"] = _trace(event)
    failures.request = str(invocation.get("request_id", ""))
    debugger.begin()
    try:
        result = handler(event, Context(load, invocation, lambda: debugger.has_stopped))
        json.dumps(result)
    except Exception as error:  # noqa: BLE001  Lambda reports whatever a handler raises, and serves on
        failures.tell(error)
        # Without a trace, the message would be logged.
        return {"status": "error", "error": str(error), "type": type(error).__name__, "trace": ""}
    finally:
        debugger.end()
    return {"status": "ok", "result": result}


def _trace(event: Any) -> str:
    """Return the trace of an invocation: the request's, or a new one, as Lambda does with active tracing."""
    headers = event.get("headers") if isinstance(event, dict) else None
    # In the events of authorizers, the local AWS writes the names of headers in lower case.
    sent = [value for name, value in (headers or {}).items() if name.lower() == "x-amzn-trace-id"]
    if sent:
        return str(sent[0])
    root = f"1-{int(time.time()):08x}-{os.urandom(12).hex()}"
    return f"Root={root};Parent={os.urandom(8).hex()};Sampled=1"


def _answer(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    main()
