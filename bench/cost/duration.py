"""Estimates the billed duration of a call from its measurement."""

from collections.abc import Mapping
from typing import Any

WHOLE_PROCESSOR_MB = 1769
"""Memory at which a function has one whole vCPU; less memory has a proportional share (Lambda developer guide)."""
WAITS_MS = {"dynamodb": 5.0, "kms": 10.0}
"""Assumed duration of a call of a service in milliseconds; `OTHER_MS` for other services."""
OTHER_MS = 20.0


def milliseconds(figure: Mapping[str, Any], overhead_ms: float) -> float:
    """Return the billed duration of a call: its CPU time on its share of a vCPU, and its waits for AWS.

    Args:
        figure: of an endpoint: `cpu_ms`, `memory` in MB, `calls` by service and operation.
        overhead_ms: CPU time of every call that is not part of the measurement.
    """
    slower = max(1.0, WHOLE_PROCESSOR_MB / figure["memory"])
    waits = sum(WAITS_MS.get(call.partition(":")[0], OTHER_MS) * number for call, number in figure["calls"].items())
    return float((figure["cpu_ms"] + overhead_ms) * slower + waits)
