"""What scenarios do with a function: find it, send to it, and let it forget what a new process would not know."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lamina.errors import Unavailable
from lamina.events import publisher
from lamina.flags import service as flags
from lamina.identity.tokens import access_tokens, signing_keys
from lamina.observability import readiness
from lamina.resilience.circuit import Circuit
from lamina.settings import settings
from lamina.storage import transactions
from tests.support.aws import Api, invoke, table_client, table_resource
from tests.support.samples import sample, store_samples
from tests.support.templates import Function, functions

type Scenario = Callable[[], None]
"""Takes one function down every path that calls AWS."""


def place(name: str) -> Function:
    """The function at a place, `users/get`."""
    found = next((function for function in functions() if function.place == name), None)
    if found is None:
        from tests.support.registrations import DEPLOYMENT  # it reads the scenarios, which import this

        raise LookupError(DEPLOYMENT.sentence(name))
    return found


def samples(name: str) -> Callable[[], None]:
    """Send the sample request twice: what it spends it cannot spend again."""

    def send() -> None:
        store_samples()
        for _ in range(2):
            assert invoke(place(name), sample(name))["statusCode"] < 500

    return send


def requests(*targets: str) -> Callable[[], None]:
    def send() -> None:
        for target in targets:
            assert Api().get(target).status < 500

    return send


def age_windows() -> None:
    """Do as if the requests that were counted had been made a little earlier."""
    client = table_client()
    for item in client.scan(TableName=settings().table)["Items"]:
        if item.get("kind") == {"S": "window"}:
            slot = {"N": str(int(item["slot"]["N"]) - 1)}
            client.put_item(TableName=settings().table, Item={**item, "slot": slot})


def forget_keys() -> None:
    """Do as if the process were new: what it fetches once, it fetches again."""
    access_tokens.public_key.cache_clear()
    readiness._found = (-readiness.FRESH_SECONDS, ())
    signing_keys._ring.clear()
    flags.forget()


def forget_published() -> None:
    """Do as if the process were new: what it has published, it publishes again."""
    publisher._accepted.clear()


def open_circuit(service: str, circuit: Circuit, seconds_ago: int) -> None:
    """Do as if an external service had been found to be down."""
    circuit._store._cache.clear()
    opened_at = int(time.time()) - seconds_ago
    item: dict[str, Any] = {"pk": f"CIRCUIT#{service}", "sk": service, "state": "OPEN", "opened_at": opened_at}
    table_resource().put_item(Item=item)


@contextmanager
def table_busy() -> Iterator[None]:
    """Do as if the table took no transactions: an idempotent request that fails frees its key."""

    def refuse(**_: object) -> None:
        raise Unavailable

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(transactions, "write", refuse)
        yield


def forget_idempotency_records() -> None:
    """Do as if the process had died between its work and its record."""
    table = table_resource()
    for item in table.scan(ProjectionExpression="pk, sk")["Items"]:
        if item["sk"] == "IDEMPOTENCY":
            table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
