"""The credentials of a function are known to that function alone.

MiniStack makes them of the names of the function and its role, so that whoever knows those can sign as the role.
Lambda's are temporary and random (https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html). Here
they are made of the secret of the run too.
"""

import hashlib
import hmac
import os
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, sts


def apply() -> None:
    """Issue such credentials to function processes, with the account's permissions of their role."""
    for module in (lambda_runtime, lambda_svc):
        module.execution_credentials = execution_credentials


def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
    """MiniStack's `execution_credentials`, not to be guessed."""
    account, _region = lambda_runtime._account_region_from_function_config(config)
    role, name = config.get("Role", ""), config.get("FunctionName", "")[:64]
    role_name = role.rpartition("/")[2]
    about = f"{config['FunctionArn']} {role}"
    key = f"ASIA{_derived('key', about)[:16].upper()}"
    secret, token = _derived("secret", about), _derived("token", about)
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}",
        "UserId": f"{role_name}:{name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    sts.register_session(key, session)
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def _derived(what: str, about: str) -> str:
    return hmac.digest(os.environ["AWS_SECRET_ACCESS_KEY"].encode(), f"{what} {about}".encode(), hashlib.sha256).hex()
