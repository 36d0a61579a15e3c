"""Sign-in, in one step or two."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from lamina.errors import Unauthenticated
from lamina.events.catalog import EMAIL_VERIFIED, SECOND_FACTOR_FAILED, SECOND_FACTOR_REQUESTED, SIGN_IN_FAILED
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import service as accounts
from lamina.identity.accounts.address_proof import prove_address
from lamina.identity.accounts.passwords import Match, hash_password, verify_password
from lamina.identity.credentials.second_factor import accept
from lamina.identity.errors import AccountLocked, BadLink, SecondFactorNeeded
from lamina.identity.items import CredentialsItem, MfaItem, credentials_key, mfa_key
from lamina.identity.security_events import account_event, security_event
from lamina.identity.sessions import service as sessions
from lamina.identity.sessions import trusted_devices
from lamina.identity.sessions.login_attempts import failure_of
from lamina.identity.sessions.service import SignInContext
from lamina.identity.sessions.token_issuing import SignedIn, renew
from lamina.identity.sessions.trusted_devices import TrustedDevicesItem, trusted_devices_key
from lamina.identity.tokens import email_links, one_time_tokens
from lamina.identity.tokens.one_time_tokens import OneTimeTokenItem, Purpose
from lamina.ids import new_id
from lamina.limits.rules import LoginAttempt
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed
from lamina.users import service as users
from lamina.users.items import UserItem, to_user, user_key
from lamina.users.model import Status, User
from lamina.users.service import Amendment

if TYPE_CHECKING:
    from pydantic import SecretStr

NO_LONGER = "The mfa_token is invalid or has expired. Sign in again."


@dataclass(frozen=True)
class Account:
    """What a sign-in needs to know about a user, read in one call; None for each item that does not exist."""

    user: User | None
    credentials: CredentialsItem | None
    mfa: MfaItem | None
    known: TrustedDevicesItem | None


def sign_in(email: str, password: "SecretStr", sign_in_context: SignInContext, context: RequestContext) -> SignedIn:
    """Start a session for a user who authenticates with address and password.

    The same calls and the same hashing are done whether or not the address is known.

    Raises:
        Unauthenticated: for any failure, with the same message.
        SecondFactorNeeded: if the password is correct and a code is required.
        RateLimited: after too many failures.
    """
    attempt = LoginAttempt(email.lower(), sign_in_context.address)
    attempt.begin()
    with attempt:
        account = _read(users.find_by_email(email) or new_id())
        user, credentials = account.user, account.credentials
        has_factor = account.mfa is not None and account.mfa.active
        proven = verify_password(credentials.password_hash if credentials else None, password)
        is_right = bool(proven) and user is not None and _may_sign_in(user)
        is_locked_out = attempt.is_account_locked and not trusted_devices.knows(account.known, sign_in_context)
        if is_locked_out and not (is_right and has_factor):
            # A password alone is not accepted any more. Correct or not, the attempt counts for the IP address.
            attempt.failed()
            security_event("sign_in.locked_out", user.id if user else None, context)
            raise AccountLocked(attempt.refusal().quota)
        if not is_right or user is None or credentials is None:
            transactions.write(put=failure_of(attempt, SIGN_IN_FAILED, user.id if user else None, context))
            raise Unauthenticated("The e-mail address or the password is wrong.")
        if has_factor:
            token = one_time_tokens.new_token(Purpose.SECOND_FACTOR, user.id, _binding(user, account))
            is_new_place = not trusted_devices.knows(account.known, sign_in_context)
            event = account_event(SECOND_FACTOR_REQUESTED.of({"is_new_place": is_new_place}), user.id, context)
            transactions.write(put=[token.item, event])
            raise SecondFactorNeeded(token.text)
        attempt.succeeded()
    return _open(user, account, sign_in_context, context, if_possible=_rehashed(credentials, password, proven))


def prove_second_factor(mfa_token: str, code: str, sign_in_context: SignInContext, context: RequestContext) -> SignedIn:
    """Complete a sign-in with a code, which is used up.

    Raises:
        Unauthenticated: if the token is invalid or expired, or the code is wrong or was used before.
        RateLimited: after too many failures.
    """
    token = one_time_tokens.find(Purpose.SECOND_FACTOR, mfa_token)
    account = _read(token.user_id if token else new_id())
    user, mfa = account.user, account.mfa
    if token is None or user is None or mfa is None or not _may_sign_in(user):
        raise Unauthenticated(NO_LONGER)
    if token.bound_to != _binding(user, account):
        raise Unauthenticated(NO_LONGER)
    # Without the password nobody can fail here, so strangers who lock the first step do not lock this one.
    attempt = LoginAttempt(user.email, sign_in_context.address, everywhere=f"codes of {user.id}")
    attempt.begin()
    with attempt:
        if attempt.is_account_locked and not trusted_devices.knows(account.known, sign_in_context):
            security_event("sign_in.locked_out", user.id, context)
            raise attempt.refusal()
        if not mfa.active or not accept(mfa, user.id, code):
            transactions.write(put=failure_of(attempt, SECOND_FACTOR_FAILED, user.id, context))
            raise Unauthenticated("The code is wrong or was used before.")
        attempt.succeeded()
    return _open(user, account, sign_in_context, context, put=[mfa], delete=[token])


def redeem_link(text: str, sign_in_context: SignInContext, context: RequestContext) -> SignedIn:
    """Start a session with a mailed token, which replaces the password but not the second factor.

    The token verifies the address. The first verification also removes the password: somebody else may have set it.

    Raises:
        BadLink: if the token is invalid or expired.
        SecondFactorNeeded: if a code is required.
    """
    token = email_links.find(Purpose.SIGN_IN, text)
    user, account = _linked(token)
    if not user.email_verified:
        # If this is interrupted, the token is still valid for the rest.
        email_links.use(token, lambda user: _proven(user, token, context), context)
        token = email_links.find(Purpose.SIGN_IN, text)
        user, account = _linked(token)
    if account.mfa is not None and account.mfa.active:
        second = one_time_tokens.new_token(Purpose.SECOND_FACTOR, token.user_id, _binding(user, account))
        try:
            transactions.write(put=[second.item], delete=[token])
        except ConditionFailed:
            raise BadLink from None
        raise SecondFactorNeeded(second.text)
    return _open(user, account, sign_in_context, context, delete=[token])


def _linked(token: OneTimeTokenItem) -> tuple[User, Account]:
    account = _read(token.user_id)
    user = account.user
    if user is None or not _may_sign_in(user) or token.bound_to != accounts.binding(user, account.credentials):
        raise BadLink
    return user, account


def _proven(user: User, token: OneTimeTokenItem, context: RequestContext) -> Amendment:
    credentials = accounts.credentials_of(user.id)
    if token.bound_to != accounts.binding(user, credentials):
        raise BadLink
    if user.email_verified:
        return Amendment(user=user)
    token.bound_to = accounts.binding(user, None)
    proven = prove_address(user)
    return replace(
        proven,
        events=[account_event(EMAIL_VERIFIED.of({}), user.id, context)],
        put=[token],
        delete=[credentials] if credentials else [],
    )


def _open(
    user: User,
    account: Account,
    sign_in_context: SignInContext,
    context: RequestContext,
    *,
    put: Sequence[Item] = (),
    delete: Sequence[Item] = (),
    if_possible: Sequence[Item] = (),
) -> SignedIn:
    """Start the session together with all changes, or change nothing.

    Optional changes (`if_possible`, and the trusted devices) are left to the next sign-in if they conflict with a
    concurrent change.
    """
    is_suspicious = account.known is not None and not trusted_devices.knows(account.known, sign_in_context)
    known, device_token = trusted_devices.remember(account.known, user.id, sign_in_context)
    sign_in_context = replace(sign_in_context, is_suspicious=is_suspicious)
    optional = [*if_possible, *([known] if known is not None else [])]
    session = sessions.new_session(user, sign_in_context, context)
    access_token = renew(user, session.id)  # First of all: if KMS fails, no code and no token is used up.
    try:
        transactions.write(put=[*session.items, *put, *optional], delete=delete)
    except ConditionFailed as refused:
        if refused.found.keys() & {(item.pk, item.sk) for item in (*put, *delete)}:
            raise _code_is_spent() from None
        try:
            transactions.write(put=[*session.items, *put], delete=delete)
            device_token = ""
        except ConditionFailed:
            raise _code_is_spent() from None
    return SignedIn(access_token, session.refresh_token, user, device_token)


def _code_is_spent() -> Unauthenticated:
    return Unauthenticated("This code or link was used concurrently. Sign in again.")


def _rehashed(credentials: CredentialsItem, password: "SecretStr", proven: Match) -> list[Item]:
    """Return the credentials with a new hash, if the stored one is outdated."""
    if proven is Match.CURRENT:
        return []
    credentials.password_hash = hash_password(password)
    return [credentials]


def _read(user_id: str) -> Account:
    keys = [user_key(user_id), credentials_key(user_id), mfa_key(user_id), trusted_devices_key(user_id)]
    found = {type(item): item for item in Item.batch_get(keys, consistent_read=True)}
    stored = found.get(UserItem)
    return Account(
        user=to_user(stored) if isinstance(stored, UserItem) else None,
        credentials=cast("CredentialsItem | None", found.get(CredentialsItem)),
        mfa=cast("MfaItem | None", found.get(MfaItem)),
        known=cast("TrustedDevicesItem | None", found.get(TrustedDevicesItem)),
    )


def _may_sign_in(user: User) -> bool:
    return user.deleted_at is None and user.status == Status.ACTIVE


def _binding(user: User, account: Account) -> str:
    """Return what the second step is bound to: the password verified in the first step, and the session epoch."""
    return f"{account.credentials.version if account.credentials else 0} {user.session_epoch}"
