"""Access tokens: ES256 JWTs (RFC 7518 section 3.4), signed inside KMS with a key that never leaves it."""

import base64
import json
import time
from functools import cache
from typing import Any, NoReturn

import boto3
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from jwt.algorithms import Algorithm, ECAlgorithm
from jwt.utils import der_to_raw_signature

from lamina import ids
from lamina.access.policy import Role
from lamina.aws import CALLS
from lamina.identity.model import AccessClaims
from lamina.identity.tokens import signing_keys
from lamina.identity.tokens.signing_keys import ACCESS_SECONDS
from lamina.settings import settings

TYPE = "at+jwt"
"""The `typ` of access tokens (RFC 9068 section 2.1), so that no other token is accepted as one."""
CLAIMS = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid", "scope", "role"]
MAX_CHARACTERS = 4096
SKEW_SECONDS = 2
"""Tolerated clock difference in seconds; without it, a token could be refused in the second in which it is issued."""

kms = boto3.client("kms", config=CALLS)


class ExpiredToken(Exception):
    """The token is valid except that it has expired."""


class InvalidToken(Exception):
    """The token is not one that we issued."""


class _KmsEs256(Algorithm):
    """PyJWT's ES256 with signing in KMS: the "private key" is the id of the KMS key."""

    def prepare_key(self, key: str) -> str:
        return key

    def sign(self, msg: bytes, key: str) -> bytes:
        # KMS computes the hash; the signing input of a token is far below its limit of 4,096 bytes (API_Sign).
        answer = kms.sign(KeyId=key, Message=msg, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")
        return der_to_raw_signature(answer["Signature"], SECP256R1())

    def verify(self, msg: bytes, key: str, sig: bytes) -> bool:
        raise NotImplementedError("tokens are verified with the public key, outside KMS")

    @staticmethod
    def to_jwk(key_obj: str, as_dict: bool = False) -> NoReturn:
        raise NotImplementedError("the private key never leaves KMS")

    @staticmethod
    def from_jwk(jwk: str | dict[str, Any]) -> NoReturn:
        raise NotImplementedError("the private key never leaves KMS")


_jws = jwt.PyJWS(algorithms=[])
_jws.register_algorithm("ES256", _KmsEs256())


def issue(claims: AccessClaims) -> str:
    """Return an access token, valid for 15 minutes, signed with the current signing key: one KMS call."""
    now = int(time.time())
    payload = {
        "iss": settings().public_url,
        "aud": settings().audience,
        "sub": claims.user_id,
        "iat": now,
        "nbf": now,
        "exp": now + ACCESS_SECONDS,
        "jti": ids.new_id(),
        "sid": claims.session_id,
        "scope": claims.scope,
        "role": claims.role,
    }
    if claims.client_id:
        payload["client_id"] = claims.client_id
    key_id = signing_keys.newest_that_signs()
    return _jws.encode(json.dumps(payload).encode(), key_id, algorithm="ES256", headers={"typ": TYPE, "kid": key_id})


def verify(token: str) -> AccessClaims:
    """Return the claims of an access token; verifies key, algorithm, type, issuer, audience, times and every claim.

    Raises:
        ExpiredToken: if it is valid except that it has expired.
        InvalidToken: if it is invalid in any other way.
    """
    try:
        claims = jwt.decode(
            token,
            _verification_key(token),
            algorithms=["ES256"],
            issuer=settings().public_url,
            audience=settings().audience,
            leeway=SKEW_SECONDS,
            options={"require": CLAIMS, "strict_aud": True},
        )
        return AccessClaims(
            user_id=claims["sub"],
            session_id=str(claims["sid"]),
            role=Role(claims["role"]),
            scope=str(claims["scope"]),
            client_id=claims.get("client_id"),
            ends=int(claims["exp"]),
        )
    except jwt.ExpiredSignatureError:
        raise ExpiredToken from None
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise InvalidToken from None


def payload_of(token: str) -> dict[str, Any]:
    """Return all claims of a token that `verify` has accepted."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _verification_key(token: str) -> EllipticCurvePublicKey:
    if len(token) > MAX_CHARACTERS or not token.isascii() or not all(map(_is_canonical, token.split("."))):
        raise InvalidToken
    header = jwt.get_unverified_header(token)
    if header.get("typ") != TYPE or header.get("kid") not in signing_keys.trusted():
        raise InvalidToken
    return public_key(header["kid"])


def _is_canonical(part: str) -> bool:
    """Return whether a part of a token is canonical base64url: decoders accept several encodings of the same bytes."""
    decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return base64.urlsafe_b64encode(decoded).decode().rstrip("=") == part


@cache
def public_key(key_id: str) -> EllipticCurvePublicKey:
    """Return the public key of a signing key, fetched from KMS once per process."""
    key = load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])
    if not isinstance(key, EllipticCurvePublicKey):
        raise TypeError(f"signing key {key_id} is not an elliptic curve key")
    return key


def key_set() -> list[dict[str, Any]]:
    """Return the public keys of all valid tokens as JWKs (RFC 7517)."""
    return [
        {**ECAlgorithm.to_jwk(public_key(key_id), as_dict=True), "kid": key_id, "use": "sig", "alg": "ES256"}
        for key_id in signing_keys.trusted()
    ]
