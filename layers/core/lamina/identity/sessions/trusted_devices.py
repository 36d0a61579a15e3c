"""IP addresses and devices that an account was used from: they can sign in while the account is locked for others."""

from pynamodb.attributes import JSONAttribute

from lamina.identity.sessions.service import SignInContext
from lamina.identity.tokens.token_secrets import digest, new_secret
from lamina.limits.origin import origin_of
from lamina.storage.item import Item
from lamina.storage.keys import key

REMEMBERED = 20
"""Maximum number of addresses, and of devices, remembered per account: the latest."""


class TrustedDevicesItem(Item, discriminator="trusted_devices"):
    """Hashes of IP addresses and of device tokens: `USER#<id>` / `TRUSTED_DEVICES`."""

    addresses = JSONAttribute()
    devices = JSONAttribute()


def trusted_devices_key(user_id: str) -> tuple[str, str]:
    """Return the key of a user's trusted devices."""
    return key("USER", user_id), "TRUSTED_DEVICES"


def knows(item: TrustedDevicesItem | None, sign_in_context: SignInContext) -> bool:
    """Return whether the account was used from this IP address or this device before."""
    if item is None:
        return False
    return _place(sign_in_context) in item.addresses or digest(sign_in_context.device_token) in item.devices


def remember(
    item: TrustedDevicesItem | None, user_id: str, sign_in_context: SignInContext
) -> tuple[TrustedDevicesItem | None, str]:
    """Remember the origin of a sign-in.

    Returns:
        The item to write, None if nothing changes; and a new token for the device, `""` if it has a known one.
    """
    if item is None:
        item = TrustedDevicesItem(*trusted_devices_key(user_id), addresses=[], devices=[], created_by=user_id)
    device_token = "" if digest(sign_in_context.device_token) in item.devices else new_secret()
    if not device_token and _place(sign_in_context) in item.addresses:
        return None, ""
    item.addresses = _latest(item.addresses, _place(sign_in_context))
    if device_token:
        item.devices = _latest(item.devices, digest(device_token))
    return item, device_token


def _place(sign_in_context: SignInContext) -> str:
    """Return the part of an IP address that is remembered: of IPv6 the /64, as clients change the rest (RFC 8981)."""
    return digest(origin_of(sign_in_context.address))


def _latest(kept: list[str], entry: str) -> list[str]:
    return [*(old for old in kept if old != entry), entry][-REMEMBERED:]
