"""Lambda SnapStart: functions that start from a snapshot of an initialized process."""

import importlib
import os
from collections.abc import Callable


def before_snapshot(prime: Callable[[], object]) -> None:
    """Call a function once before Lambda takes the snapshot, so that what the first use creates is in it.

    Lambda has the hooks in its own runtime only, and only where SnapStart is on (Lambda developer guide, "Lambda
    SnapStart runtime hooks for Python").
    """
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        importlib.import_module("snapshot_restore_py").register_before_snapshot(prime)
