"""Metrics as part of a log line, in CloudWatch's embedded metric format: nothing is called for them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import time
from typing import Any

NAMESPACE = "lamina"


def timed(field: str, *, by: tuple[str, ...]) -> dict[str, Any]:
    """Give what makes a metric of a log line.

    Args:
        field: of the line that holds milliseconds.
        by: fields of the line that tell one metric from another. Each combination is billed as a metric of its own.
    """
    directive = {"Namespace": NAMESPACE, "Dimensions": [by], "Metrics": [{"Name": field, "Unit": "Milliseconds"}]}
    return {"_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]}}
