"""KMS encrypts 4,096 bytes at most, and refuses more.

MiniStack encrypts a text of any length, so that what must not be sent to KMS whole fails on AWS first. KMS takes 4,096
bytes with a symmetric key (https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html).
"""

import base64
from typing import Any

from ministack.services import kms

LIMIT = 4096


def apply() -> None:
    """Limit the size of plaintexts in Encrypt."""
    encrypt = kms._encrypt

    def bounded(data: dict[str, Any]) -> Any:
        if len(base64.b64decode(data.get("Plaintext", ""))) > LIMIT:
            message = "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: length <= 4096"
            return kms.error_response_json("ValidationException", message, 400)
        return encrypt(data)

    kms._encrypt = bounded
