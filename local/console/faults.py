"""Faults to try: those of the payment provider, and those of the local AWS (`local/aws_faults.py`)."""

import json
import urllib.request
from typing import Any

from local.console.context import Context, Query, changed

SECONDS = 5


def read(context: Context, _identifier: str, _query: Query) -> object:
    """Return all switches."""
    return {"payments": context.simulator.faults.as_json(), "aws": _aws(context, None)}


def set_payments(context: Context, asked: Any) -> object:  # noqa: ANN401  JSON
    """Set the switches of the payment provider; raises ValueError for a value out of range."""
    context.simulator.faults.set(asked)
    changed(context.journal, "faults")
    return context.simulator.faults.as_json()


def set_aws(context: Context, asked: Any) -> object:  # noqa: ANN401  JSON
    """Set the switches of the local AWS; raises ValueError for one that is not known."""
    found = _aws(context, asked)
    changed(context.journal, "faults")
    return found


def _aws(context: Context, given: Any) -> object:  # noqa: ANN401  JSON
    url = f"{context.account.endpoint}/_lamina/faults"
    body = json.dumps(given).encode() if given is not None else b""
    request = urllib.request.Request(url, body, context.account.headers)  # noqa: S310  our own process
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  as above
        found = json.load(answer)
    if "error" in found:
        raise ValueError(found["error"])
    return found
