"""The second factor: time-based codes (RFC 6238) and recovery codes, each single-use."""

import secrets
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import pyotp

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import Conflict
from lamina.events.catalog import MFA_ACTIVATED, MFA_DISABLED, SECOND_FACTOR_FAILED
from lamina.events.request_context import RequestContext
from lamina.identity.errors import MfaActive, MfaNotEnrolled, WrongCode
from lamina.identity.items import MfaItem, mfa_key
from lamina.identity.security_events import account_event
from lamina.identity.sessions import service as sessions
from lamina.identity.sessions.login_attempts import failure_of, own_attempt
from lamina.identity.tokens.token_secrets import digest
from lamina.storage import transactions
from lamina.storage.encryption import decrypt, encrypt
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed
from lamina.users.model import User

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""Number of adjacent time steps whose codes are accepted (RFC 6238 section 5.2)."""
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 16


@dataclass(frozen=True)
class Enrolment:
    """The secret for an authenticator app in base32, and the same as a URI for a QR code."""

    secret: str
    uri: str


def find(user_id: str) -> MfaItem | None:
    """Return a user's second factor, active or not; None if there is none."""
    try:
        return MfaItem.get(*mfa_key(user_id), consistent_read=True)
    except MfaItem.DoesNotExist:
        return None


def enroll(user: User, caller: Caller) -> Enrolment:
    """Create a secret for a user; it takes effect once a code of it was verified.

    Args:
        user: the user.
        caller: the user, as authenticated.

    Raises:
        MfaActive: if a second factor is already active.
        Unauthenticated: if the session ends concurrently.
    """
    stored = find(user.id)
    if stored is not None and stored.active:
        raise MfaActive
    secret = pyotp.random_base32()
    item = stored or MfaItem(*mfa_key(user.id), created_by=user.id)
    item.secret, item.active, item.last_step, item.recovery = encrypt(secret, _purpose(user.id)), False, 0, []
    _write(caller, put=[item])
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="Lamina"))


def activate(caller: Caller, code: str, context: RequestContext) -> list[str]:
    """Activate the caller's enrolled secret, given a code of it.

    Returns:
        The recovery codes; they are returned only once.

    Raises:
        MfaNotEnrolled, MfaActive, WrongCode: if it cannot be activated.
        Unauthenticated: if the session ends concurrently.
    """
    user_id = caller.user_id
    item = find(user_id)
    if item is None:
        raise MfaNotEnrolled
    if item.active:
        raise MfaActive
    if not accept(item, user_id, code):
        raise WrongCode
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    item.active, item.activated_at, item.recovery = True, ids.now(), [digest(text) for text in codes]
    _write(caller, put=[item, account_event(MFA_ACTIVATED.of({}), user_id, context)])
    return codes


def disable(caller: Caller, code: str, address: str, context: RequestContext) -> None:
    """Delete the caller's second factor, given a code of it.

    Args:
        caller: the user.
        code: a current code or a recovery code.
        address: client IP address.
        context: the request.

    Raises:
        MfaNotEnrolled, WrongCode: if it cannot be disabled.
        RateLimited: after too many wrong codes, as for sign-ins.
        Unauthenticated: if the session ends concurrently.
    """
    user_id = caller.user_id
    item = find(user_id)
    if item is None or not item.active:
        raise MfaNotEnrolled
    with own_attempt(f"second factor of {user_id}", address) as attempt:
        if not accept(item, user_id, code):
            transactions.write(put=failure_of(attempt, SECOND_FACTOR_FAILED, user_id, context))
            raise WrongCode
        attempt.succeeded()
    _write(caller, put=[account_event(MFA_DISABLED.of({}), user_id, context)], delete=[item])


def accept(item: MfaItem, user_id: str, code: str) -> bool:
    """Return whether a code is valid, and mark it as used on the item. The use is recorded once the item is saved.

    Args:
        item: the second factor.
        user_id: the user.
        code: a current code of six digits, or a recovery code, as typed or pasted.
    """
    code = _plain(code)
    hashed = digest(code)
    if hashed in item.recovery:
        item.recovery = [kept for kept in item.recovery if kept != hashed]
        return True
    step = _matching_step(decrypt(item.secret, _purpose(user_id)), code.encode())
    if step is None or step <= item.last_step:
        return False
    item.last_step = step
    return True


def _plain(code: str) -> str:
    """Return the letters and digits of a code, in lower case and as ASCII where they have an ASCII form.

    Blanks, line ends, hyphens, dots and invisible characters come from grouping and pasting. They are not part of a
    code, so ignoring them does not help an attacker.
    """
    kept = (char for char in unicodedata.normalize("NFKC", code).lower() if char.isalnum())
    return "".join(str(unicodedata.decimal(char, char)) for char in kept)


def _matching_step(secret: str, code: bytes) -> int | None:
    """Return the time step near the current one that a code belongs to, else None. Compares in constant time."""
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    now = int(time.time()) // STEP_SECONDS
    steps = range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
    return next((step for step in steps if secrets.compare_digest(totp.generate_otp(step).encode(), code)), None)


def _write(caller: Caller, *, put: Sequence[Item], delete: Sequence[Item] = ()) -> None:
    """Write if the caller's session is still valid: a session ended by a reset must not leave a second factor."""
    try:
        transactions.write(put=put, delete=delete, check=sessions.as_authenticated(caller))
    except ConditionFailed as refused:
        sessions.raise_if_over(refused, caller)
        raise Conflict from None


def _purpose(user_id: str) -> dict[str, str]:
    """Return the encryption context of a user's secret."""
    return {"totp_of": user_id}
