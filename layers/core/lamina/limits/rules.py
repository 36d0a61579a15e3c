"""The limits of the contract, and whom each counts. All windows are 15 minutes."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from lamina.limits import window
from lamina.limits.origin import networks_of
from lamina.limits.quota import Quota, RateLimited
from lamina.limits.window import Limit, LimitReached
from lamina.observability.logs import logger
from lamina.settings import settings

ANONYMOUS = Limit("anonymous", settings().anonymous_limit)
CALLER = Limit("caller", settings().caller_limit)
HERE = Limit("failures_here", settings().failures_here)
ADDRESS = Limit("failures_of_address", settings().failures_of_address)
ACCOUNT = Limit("failures_of_account", settings().failures_of_account)
MAILS = Limit("mails", settings().mails_of_account)
MAILS_TO_UNPROVEN = Limit("mails_to_unproven", settings().mails_of_account * 4)
"""Of a kind, to an address that nobody has proven: accounts of it may come and go, each with windows of its own."""
EMAIL_CHANGES = Limit("email_changes", settings().mails_of_account)

WIDER = (1, 2, 4)
"""How many times the limit of an IPv6 /64 its /56 and its /48 have: a home or a site holds more clients than one, and
somebody who holds a /48 has 65,536 networks to count in."""

type Window = tuple[Limit, str]
"""A limit and whom it counts."""

_windows = ThreadPoolExecutor(max_workers=7, thread_name_prefix="window")
"""As many as a sign-in over IPv6 counts in."""


def by_address(limit: Limit, address: str, whose: str = "") -> list[Window]:
    """Return the windows that a request counts in for its address: one; for IPv6 those of its /64, /56 and /48.

    Args:
        limit: of one address.
        address: that API Gateway saw.
        whose: what the windows are of beside the address.
    """
    networks = zip(networks_of(address), WIDER, strict=False)
    return [
        (replace(limit, requests=limit.requests * times), f"{whose} {network}".strip()) for network, times in networks
    ]


def client(client_id: str) -> str:
    """Return what an OAuth client is counted as."""
    return f"client {client_id}"


def count(windows: Sequence[Window]) -> Quota | None:
    """Count a request in all of these windows, or in none.

    Returns:
        Where the one with the least room stands; None where the table could not count: better an uncounted request than
        none. Whoever signs in is counted apart, and refused when that fails.

    Raises:
        RateLimited: when one of them is full.
    """
    try:
        standings = _spend_all(windows)
        refusals = [standing for standing in standings.values() if isinstance(standing, RateLimited)]
        if refusals:
            _refund_all(standings)
            raise max(refusals, key=lambda refusal: refusal.quota.reset if refusal.quota else 0)
    except (ClientError, BotoCoreError) as error:
        logger.error("rate limit not counted", extra={"metric": "RateLimitUnavailable", "error": type(error).__name__})
        return None
    quotas = [standing for standing in standings.values() if isinstance(standing, Quota)]
    return min(quotas, key=lambda quota: quota.remaining)


def count_mail(kind: str, whose: str, unproven: str = "") -> bool:
    """Count a mail of a kind, and return whether it may be sent: nobody is to be flooded with them.

    Args:
        kind: of the mail.
        whose: the account.
        unproven: the address that it goes to, if nobody has proven it.
    """
    standings = _spend_all(_windows_of_mail(kind, whose, unproven))
    if all(isinstance(standing, Quota) for standing in standings.values()):
        return True
    _refund_all(standings)
    return False


def refund_mail(kind: str, whose: str, unproven: str = "") -> None:
    """Take back the count of a mail that could not be sent."""
    for one in _windows_of_mail(kind, whose, unproven):
        window.refund(*one)


def _windows_of_mail(kind: str, whose: str, unproven: str) -> list[Window]:
    of_address = [(MAILS_TO_UNPROVEN, f"{kind} {unproven}")] if unproven else []
    return [(MAILS, f"{kind} {whose}"), *of_address]


class LoginAttempt:
    """One try to prove to be somebody: counted before it is made, so that no race gets past a limit.

    A failed try stays counted. A good one is taken back, and clears what failed for this account from this address.
    As a context manager it also takes back a try that was not found to have failed, so that an outage locks nobody out.
    """

    def __init__(self, account: str, address: str, everywhere: str = "") -> None:
        """Say who is tried to be, and from where.

        Args:
            account: the e-mail address as given, or a name for anything else that is proven.
            address: that API Gateway saw.
            everywhere: names what failures from all addresses together are counted for; by default the account.
        """
        self._here = by_address(HERE, address, account)
        self._address = by_address(ADDRESS, address)
        self._account = (ACCOUNT, everywhere or account)
        self._standing: dict[Window, Quota | RateLimited] = {}
        self._has_failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._has_failed:
            self._take_back()

    @property
    def is_account_locked(self) -> bool:
        """Whether strangers have failed too often: only known addresses and devices may go on."""
        return isinstance(self._standing.get(self._account), RateLimited)

    @property
    def was_last(self) -> bool:
        """Whether there is no further try after this one, from this address or from everywhere."""
        return any(not standing.remaining for standing in self._standing.values() if isinstance(standing, Quota))

    def begin(self) -> None:
        """Count the try.

        A full window of the account is noted and not yet refused, because known devices may go on.

        Raises:
            RateLimited: when the address, or the account from this address, has failed too often; nothing is counted.
        """
        self._standing = _spend_all([*self._here, *self._address, self._account])
        for one in (*self._here, *self._address):
            standing = self._standing[one]
            if isinstance(standing, RateLimited):
                self._take_back()
                raise standing

    def refusal(self) -> RateLimited:
        """Return the refusal of an account that is locked for strangers."""
        standing = self._standing[self._account]
        return standing if isinstance(standing, RateLimited) else RateLimited()

    def failed(self) -> None:
        """Keep the try counted."""
        self._has_failed = True

    def succeeded(self) -> None:
        """Take the try back, and forget the failures for this account from this address."""
        for one in self._here:
            self._standing.pop(one, None)
        for _ in _windows.map(lambda one: window.clear(*one), self._here):
            pass
        self._take_back()

    def _take_back(self) -> None:
        standings, self._standing = self._standing, {}
        _refund_all(standings)


def _spend_all(windows: Sequence[Window]) -> dict[Window, Quota | RateLimited]:
    """Count in each window, and tell where each stands; at the same time where there are several."""
    together: Iterable[Quota | RateLimited] = (
        _windows.map(lambda one: _spend(*one), windows) if len(windows) > 1 else (_spend(*one) for one in windows)
    )
    return dict(zip(windows, together, strict=True))


def _refund_all(standings: dict[Window, Quota | RateLimited]) -> None:
    counted = [one for one, standing in standings.items() if isinstance(standing, Quota)]
    for _ in _windows.map(lambda one: window.refund(*one), counted):
        pass


def spend_email_change(user_id: str, email: str) -> None:
    """Count a mail that proves a changed address: of the account, and to the address, whether or not it is known.

    Raises:
        RateLimited: when the account has asked for too many, or too many were asked for to this address.
    """
    for subject in (f"of {user_id}", f"to {email}"):
        standing = _spend(EMAIL_CHANGES, subject)
        if isinstance(standing, RateLimited):
            raise standing


def _spend(limit: Limit, subject: str) -> Quota | RateLimited:
    """Count one request, and return where the subject stands; the refusal if the window is full."""
    try:
        return window.spend(limit, subject)
    except LimitReached as reached:
        return RateLimited(reached.quota)
