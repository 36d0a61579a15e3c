"""How long Lambda would bill a call, from what was measured of it."""

from collections.abc import Mapping
from typing import Any

WHOLE_PROCESSOR_MB = 1769
"""Memory at which a function has one whole processor; less memory has as much less of it (Lambda developer guide)."""
WAITS_MS = {"dynamodb": 5.0, "kms": 10.0}
"""What a call of a service is taken to last, in milliseconds; of others, `OTHER_MS`."""
OTHER_MS = 20.0


def milliseconds(figure: Mapping[str, Any], overhead_ms: float) -> float:
    """Return the billed duration of a call: its CPU time on its share of a processor, and its waits for AWS.

    Args:
        figure: of an endpoint: `cpu_ms`, `memory` in MB, `calls` by service and operation.
        overhead_ms: CPU time of every call that was not measured with it.
    """
    slower = max(1.0, WHOLE_PROCESSOR_MB / figure["memory"])
    waits = sum(WAITS_MS.get(call.partition(":")[0], OTHER_MS) * number for call, number in figure["calls"].items())
    return float((figure["cpu_ms"] + overhead_ms) * slower + waits)
