"""$disconnect: a WebSocket has ended."""


def handler(_event: object, _context: object) -> dict[str, int]:
    """Do nothing: no connection is remembered."""
    return {"statusCode": 200}
