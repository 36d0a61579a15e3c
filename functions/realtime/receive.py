"""$default: a message of a WebSocket."""


def handler(_event: object, _context: object) -> dict[str, int]:
    """Ignore the message."""
    return {"statusCode": 200}
