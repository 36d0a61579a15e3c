"""One line of log and one metric for a request, by hand."""

import json
import time


def tell(started, *, method, route, status, correlation_id, request_id, actor):
    """Print both; the metric in CloudWatch's embedded metric format."""
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    facts = {
        "level": "INFO",
        "message": "request",
        "service": "bench",
        "correlation_id": correlation_id,
        "request_id": request_id,
        "method": method,
        "route": route,
        "status": status,
        "milliseconds": milliseconds,
        "actor": actor,
    }
    metric = {
        "_aws": {
            "Timestamp": time.time_ns() // 1_000_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "bench",
                    "Dimensions": [["service", "route"]],
                    "Metrics": [{"Name": "Duration", "Unit": "Milliseconds"}],
                }
            ],
        },
        "service": "bench",
        "route": route,
        "Duration": milliseconds,
    }
    print(json.dumps(facts))
    print(json.dumps(metric))
