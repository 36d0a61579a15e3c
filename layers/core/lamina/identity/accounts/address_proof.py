"""What the proof of an address does to its account.

Whoever registers takes an address that may be somebody else's. So the first proof, by a token that was mailed there,
revokes all that was made before it: sessions, API keys, OAuth clients, webhooks, the second factor and the known
devices. The password stays; only a reset sets another.
"""

from dataclasses import replace

from lamina.identity.items import MfaItem, mfa_key
from lamina.identity.sessions.trusted_devices import TrustedDevicesItem, trusted_devices_key
from lamina.users.model import User
from lamina.users.service import Amendment


def prove_address(user: User) -> Amendment:
    """Return the amendment that a mailed proof of the user's address makes: nothing if it was proven before.

    Call it inside the `edit` of `users.amend` (or `links.use`), on the user as it is at that try, and add to it what
    else changes: `amendment = prove_address(user)`, then `replace(amendment, events=…, put=…, delete=…)`. Change the
    user by `replace(amendment.user, …)`.
    """
    if user.email_verified:
        return Amendment(user=user)
    return Amendment(
        user=revoke_credentials(replace(user, email_verified=True)),
        discard=[MfaItem(*mfa_key(user.id)), TrustedDevicesItem(*trusted_devices_key(user.id))],
    )


def revoke_credentials(user: User) -> User:
    """Return the user with every session ended and every API key, OAuth client and webhook revoked.

    The second factor and the known devices stay.
    """
    return replace(user, session_epoch=user.session_epoch + 1, credential_epoch=user.credential_epoch + 1)
