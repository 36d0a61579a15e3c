"""The command line of commands for a deployed stack: its name, its region, and explanations of AWS errors.

`make deploy` writes the region and the stack's name to samconfig.toml, so they are read from there. `--stack` and
`--region` override them, and so do `AWS_REGION` and `AWS_DEFAULT_REGION`.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from operations.configuration import Configuration
from operations.connection import give_up

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""The SDKs' variable, and boto3's."""
STACK = "lamina"
SIGN_IN = "run `aws configure` or `aws sso login`, or name a profile with AWS_PROFILE=…"
ADVICE = {
    NoRegionError: "no AWS region: `make deploy` writes it to samconfig.toml; until then, set AWS_REGION=…",
    NoCredentialsError: f"no AWS credentials: {SIGN_IN}",
    PartialCredentialsError: f"the AWS credentials are incomplete: {SIGN_IN}",
    ProfileNotFound: "the profile does not exist: list all with `aws configure list-profiles`",
    EndpointConnectionError: "AWS does not respond: check the name of the region and the network",
    TokenRetrievalError: f"the AWS session has expired: {SIGN_IN}",
    UnauthorizedSSOTokenError: f"the AWS session has expired: {SIGN_IN}",
    SSOError: f"the AWS session cannot be used: {SIGN_IN}",
}
DETAILED = {PartialCredentialsError, ProfileNotFound, EndpointConnectionError, SSOError}
SERVER_ERROR = 500
BUSY = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionCanceledException",
    "TransactionInProgressException",
}
"""Refusals that pass (DynamoDB developer guide, "Error handling with DynamoDB")."""
WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before work that failed is repeated."""
EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "RequestExpired",
    "UnrecognizedClientException",
}


def parser(command: str, description: str | None) -> argparse.ArgumentParser:
    """Return the parser of a command, with the common options."""
    made = argparse.ArgumentParser(prog=f"make {command}", description=description)
    made.add_argument("--stack", default="", help="name of the stack; default: the one in samconfig.toml")
    made.add_argument("--region", default="", help="AWS region of the stack; default: the one in samconfig.toml")
    made.add_argument("--config-env", default="default", help="the environment of samconfig.toml")
    return made


def parse(arguments: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line; boto3 clients that are created later use the stack's region."""
    given = arguments.parse_args()
    configured = Configuration(given.config_env)
    given.stack = given.stack or configured.stack or STACK
    given.region = use_region(given.region, configured)
    return given


def use_region(named: str, configured: Configuration) -> str | None:
    """Set the region of boto3: the named one, else the environment's, else that of samconfig.toml.

    Returns the region, or None if only boto3's own configuration may have one (`~/.aws/config`).
    """
    of_environment = next(filter(None, map(os.environ.get, REGION_VARIABLES)), None)
    region = named or of_environment or configured.region
    if region:
        os.environ.update(dict.fromkeys(REGION_VARIABLES, region))
    return region


@contextmanager
def explained(stack: str = "", region: str | None = None) -> Iterator[None]:
    """Exit with one line of advice if AWS rejects a call."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        give_up(_reason(error, stack, region))


def repeated[T](work: Callable[[], T]) -> T:
    """Do work, and again after a failure that passes: a busy table, a lost connection, a concurrent change.

    The work must be safe to repeat, such as a rebuild that writes only what differs.
    """
    from lamina.errors import Conflict  # commands can import it once they are connected

    for wait in WAITS:
        try:
            return work()
        except (BotoCoreError, ClientError, Conflict) as error:
            if _reason_is_final(error):
                raise
            print(f"repeating in {wait:.0f} s after: {str(error) or 'a conflict'}", file=sys.stderr, flush=True)
            time.sleep(wait)
    return work()


def _reason_is_final(error: Exception) -> bool:
    """Return whether a failure will be the same the next time: bad credentials, a refused action."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status < SERVER_ERROR and error.response.get("Error", {}).get("Code") not in BUSY
    return isinstance(error, tuple(kind for kind in ADVICE if kind is not EndpointConnectionError))


def _reason(error: BotoCoreError | ClientError, stack: str, region: str | None) -> str:
    if isinstance(error, ClientError):
        return _reason_of_service(error, stack, region)
    for kind, advice in ADVICE.items():
        if isinstance(error, kind):
            return f"{advice} ({error})" if kind in DETAILED else advice
    return str(error)


def _reason_of_service(error: ClientError, stack: str, region: str | None) -> str:
    answer = error.response.get("Error", {})
    code, message = answer.get("Code", ""), answer.get("Message", "")
    if code in EXPIRED:
        return f"AWS does not accept the credentials ({code}): {SIGN_IN}"
    if code == "ValidationError" and "does not exist" in message:
        return (
            f"stack {stack!r} does not exist in {region or 'the region'}: deploy it with `make deploy`, "
            "or choose another with STACK=… and AWS_REGION=…"
        )
    return str(error)
