"""The AWS account of one run: its endpoint, and credentials that only this run's processes know.

The credentials are created at each start and stored in a file of the state folder that only its owner can read, in the
format of AWS's tools (AWS_SHARED_CREDENTIALS_FILE).
"""

import configparser
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from local.settings import REGION

RUN_HEADER = "X-Lamina-Run"
"""Header with the secret, for requests that AWS does not sign: the front's API calls, the supervisor's commands."""
PROFILE = "default"
OWN_NAMES = ("127.0.0.1", "localhost")
CONTAINERS_NAME = "aws.localhost"
"""The local AWS's name in the containers of `make sam-local`. Browsers resolve names under `localhost` to this machine
themselves (RFC 6761 section 6.3), so that no web page can use it as its own name."""


def names_this_machine(host: str) -> bool:
    """Whether a request's `Host` is a name of this machine; DNS rebinding would send another name."""
    return host.partition(":")[0].lower() in OWN_NAMES


@dataclass(frozen=True)
class Account:
    """An AWS endpoint and the root credentials of its only account."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @classmethod
    def create(cls, endpoint: str, file: Path) -> Self:
        """Create credentials for a run, and write them to a file that only the user can read."""
        account = cls(endpoint, f"AKIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        content = configparser.ConfigParser()
        content[PROFILE] = {name.lower(): value for name, value in account.variables.items()} | {"region": REGION}
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            content.write(opened)
        return account

    @classmethod
    def of(cls, described: Any) -> Self:  # noqa: ANN401  JSON
        """Return the account of a running stack, from what its `/_local/stack` returns."""
        content = configparser.ConfigParser()
        with Path(described["credentials"]).open(encoding="utf-8") as opened:
            content.read_file(opened)
        profile = content[PROFILE]
        return cls(described["endpoint"], profile["aws_access_key_id"], profile["aws_secret_access_key"])

    @property
    def variables(self) -> dict[str, str]:
        """The credentials as environment variables."""
        return {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}

    @property
    def headers(self) -> dict[str, str]:
        """Headers of requests that are not AWS API requests."""
        return {RUN_HEADER: self.secret_access_key}
