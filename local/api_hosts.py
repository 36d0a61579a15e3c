"""Where the local AWS serves what has a host name of its own on AWS: an API of API Gateway.

Functions take the management API of their WebSocket API from a variable, `https://{api}.execute-api.{region}.…/{stage}`.
No such name leads to the local AWS, which serves every API below one path.
"""

import re
from collections.abc import Mapping

HOST = re.compile(r"https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?=/|$)")


def local_variables(variables: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """Return those variables of a function that name an API's host, with its address in the local AWS.

    Args:
        variables: of the function.
        endpoint: of the local AWS, as the function reaches it.
    """
    found = {name: HOST.sub(rf"{endpoint}/_aws/execute-api/\1", value) for name, value in variables.items()}
    return {name: value for name, value in found.items() if value != variables[name]}
