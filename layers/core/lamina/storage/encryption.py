"""Encrypts secrets that must be decrypted again, with KMS, each for one purpose."""

import base64
from collections.abc import Mapping

import boto3

from lamina.aws import CALLS
from lamina.settings import settings

_kms = boto3.client("kms", config=CALLS)


def encrypt(text: str, context: Mapping[str, str]) -> str:
    """Return the ciphertext of a text of up to 4,096 bytes (KMS API reference, Encrypt): one call.

    Args:
        text: the secret.
        context: encryption context, required for decryption (KMS developer guide, "Encryption context").
    """
    answer = _kms.encrypt(KeyId=settings().secrets_key, Plaintext=text.encode(), EncryptionContext=dict(context))
    return base64.b64encode(answer["CiphertextBlob"]).decode()


def decrypt(encrypted: str, context: Mapping[str, str]) -> str:
    """Return the text of a ciphertext of `encrypt` with the same context: one call.

    Raises:
        ClientError: if the context differs.
    """
    answer = _kms.decrypt(
        KeyId=settings().secrets_key, CiphertextBlob=base64.b64decode(encrypted), EncryptionContext=dict(context)
    )
    return answer["Plaintext"].decode()
