"""A function reaches the API whose host is in its variables.

MiniStack passes variables on unchanged, and the host name of an API (`{api}.execute-api.{region}.amazonaws.com`) leads
to AWS. Here such a variable has the address at which the local AWS serves that API.
"""

import os
from typing import Any

from ministack.core import lambda_runtime

from local.api_hosts import local_variables


def apply() -> None:
    """Replace hosts of APIs in the variables of function processes."""
    credentials = lambda_runtime.execution_credentials

    def with_addresses(config: dict[str, Any]) -> dict[str, str]:
        """MiniStack's `execution_credentials`: what a process is given beside the function's own variables."""
        variables = config.get("Environment", {}).get("Variables", {})
        return {**credentials(config), **local_variables(variables, f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}")}

    lambda_runtime.execution_credentials = with_addresses
