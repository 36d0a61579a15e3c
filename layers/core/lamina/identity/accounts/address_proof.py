"""Effects of the verification of an e-mail address on its account.

Anybody can register with somebody else's address. Therefore the first verification, with a token that was mailed to
the address, revokes everything created before it: sessions, API keys, OAuth clients, webhooks, the second factor and
the trusted devices. The password is kept; only a reset sets a new one.
"""

from dataclasses import replace

from lamina.identity.items import MfaItem, mfa_key
from lamina.identity.sessions.trusted_devices import TrustedDevicesItem, trusted_devices_key
from lamina.users.model import User
from lamina.users.service import Amendment


def prove_address(user: User) -> Amendment:
    """Return the amendment for a verification of the user's address; empty if it was verified before.

    Call it within the `edit` of `users.amend` (or `email_links.use`), with the user as passed to it, and extend the
    result: `amendment = prove_address(user)`, then `replace(amendment, events=…, put=…, delete=…)`. Change the user by
    `replace(amendment.user, …)`.
    """
    if user.email_verified:
        return Amendment(user=user)
    return Amendment(
        user=revoke_credentials(replace(user, email_verified=True)),
        discard=[MfaItem(*mfa_key(user.id)), TrustedDevicesItem(*trusted_devices_key(user.id))],
    )


def revoke_credentials(user: User) -> User:
    """Return the user with every session ended and every API key, OAuth client and webhook revoked.

    The second factor and the trusted devices are kept.
    """
    return replace(user, session_epoch=user.session_epoch + 1, credential_epoch=user.credential_epoch + 1)
