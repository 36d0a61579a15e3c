"""`make rotate-signing-key`: starts to sign access tokens with a new KMS key.

The new key is published at once and signs after seven minutes, when every function and every cache of the key set
has it. The old key is trusted until its last token expires, and can be deleted in KMS a day later. `ARGS=--now` is for
a leak: the new key signs within a minute, and every token of an older key is rejected from then on.
"""

import boto3

from operations.command import explained, parse, parser
from operations.connection import connect, give_up


def main() -> None:
    """Read the command line, and rotate the key."""
    options = parser("rotate-signing-key", __doc__)
    options.add_argument("--now", action="store_true", help="reject all tokens of older keys")
    given = parse(options)
    with explained(given.stack, given.region):
        connect(given.stack)
        print(rotate(at_once=given.now))


def rotate(*, at_once: bool = False) -> str:
    """Create a key like the current signing key, and add it to the ring; return what was done.

    Args:
        at_once: replace all keys by it instead, so that their tokens are rejected.
    """
    from lamina.errors import LaminaError
    from lamina.identity.tokens import signing_keys

    kms = boto3.client("kms")
    tags = kms.list_resource_tags(KeyId=signing_keys.newest_that_signs())["Tags"]
    # The tags of the stack let its functions use the key; those that CloudFormation made are not ours to set.
    own = [tag for tag in tags if not tag["TagKey"].startswith("aws:")]
    made = kms.create_key(
        KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Description="Signs access tokens (ES256).", Tags=own
    )
    key_id = made["KeyMetadata"]["KeyId"]
    try:
        ring = signing_keys.replace(key_id) if at_once else signing_keys.add(key_id)
    except LaminaError as error:
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
        give_up(error.message)
    if at_once:
        return f"{key_id} signs tokens within a minute; tokens of all other keys are rejected then"
    return f"{key_id} signs tokens from {ring[0].signs_from:%H:%M:%S} UTC on; the key ring has {len(ring)} keys"


if __name__ == "__main__":
    main()
