"""`make revoke-api-key < file`: revokes an API key that was found where it should not be, such as in a repository.

The key is read from the standard input, so that it is not in the history of a shell. Whoever has the key's text may
revoke it: its owner is not needed, and receives a mail.
"""

import sys

from operations.command import explained, parse, parser
from operations.connection import connect, give_up


def main() -> None:
    """Read the command line and the key, and revoke it."""
    given = parse(parser("revoke-api-key", __doc__))
    text = sys.stdin.readline().strip()
    if not text:
        give_up("no key: make revoke-api-key < file")
    with explained(given.stack, given.region):
        connect(given.stack)
        print(revoke(text))


def revoke(text: str) -> str:
    """Revoke the key of this text; return what was done."""
    # Only now: these modules read their settings when they are imported, and `connect` has just found them.
    from lamina.errors import LaminaError
    from lamina.events.request_context import RequestContext
    from lamina.identity.credentials import api_keys
    from lamina.ids import new_id

    try:
        key = api_keys.revoke_found(text, RequestContext(None, new_id()))
    except LaminaError as error:
        give_up(error.message)
    used = f"last used {key.last_used_at}" if key.last_used_at else "never used"
    return f"{key.prefix}… is revoked; it was created {key.created_at} and {used}"


if __name__ == "__main__":
    main()
