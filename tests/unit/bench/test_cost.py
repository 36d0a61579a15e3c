"""Dollars of a million calls, from what was measured and prices."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.cost.page import costs, milliseconds

ROOT = Path(__file__).resolve().parents[3]
PRICES = json.loads((ROOT / "docs" / "prices.json").read_bytes())
READ: dict[str, Any] = {
    "routes": ["GET /v1/users/{user_id}"],
    "memory": 512,
    "cpu_ms": 2.0,
    "reads": 1.0,
    "writes": 0.0,
    "calls": {"dynamodb:GetItem": 1},
}


def test_cpu_time_stretches_as_memory_shrinks_and_waits_do_not() -> None:
    assert milliseconds({**READ, "memory": 1769}, 0) == pytest.approx(2.0 + 5)
    assert milliseconds({**READ, "memory": 1769 / 2}, 0) == pytest.approx(4.0 + 5)


def test_more_memory_than_a_processor_makes_nothing_faster() -> None:
    assert milliseconds({**READ, "memory": 4096}, 0) == milliseconds({**READ, "memory": 1769}, 0)


def test_a_million_reads_cost_what_the_price_lists_say() -> None:
    found = costs(READ, PRICES, 0)
    assert found["gateway"] == 3.5
    assert found["table"] == 0.125
    assert found["keys"] == 0
    seconds = milliseconds(READ, 0) * 1000
    assert found["lambda"] == pytest.approx(0.2 + seconds / 2 * 0.0000133334)


def test_signatures_are_dearer_than_encryptions_and_what_no_gateway_calls_pays_none() -> None:
    found = costs({**READ, "routes": [], "calls": {"kms:Sign": 1, "kms:Encrypt": 2}}, PRICES, 0)
    assert found["keys"] == 15 + 2 * 3
    assert found["gateway"] == 0
