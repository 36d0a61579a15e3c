"""What each way to the table costs, on a small one and on a large one: the same.

The figures are those of `docs/access-patterns.md`; `make docs` runs this file to get them (`LAMINA_FIGURES`).
"""

import json
import os
import time
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from docs.build.access_patterns import PAGE, SIZES, render
from lamina import ids
from lamina.activities import reading
from lamina.flags import service as flags
from lamina.http import idempotency
from lamina.limits import window
from lamina.settings import settings
from lamina.storage.item import connect
from lamina.webhooks import delivering
from lamina.webhooks.egress import EndpointResponse
from tests.integration.access_patterns.measuring import Figure, as_data, measure
from tests.integration.access_patterns.posts import INDEXED_WORDS
from tests.integration.engines import Dynoxide, LoadedDynoxide
from tests.integration.metering import Meter
from tests.integration.population import raw_items, users
from tests.support.aws import table_definition

pytestmark = [
    pytest.mark.xdist_group("access patterns"),
    pytest.mark.skipif(bool(Dynoxide.missing()), reason=Dynoxide.missing()),
]

type Figures = dict[int, list[Figure]]


@pytest.fixture(scope="module")
def figures(moto_services: None, tmp_path_factory: pytest.TempPathFactory) -> Figures:  # noqa: ARG001
    """Every pattern measured on a table of each size."""
    return {size: _measured(size, tmp_path_factory.mktemp("figures")) for size in SIZES}


def _measured(size: int, folder: Path) -> list[Figure]:
    definition = {"TableName": settings().table, **table_definition()}
    engine = LoadedDynoxide(definition, raw_items(users(size)))
    engine.start(folder)
    client = engine.transport()
    try:
        with pytest.MonkeyPatch.context() as patched:
            _fix_chance_and_time(patched)
            patched.setattr(delivering, "post", lambda *_: EndpointResponse(204, b""))
            patched.setattr(connect(), "_client", client)
            patched.setattr(idempotency._store, "client", client)
            return measure(Meter(client))
    finally:
        engine.stop()


def _fix_chance_and_time(patched: pytest.MonkeyPatch) -> None:
    """Let ids and instants be the same in every run: they decide what lies in which shard and on which page."""
    numbers = count()

    def new_id() -> str:
        number = next(numbers)
        return f"01950000-0000-7000-8000-{sha256(str(number).encode()).hexdigest()[:12]}"

    def now() -> str:
        return f"2027-01-01T00:00:00.{next(numbers):06}Z"

    patched.setattr(ids, "new_id", new_id)
    patched.setattr(ids, "now", now)
    patched.setattr(reading, "earliest", lambda: "2026-01-01T00:00:00.000000Z")
    # The windows that count requests stand still, so that none has to be moved on while something is measured.
    begun = time.time()
    patched.setattr(window, "time", SimpleNamespace(time=lambda: begun))
    # Feature flags are read once a minute, whichever pattern comes then.
    patched.setattr(flags, "_read_at", time.monotonic() + 3600)


def test_no_pattern_costs_more_on_a_table_a_hundred_times_as_large(figures: Figures) -> None:
    small, large = (figures[size] for size in SIZES)
    for before, after in zip(small, large, strict=True):
        assert after.calls == before.calls, after.name
        # A shard of the small table holds about as many entries as a page asks of it, so a query may read a unit more.
        assert after.reads <= before.reads + after.calls.get("Query", 0) / 2, after.name
        assert after.writes == before.writes, after.name


def test_no_pattern_scans_or_takes_many_calls(figures: Figures) -> None:
    for figure in figures[SIZES[-1]]:
        assert not {"Scan", "PartiQL", "ExecuteStatement"} & figure.calls.keys(), figure.name
        # Removing a post from the index looks for another post with each of its words, in the background.
        most = 10 + INDEXED_WORDS if figure.name == "Remove a post from the index" else 20
        assert sum(figure.calls.values()) <= most, figure.name


def test_the_page_says_what_was_measured(figures: Figures) -> None:
    data = {size: as_data(measured) for size, measured in figures.items()}
    if wanted := os.environ.get("LAMINA_FIGURES"):
        Path(wanted).write_text(json.dumps(data), encoding="utf-8")
        return
    assert PAGE.read_text(encoding="utf-8") == render(data), "run `make docs`"
