"""Calls every endpoint with its sample event: CPU time, table units, calls of AWS.

Everything runs in this process, on a table in dynoxide; what functions call beside the table is answered by moto. So
the CPU time is that of the handler and of the AWS client, without TLS and the runtime client.
"""

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3

from bench import HOST
from bench.cost.calls import made
from bench.cost.consequences import Consequences, RawItem
from bench.cost.output import Recorder
from bench.cost.usage import USAGE
from bench.engine import program
from bench.ports import free_port
from bench.progress import say
from lamina.http import idempotency
from lamina.identity.credentials import second_factor
from lamina.settings import settings
from lamina.storage.item import Item, connect
from lamina.storage.transport import DynamoDb
from tests.integration.metering import Meter
from tests.integration.population import store, users
from tests.roles.saga import provider
from tests.support.aws import invoke, services, signed_in, table_definition
from tests.support.samples import EPOCH, sample, store_samples
from tests.support.templates import Function, functions, template

REPEATS = 7
"""Number of calls of each endpoint, each on a fresh table."""
AUTHORIZER = "gateway/authorizer"
DEFAULT_MEMORY = 128
NEWS = 20
LISTS = ("posts/list", "products/list", "users/list")
"""Lists of which a page of twenty is read, without filters, from a table that has more."""
POPULATION = 45
"""Users in that table, half of them with a post and a product."""
TWENTY = {"queryStringParameters": {"limit": "20"}, "multiValueQueryStringParameters": {"limit": ["20"]}}


CHAINS = 3
"""How often all that a call causes is run, each time on a fresh table; the last one counts."""

type Instruments = tuple[Meter, Recorder]


@dataclass(frozen=True)
class Run:
    """Measurement of a call.

    Attributes:
        seconds: of CPU time.
        reads: read request units.
        writes: write request units.
        calls: AWS calls by operation.
        logged: bytes of log lines.
        answered: bytes of the response, if it is one of HTTP.
        stored: bytes of new items times the months that they are kept.
        metrics: metrics in its log lines, by name and dimensions.
        items: items that it wrote.
        result: what it returned.
    """

    seconds: float
    reads: float
    writes: float
    calls: dict[str, int]
    logged: int
    answered: int
    stored: float
    metrics: Sequence[str]
    items: list[RawItem]
    result: Any


