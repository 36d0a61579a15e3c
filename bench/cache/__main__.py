"""`python -m bench.cache`: hit ratio and latency of the cache, into `docs/performance/cache.md`."""

import argparse
import importlib
import os
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import ROOT, engine
from bench.progress import end_in_order, say, step


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="bench.cache", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="a tenth of the requests; nothing is written")
    fast = parser.parse_args().fast
    end_in_order()
    if reason := engine.missing():
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    # The settings have to be there before anything of Lamina is imported.
    sys.path.insert(0, str(ROOT / "layers" / "core"))
    from tests.conftest import ENVIRONMENT

    os.environ.update(ENVIRONMENT | {"POWERTOOLS_LOG_LEVEL": "WARNING"})
    importlib.import_module("tests.support.aws")  # brings moto, which hooks into clients made after it
    from tests.support.cache_server import PROGRAM, cache_server_in

    with tempfile.TemporaryDirectory(prefix="lamina-cache-") as folder, ExitStack() as stack:
        server = stack.enter_context(cache_server_in(Path(folder))) if PROGRAM else None
        data = _measure(Path(folder), server.url if server else "", server.port if server else 0, fast=fast)
    from bench.cache import page

    print(page.render(data))
    if not fast and server:
        page.write(data)
        say(f"written to {page.FILE.parent}")
    hot = data["ratios"][1]
    return 0 if hot["one"] >= page.REQUIRED else 1


def _measure(folder: Path, url: str, port: int, *, fast: bool) -> dict[str, Any]:
    import pytest

    from bench.cache import latency, traffic
    from lamina.cache.client import Client
    from lamina.cache.resp import address_of
    from lamina.cache.shared import Shared
    from lamina.settings import settings
    from lamina.storage.item import connect
    from tests.integration.engines import Dynoxide
    from tests.integration.metering import Meter
    from tests.support.aws import services, table_definition

    shared = Shared(Client(address_of(url), seconds=1), "bench") if url else None
    with step("hit ratio"):
        ratios = traffic.measure(shared, traffic.REQUESTS // (10 if fast else 1))
    table = Dynoxide()
    table.start(folder)
    table.client().create_table(TableName=settings().table, **table_definition())
    try:
        with step("reads"), services(), pytest.MonkeyPatch.context() as patched:
            client = table.transport()
            patched.setattr(connect(), "_client", client)
            reads = latency.reads(Meter(client), shared)
    finally:
        table.stop()
    with step("commands and imports"):
        commands = {name: asdict(each) for name, each in latency.commands(shared, port).items()} if shared else {}
        imports = latency.imports()
    return {
        "measured": datetime.now(UTC).isoformat(timespec="minutes"),
        "ratios": [asdict(each) for each in ratios],
        "reads": [asdict(each) for each in reads],
        "commands": commands,
        "imports": imports,
    }


if __name__ == "__main__":
    sys.exit(main())
