"""Calls every endpoint with its sample event: CPU time, table units, calls of AWS.

Everything runs in this process, on a table in dynoxide; what functions call beside the table is answered by moto. So
the CPU time is that of the handler and of the AWS client, without TLS and the runtime client.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
from lamina.identity import second_factor
from lamina.settings import settings
from lamina.storage.item import connect
from lamina.storage.transport import DynamoDb
from tests.aws import invoke, services, signed_in, table_definition
from tests.integration.metering import Meter
from tests.samples import EPOCH, sample, store_samples
from tests.templates import Function, functions, template

REPEATS = 7
"""How often each endpoint is called, every time on a table that nobody has touched."""
AUTHORIZER = "gateway/authorizer"
DEFAULT_MEMORY = 128
NEWS = 20


def measure() -> dict[str, dict[str, Any]]:
    """Call every endpoint, and the authorizer: what each took, by its place."""
    logging.disable(logging.WARNING)
    chosen = [function for function in functions() if function.routes or function.place == AUTHORIZER]
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
    spent, reads, writes, calls = [], 0.0, 0.0, Counter[str]()
    for _ in range(REPEATS):
        with _fresh_table(tables):
            store_samples()
            event = _event(function)
            made.clear()
            with meter.running() as bill:
                begun = time.process_time()
                invoke(function, event)
                spent.append(time.process_time() - begun)
            reads, writes, calls = bill.reads, bill.writes, Counter(made)
    # The first call fetches what later ones keep.
    return {"cpu_ms": round(median(spent[1:]) * 1000, 3), "reads": reads, "writes": writes, "calls": dict(calls)}


def _event(function: Function) -> dict[str, Any]:
    """Give the sample event of a function; the authorizer's with the token of somebody who has just signed in."""
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
    """Have everything talk to an engine: through the first client; the second makes tables."""
    port = free_port()
    with program(port), ExitStack() as patched:
        url = f"http://{HOST}:{port}"
        client = DynamoDb(url, "us-east-1")
        patched.enter_context(patch.object(connect(), "_client", client))
        patched.enter_context(patch.object(idempotency._store, "client", client))  # noqa: SLF001 (made at import)
        yield client, boto3.client("dynamodb", endpoint_url=url)