def measure(only: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Call every endpoint and the authorizer, or those at these places; return the measurements by place."""
    endpoints = [function for function in functions() if function.routes or function.place == AUTHORIZER]
    chosen = [function for function in endpoints if not only or function.place in only]
    found: dict[str, dict[str, Any]] = {}
    # The codes of the second factor in the samples are of one instant.
    clock = patch.object(second_factor, "time", SimpleNamespace(time=lambda: EPOCH))
    with services(), _engine() as (client, tables), clock, _quiet():
        instruments = Meter(client), Recorder(client)
        for number, function in enumerate(chosen, 1):
            found[function.place] = {**_describe(function), **_call(function, tables, instruments)}
            if number % NEWS == 0 or number == len(chosen):
                say(f"called {number} of {len(chosen)} functions")
    return found


def measure_consequences(only: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Call what the usage names, and whatever these calls cause; return the counts and measurements of the latter."""
    found: dict[str, dict[str, Any]] = {}
    chosen = [function for function in functions() if function.place in (only or USAGE)]
    with services(), _engine() as (client, tables), provider(), _quiet():
        instruments = Meter(client), Recorder(client)
        for function in chosen:
            for _ in range(CHAINS):
                with _fresh_table(tables):
                    store_samples()
                    _forget_webhooks()
                    found[function.place] = _follow(function, instruments)
            say(f"followed what {function.place} causes")
    return found


def _follow(function: Function, instruments: Instruments) -> dict[str, Any]:
    runs: dict[str, list[Run]] = {}

    def invoked(other: Function, event: object) -> tuple[Any, list[RawItem]]:
        run = _run(other, event, instruments)
        runs.setdefault(other.place, []).append(run)
        return run.result, run.items

    caused = Consequences(invoked).follow(_run(function, _event(function), instruments).items)
    described = {known.place: _describe(known) for known in functions() if known.place in runs}
    return {
        "events": caused.events,
        "messages": caused.messages,
        "transitions": caused.transitions,
        "functions": {place: {**described[place], **_sum(each)} for place, each in sorted(runs.items())},
    }


def _call(function: Function, tables: Any, instruments: Instruments) -> dict[str, Any]:  # noqa: ANN401 (botocore's)
    runs = []
    for _ in range(REPEATS):
        with _fresh_table(tables):
            store_samples()
            if function.place in LISTS:
                store(tables, users(POPULATION))
            runs.append(_run(function, _event(function), instruments))
    return _summary(runs)


def measure_idle() -> dict[str, dict[str, Any]]:
    """Run every schedule on a table where nothing is due; return the measurements by place."""
    found: dict[str, dict[str, Any]] = {}
    with services(), _engine() as (client, tables), provider(), _quiet():
        instruments = Meter(client), Recorder(client)
        for function in (known for known in functions() if known.place.startswith("schedules/")):
            with _fresh_table(tables):
                # The first run may write where later ones begin.
                runs = [_run(function, sample(function.place), instruments) for _ in range(REPEATS)]
            found[function.place] = {**_describe(function), **_summary(runs)}
    return found


def _run(function: Function, event: Any, instruments: Instruments) -> Run:  # noqa: ANN401 (whatever JSON holds)
    meter, recorder = instruments
    made.clear()
    with meter.running() as bill, recorder.capturing() as output:
        begun = time.process_time()
        result = invoke(function, event)
        spent = time.process_time() - begun
    # The table is called past botocore.
    tables = Counter({f"dynamodb:{operation}": number for operation, number in bill.calls.items()})
    return Run(
        spent,
        bill.reads,
        bill.writes,
        dict(made + tables),
        output.logged,
        _answered(result),
        output.stored,
        output.metrics,
        output.items,
        result,
    )


def _answered(result: object) -> int:
    """Return the bytes of a response of HTTP: its body, and its headers as HTTP/1.1 writes them."""
    if not isinstance(result, Mapping) or "statusCode" not in result:
        return 0
    headers = result.get("multiValueHeaders", {})
    lines = [f"{name}: {value}" for name, values in headers.items() for value in values]
    return len((result.get("body") or "").encode()) + sum(len(line.encode()) + 2 for line in lines)


def _summary(runs: list[Run]) -> dict[str, Any]:
    # The first call fetches what later ones keep.
    spent, last = median(run.seconds for run in runs[1:]), runs[-1]
    return {**_sum([last]), "cpu_ms": round(spent * 1000, 3)}


def _sum(runs: list[Run]) -> dict[str, Any]:
    """Return the sum of what several calls of a function took."""
    return {
        "runs": len(runs),
        "cpu_ms": round(sum(run.seconds for run in runs) * 1000, 3),
        "reads": sum(run.reads for run in runs),
        "writes": sum(run.writes for run in runs),
        "calls": dict(sum((Counter(run.calls) for run in runs), Counter[str]())),
        "logged": sum(run.logged for run in runs),
        "answered": sum(run.answered for run in runs),
        "stored": round(sum(run.stored for run in runs)),
        "metrics": sorted({metric for run in runs for metric in run.metrics}),
    }


def _forget_webhooks() -> None:
    """Delete the webhook of the samples: the usage has none."""
    for item in Item.scan(Item.pk.startswith("WEBHOOK")):
        item.delete(add_version_condition=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Disable all logs but those of functions, which are captured."""
    logging.getLogger().setLevel(logging.CRITICAL)
    yield


def _event(function: Function) -> dict[str, Any]:
    """Return the sample event of a function; for the authorizer, with the token of a new session."""
    event = {**sample(function.place), **(TWENTY if function.place in LISTS else {})}
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
    authorized = any(route.authorized for route in function.routes)
    return {"routes": routes, "authorized": authorized, "memory": memory or DEFAULT_MEMORY}


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
