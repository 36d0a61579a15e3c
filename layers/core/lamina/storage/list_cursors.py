"""Cursors of a list of the API, signed with the key of the stack."""

from collections.abc import Mapping
from urllib.parse import urlencode

import boto3
from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from lamina.aws import CALLS
from lamina.settings import settings
from lamina.storage.cursors import Cursor, CursorSigner

SECRET_CACHE_SECONDS = 3600

_secrets = SecretsProvider(boto3_client=boto3.client("secretsmanager", config=CALLS))


class ListCursors:
    """The cursors of one list with its filters and sort."""

    def __init__(self, path: str, query: Mapping[str, str], audience: str) -> None:
        """Create the cursors.

        Args:
            path: path of the list, from `/v1` on.
            query: filters and sort. A cursor is bound to them and to the audience.
            audience: the view of the list, so that a cursor of one view is not valid for another.
        """
        self._binding = f"{path}?{urlencode(sorted(query.items()))}#{audience}"

    def read(self, text: str) -> Cursor:
        """Return the cursor of a text.

        Raises:
            Invalid: for a forged or foreign cursor.
        """
        return _signer().verify(text, self._binding)

    def write(self, cursor: Cursor) -> str:
        """Return a cursor as text."""
        return _signer().sign(cursor, self._binding)

    def following(self, last: str, *, has_more: bool) -> str | None:
        """Return the cursor of the next page, after the position where a page ends; None if there is none."""
        return self.write(Cursor(last)) if has_more and last else None


def _signer() -> CursorSigner:
    try:
        secret = _secrets.get(settings().cursor_secret, max_age=SECRET_CACHE_SECONDS)
    except GetParameterError as error:
        # Powertools does not set the cause, which tells an outage from a bug.
        raise error from error.__context__
    return CursorSigner(str(secret).encode())
