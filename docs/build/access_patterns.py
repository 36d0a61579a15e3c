"""`docs/access-patterns.md`: each way to the table with what it costs, as the tests measure it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SIZES = (100, 10_000)
"""Users in the tables that are compared."""
MEASUREMENT = "tests/integration/test_access_patterns.py"

INTRODUCTION = """\
# Access patterns

<!-- Made by `make docs` from the code and its tests; do not edit. -->

Every access pattern of Lamina's table: its keys, its calls, and the request units that they take, measured with
{small:,} and with {large:,} users in the table. A test fails if a pattern costs more on the larger table. No request
and no consumer scans.

Read units (R) are those of [DynamoDB's on-demand mode][units]: one for 4 KB read consistently, half of one otherwise.
Write units (W) are one for 1 KB, two in a transaction, and one for each index entry that is written or removed. They
are measured on dynoxide, which counts the index entries of a transaction once; DynamoDB Local counts them twice. The
last column is the cost of a million calls at the prices of {region} on {checked}: ${read} for a million R, ${write} for
a million W. It does not include Lambda, API Gateway, KMS, the stream and storage.

The reads of the authorizer are a separate row. They are added to every authenticated call; for reads, at most once in
`AuthorizerCacheSeconds` for each session. Lists have 20 users a page, searches 10.

| pattern | endpoint | calls | units at {small:,} | units at {large:,} | a million calls |
| --- | --- | --- | ---: | ---: | ---: |
"""

KEYS = """
[units]: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html

## Keys

The keys of each pattern, and how many of them one call used on the larger table. Keys of the table are written
`pk` / `sk`; a query is written as its index and partition.

| pattern | keys |
| --- | --- |
"""

CLOSE = """
## Bounded costs

These costs are not constant, but bounded:

- **A page by number** (`page=N`) reads the entries that it skips: about half a read unit for every 20 users before it,
  up to 10,000. Beyond that, and for long iterations, use the cursor, which costs the same on every page.
- **A search** reads the entries of the longest term in order. If other terms or filters match few of them, it reads at
  most {most} and then returns a short page with a cursor.
- **A search of posts** reads at most 1,000 entries of each word, 7.5 R, 1,200 of completions of the last one, and the
  vectors of 100 posts, 50 R; then the posts of the page, with their contents and authors. Words that few posts have
  cost less, as above.
- **Indexing a post** takes 2 W and 1 R for each different word, and 1 W for a word that no post had before; removing it
  takes 1 R for each word to look for other posts that have it.
- **Activities** take a query for each month until the page is full, at most for the months that they are kept; a page
  of one type reads at most {looked_at:,} of them, about 40 R.
- **An event** costs a delivery for each subscribed webhook: at most {own} of its owner, and {everybody} of scope `all`.
- **The nightly reconciliation** of the counters reads every user and its marker, 100 at a time: about 150 R for 100
  users of up to 4 KB.
- **A replay of events** by time is an operator's command that scans the table, at a configured rate; a replay of one
  subject is a query.
"""

type Data = Mapping[int, Sequence[Mapping[str, Any]]]
"""Figures by the number of users in the table."""


PAGE = ROOT / "docs" / "access-patterns.md"


def files() -> dict[Path, str]:
    """Measure, and write the page; the measuring is that of the tests, which need the engine that it runs on.

    Raises:
        RuntimeError: when the measurement did not come about, with what pytest says.
    """
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / MEASUREMENT)]
        environment = os.environ | {"LAMINA_FIGURES": str(figures)}
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if run.returncode or not figures.is_file():
            raise RuntimeError(f"{MEASUREMENT} wrote no figures:\n{run.stdout}")
        measured = json.loads(figures.read_text(encoding="utf-8"))
    return {PAGE: render({int(size): patterns for size, patterns in measured.items()})}


def render(data: Data) -> str:
    """Write the page from figures."""
    from lamina.activities.reading import MOST_LOOKED_AT
    from lamina.storage.word_search import MORE_ROUNDS, ROUND
    from lamina.webhooks.directory import MOST_FOR_EVERYBODY, MOST_OF_ONE

    prices = json.loads((ROOT / "docs" / "prices.json").read_text(encoding="utf-8"))
    on_demand = prices["dynamodb_on_demand"]
    read, write = on_demand["million_read_request_units"], on_demand["million_write_request_units"]
    small, large = (data[size] for size in SIZES)
    head = INTRODUCTION.format(
        small=SIZES[0], large=SIZES[1], region=prices["region"], checked=prices["checked"], read=read, write=write
    )
    rows = [_row(before, after, read, write) for before, after in zip(small, large, strict=True)]
    keys = [f"| {after['name']} | {_keys(after)} |\n" for after in large]
    return (
        head
        + "".join(rows)
        + KEYS
        + "".join(keys)
        + CLOSE.format(
            most=ROUND * (MORE_ROUNDS + 1), looked_at=MOST_LOOKED_AT, own=MOST_OF_ONE, everybody=MOST_FOR_EVERYBODY
        )
    )


def _row(before: Mapping[str, Any], after: Mapping[str, Any], read: float, write: float) -> str:
    calls = ", ".join(f"{number} {operation}" for operation, number in sorted(after["calls"].items()))
    cost = after["reads"] * read + after["writes"] * write
    cells = (after["name"], after["endpoint"], calls, _units(before), _units(after), f"${cost:.3f}")
    return f"| {' | '.join(cells)} |\n"


def _units(figure: Mapping[str, Any]) -> str:
    amounts = ((figure["reads"], "R"), (figure["writes"], "W"))
    return " + ".join(f"{amount:g} {unit}" for amount, unit in amounts if amount) or "0"


def _keys(figure: Mapping[str, Any]) -> str:
    return ", ".join(f"{shape} ×{number}" for shape, number in sorted(figure["keys"].items())) or "–"
