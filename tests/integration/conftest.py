"""The table on a real engine: `lamina` talks to it instead of to moto, which tears transactions under threads."""

from collections.abc import Iterator

import pytest

from lamina.http import idempotency
from lamina.settings import settings
from lamina.storage.item import connect
from tests.integration.engines import Engine, on_each
from tests.support.aws import table_definition


@pytest.fixture(scope="session", params=on_each())
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Each engine that this machine can run, started once."""
    started: Engine = request.param()
    started.start(tmp_path_factory.mktemp(started.name))
    yield started
    started.stop()


@pytest.fixture
def table(engine: Engine, moto_services: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:  # noqa: ARG001
    """An empty table on the engine, for everything that `lamina` does; keys and secrets stay with moto."""
    client = engine.client()
    client.create_table(TableName=settings().table, **table_definition())
    # Clients are made when modules are imported, so the engine's take their place.
    transport = engine.transport()
    monkeypatch.setattr(connect(), "_client", transport)
    monkeypatch.setattr(idempotency._store, "client", transport)
    yield engine
    client.delete_table(TableName=settings().table)
