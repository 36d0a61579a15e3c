"""Secrets that must be read back: they lie in the table encrypted by KMS, each for its own purpose alone."""

import base64
from collections.abc import Mapping

import boto3

from lamina.aws import CALLS
from lamina.settings import settings

_kms = boto3.client("kms", config=CALLS)


def seal(text: str, context: Mapping[str, str]) -> str:
    """Encrypt a text of at most 4,096 bytes (KMS API reference, Encrypt): one call.

    Args:
        text: the secret.
        context: what it is for; it opens for the same only (KMS developer guide, "Encryption context").
    """
    answer = _kms.encrypt(KeyId=settings().secrets_key, Plaintext=text.encode(), EncryptionContext=dict(context))
    return base64.b64encode(answer["CiphertextBlob"]).decode()


def unseal(sealed: str, context: Mapping[str, str]) -> str:
    """Decrypt what `seal` has made for the same context: one call.

    Raises:
        ClientError: when the context is another.
    """
    answer = _kms.decrypt(
        KeyId=settings().secrets_key, CiphertextBlob=base64.b64decode(sealed), EncryptionContext=dict(context)
    )
    return answer["Plaintext"].decode()
