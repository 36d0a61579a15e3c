"""Where an account was signed in from before: such addresses and devices may try when strangers have locked it."""

from pynamodb.attributes import JSONAttribute

from lamina.identity.sessions.service import SignInContext
from lamina.identity.tokens.token_secrets import digest, new_secret
from lamina.limits.origin import origin_of
from lamina.storage.item import Item
from lamina.storage.keys import key

REMEMBERED = 20
"""Addresses, and devices, that are remembered of one account: the last ones."""


class TrustedDevicesItem(Item, discriminator="known_origins"):
    """Hashes of addresses and of device tokens: `USER#<id>` / `KNOWN_ORIGINS`."""

    addresses = JSONAttribute()
    devices = JSONAttribute()


def trusted_devices_key(user_id: str) -> tuple[str, str]:
    """Give the key of a user's known origins."""
    return key("USER", user_id), "KNOWN_ORIGINS"


def knows(item: TrustedDevicesItem | None, sign_in_context: SignInContext) -> bool:
    """Tell whether the account was signed in from this address or this device before."""
    if item is None:
        return False
    return _place(sign_in_context) in item.addresses or digest(sign_in_context.device_token) in item.devices


def remember(
    item: TrustedDevicesItem | None, user_id: str, sign_in_context: SignInContext
) -> tuple[TrustedDevicesItem | None, str]:
    """Remember an origin that was just signed in from.

    Returns:
        The item to write, None if it holds all already; and a new token for the device, `""` if it has a known one.
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
    """Return what is kept of an address: of IPv6 its /64, whose holder changes the rest at will (RFC 8981)."""
    return digest(origin_of(sign_in_context.address))


def _latest(kept: list[str], entry: str) -> list[str]:
    return [*(old for old in kept if old != entry), entry][-REMEMBERED:]
