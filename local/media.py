"""`GET /_local/media/avatars/…`: what CloudFront serves on AWS, the bucket's avatars and nothing else of it."""

import re

from botocore.exceptions import ClientError

from local.account import Account
from local.envelope import SECURITY_HEADERS, Answer
from local.stack import Stack, client

PREFIX = "/_local/media/"
_AVATAR = re.compile(r"avatars/[0-9a-f-]{36}/[0-9a-f-]{36}\.webp")


def avatar(path: str, stack: Stack, account: Account) -> Answer | None:
    """Return the avatar at a path of the front; None where there is none."""
    key = path.removeprefix(PREFIX)
    if not _AVATAR.fullmatch(key):
        return None
    try:
        found = client("s3", account).get_object(Bucket=stack.resources["Data/Files"], Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    headers = {
        **SECURITY_HEADERS,
        "Cache-Control": found["CacheControl"],
        "Content-Security-Policy": "sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Answer(body=found["Body"].read(), headers=headers, content_type=found["ContentType"])
