"""Calls every endpoint with its sample event: CPU time, table units, calls of AWS.

Everything runs in this process, on a table in dynoxide; what functions call beside the table is answered by moto. So
the CPU time is that of the handler and of the AWS client, without TLS and the runtime client.
"""

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3

from bench import HOST
from bench.cost.calls import made
from bench.engine import program
from bench.ports import free_port
from bench.progress import say
from lamina.http import idempotency
from lamina.identity.credentials import second_factor
from lamina.settings import settings
from lamina.storage.item import connect
from lamina.storage.transport import DynamoDb
from tests.integration.metering import Meter
from tests.roles.saga import provider
from tests.support.aws import invoke, services, signed_in, table_definition
from tests.support.samples import EPOCH, sample, store_samples
from tests.support.templates import Function, functions, template

REPEATS = 7
"""Number of calls of each endpoint, each on a fresh table."""
AUTHORIZER = "gateway/authorizer"
DEFAULT_MEMORY = 128
NEWS = 20


@dataclass(frozen=True)
class Run:
    """Measurement of a call: seconds of CPU time, table units, and AWS calls by operation."""

    seconds: float
    reads: float
    writes: float
    calls: dict[str, int]


def measure(only: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Call every endpoint and the authorizer, or those at these places; return the measurements by place."""
    logging.disable(logging.WARNING)
    endpoints = [function for function in functions() if function.routes or function.place == AUTHORIZER]
    chosen = [function for function in endpoints if not only or function.place in only]
    found: dict[str, dict[str, Any]] = {}
    # The codes of the second factor in the samples are of one instant.
    clock = patch.object(second_factor, "time", SimpleNamespace(time=lambda: EPOCH))
    with services(), _engine() as (client, tables), clock:
        meter = Meter(client)
        for number, function in enumerate(chosen, 1):
            found[function.place] = {**_describe(function), **_call(function, tables, meter)}
            if number % NEWS == 0 or number == len(chosen):
                say(f"called {number} of {len(chosen)} functions")
    return found


def _call(function: Function, tables: Any, meter: Meter) -> dict[str, Any]:  # noqa: ANN401 (botocore's are untyped)
    runs = []
    for _ in range(REPEATS):
        with _fresh_table(tables):
            store_samples()
            runs.append(_run(function, _event(function), meter))
    return _summary(runs)


def measure_idle() -> dict[str, dict[str, Any]]:
    """Run every schedule on a table where nothing is due; return the measurements by place."""
    logging.disable(logging.WARNING)
    found: dict[str, dict[str, Any]] = {}
    with services(), _engine() as (client, tables), provider():
        meter = Meter(client)
        for function in (known for known in functions() if known.place.startswith("schedules/")):
            with _fresh_table(tables):
                # The first run may write where later ones begin.
                runs = [_run(function, sample(function.place), meter) for _ in range(REPEATS)]
            found[function.place] = {**_describe(function), **_summary(runs)}
    return found


def _run(function: Function, event: Any, meter: Meter) -> Run:  # noqa: ANN401 (whatever JSON holds)
    made.clear()
    with meter.running() as bill:
        begun = time.process_time()
        invoke(function, event)
        spent = time.process_time() - begun
    # The table is called past botocore.
    tables = Counter({f"dynamodb:{operation}": number for operation, number in bill.calls.items()})
    return Run(spent, bill.reads, bill.writes, dict(made + tables))


def _summary(runs: list[Run]) -> dict[str, Any]:
    # The first call fetches what later ones keep.
    spent, last = median(run.seconds for run in runs[1:]), runs[-1]
    return {"cpu_ms": round(spent * 1000, 3), "reads": last.reads, "writes": last.writes, "calls": last.calls}


def _event(function: Function) -> dict[str, Any]:
    """Return the sample event of a function; for the authorizer, with the token of a new session."""
    event = sample(function.place)
    if function.place == AUTHORIZER:
        client, _ = signed_in("somebody")
        event["headers"] = {**event["headers"], "Authorization": f"Bearer {client.token}"}
        event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
    return event


def _describe(function: Function) -> dict[str, Any]:
    stack = template(function.stack)
    everywhere = stack.get("Globals", {}).get("Function", {})
    memory = stack["Resources"][function.name]["Properties"].get("MemorySize", everywhere.get("MemorySize"))
    routes = [f"{route.method} {route.path}" for route in function.routes]
    return {"routes": routes, "memory": memory or DEFAULT_MEMORY}


@contextmanager
def _fresh_table(tables: Any) -> Iterator[None]:  # noqa: ANN401 (botocore's clients are untyped)
    tables.create_table(TableName=settings().table, **table_definition())
    yield
    tables.delete_table(TableName=settings().table)


@contextmanager
def _engine() -> Iterator[tuple[DynamoDb, Any]]:
    """Connect everything to an engine: through the first client; the second creates tables."""
    port = free_port()
    with program(port), ExitStack() as patched:
        url = f"http://{HOST}:{port}"
        client = DynamoDb(url, "us-east-1")
        patched.enter_context(patch.object(connect(), "_client", client))
        patched.enter_context(patch.object(idempotency._store, "client", client))  # noqa: SLF001 (made at import)
        yield client, boto3.client("dynamodb", endpoint_url=url)
