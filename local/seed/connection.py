"""Connects this process to the running stack, as one of its functions."""

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

from local import running
from local.account import Account
from local.settings import DEFAULT_PORT, HOST, REGION, ROOT
from local.stack import client
from local.terminal import Stopped

MODEL = "Identity/RegisterFunction"
"""The function whose environment this process uses."""
SECONDS_TO_ANSWER = 30


def connect(port: str | None) -> str:
    """Apply the settings of a running stack, so that `lamina` can be imported and works on its data.

    Args:
        port: of the stack; None for the one that runs from this checkout.

    Returns:
        The address of its API.

    Raises:
        Stopped: if none runs there, or several do.
    """
    url, stack = find(port)
    account = Account.of(stack)
    functions = client("lambda", account)
    function = functions.get_function_configuration(FunctionName=stack["resources"][MODEL])
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # the endpoint of one service, say, which would go before the stack's own
    os.environ.update(account.variables | function["Environment"]["Variables"])
    os.environ.update(AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL=account.endpoint)
    sys.path.insert(0, str(ROOT / "layers" / "core"))
    return url


def find(port: str | None) -> tuple[str, Any]:
    """Return the address of a running stack's API and what its `/_local/stack` returns; as `connect`."""
    url = f"http://{HOST}:{port or _running()}"
    return url, _ask(url)


def _running() -> int:
    """Return the port of the only stack that runs from this checkout, or the usual one where none does."""
    found = running.ports(ROOT)
    if len(found) > 1:
        known = " and ".join(map(str, found))
        raise Stopped(f"stacks run on the ports {known}: choose one with PORT={found[0]}")
    return found[0] if found else DEFAULT_PORT


def _ask(url: str) -> Any:  # noqa: ANN401  JSON
    try:
        with urllib.request.urlopen(f"{url}/_local/stack", timeout=SECONDS_TO_ANSWER) as answer:  # noqa: S310 (http only)
            return json.load(answer)
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        advice = "start it with `make run`, wait for the line `ready`, then try again in another terminal"
        raise Stopped(f"no stack runs at {url}: {advice} (set PORT if it is not 3000)") from error
