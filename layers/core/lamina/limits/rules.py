"""The rate limits and their subjects. All windows are 15 minutes."""

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
"""Per kind, to an unverified address: several accounts may have had the address, each with windows of its own."""
EMAIL_CHANGES = Limit("email_changes", settings().mails_of_account)

WIDER = (1, 2, 4)
"""The limits of an IPv6 /64, /56 and /48 as multiples of the limit of one address: a home or a site has several
clients, and the holder of a /48 has 65,536 networks."""

type Window = tuple[Limit, str]
"""A limit and its subject."""

_windows = ThreadPoolExecutor(max_workers=7, thread_name_prefix="window")
"""The number of windows of a sign-in over IPv6."""


def by_address(limit: Limit, address: str, whose: str = "") -> list[Window]:
    """Return the windows of a request by its IP address: one; for IPv6 those of its /64, /56 and /48.

    Args:
        limit: limit of one address.
        address: IP address that API Gateway saw.
        whose: a further subject, in addition to the address.
    """
    networks = zip(networks_of(address), WIDER, strict=False)
    return [
        (replace(limit, requests=limit.requests * times), f"{whose} {network}".strip()) for network, times in networks
    ]


def client(client_id: str) -> str:
    """Return the subject of an OAuth client."""
    return f"client {client_id}"


def count(windows: Sequence[Window]) -> Quota | None:
    """Count a request in all of these windows, or in none.

    Returns:
        The state of the window with the fewest requests left; None if the table could not count, because an uncounted
        request is better than a refused one. Sign-ins are counted separately, and refused if that fails.

    Raises:
        RateLimited: if one of the windows is full.
    """
    try:
        results = _spend_all(windows)
        refusals = [result for result in results.values() if isinstance(result, RateLimited)]
        if refusals:
            _refund_all(results)
            raise max(refusals, key=lambda refusal: refusal.quota.reset if refusal.quota else 0)
    except (ClientError, BotoCoreError) as error:
        logger.error("rate limit not counted", extra={"metric": "RateLimitUnavailable", "error": type(error).__name__})
        return None
    quotas = [result for result in results.values() if isinstance(result, Quota)]
    return min(quotas, key=lambda quota: quota.remaining)


def count_mail(kind: str, whose: str, unproven: str = "") -> bool:
    """Count a mail, and return whether it may be sent, so that nobody is flooded with mails.

    Args:
        kind: kind of the mail.
        whose: the account.
        unproven: the target address, if it is not verified.
    """
    results = _spend_all(_windows_of_mail(kind, whose, unproven))
    if all(isinstance(result, Quota) for result in results.values()):
        return True
    _refund_all(results)
    return False


def refund_mail(kind: str, whose: str, unproven: str = "") -> None:
    """Undo the count of a mail that could not be sent."""
    for one in _windows_of_mail(kind, whose, unproven):
        window.refund(*one)


def _windows_of_mail(kind: str, whose: str, unproven: str) -> list[Window]:
    of_address = [(MAILS_TO_UNPROVEN, f"{kind} {unproven}")] if unproven else []
    return [(MAILS, f"{kind} {whose}"), *of_address]


class LoginAttempt:
    """An attempt to authenticate. It is counted before it is made, so that concurrent attempts cannot exceed a limit.

    A failed attempt stays counted. A successful one is refunded, and clears the failures of this account from this IP
    address. As a context manager, it also refunds an attempt that was not found to have failed, so that an outage locks
    nobody out.
    """

    def __init__(self, account: str, address: str, everywhere: str = "") -> None:
        """Create an attempt.

        Args:
            account: the e-mail address as sent, or a name for anything else that is proven.
            address: IP address that API Gateway saw.
            everywhere: subject of the failures from all addresses; by default the account.
        """
        self._here = by_address(HERE, address, account)
        self._address = by_address(ADDRESS, address)
        self._account = (ACCOUNT, everywhere or account)
        self._results: dict[Window, Quota | RateLimited] = {}
        self._has_failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._has_failed:
            self._refund()

    @property
    def is_account_locked(self) -> bool:
        """Whether the account is locked for unknown IP addresses and devices."""
        return isinstance(self._results.get(self._account), RateLimited)

    @property
    def was_last(self) -> bool:
        """Whether no further attempt is allowed, from this IP address or in total."""
        return any(not result.remaining for result in self._results.values() if isinstance(result, Quota))

    def begin(self) -> None:
        """Count the attempt.

        A full window of the account is recorded but not refused here, because trusted devices may continue.

        Raises:
            RateLimited: if the IP address, or the account from this IP address, has failed too often; nothing is
                counted.
        """
        self._results = _spend_all([*self._here, *self._address, self._account])
        for one in (*self._here, *self._address):
            result = self._results[one]
            if isinstance(result, RateLimited):
                self._refund()
                raise result

    def refusal(self) -> RateLimited:
        """Return the error for an account that is locked."""
        result = self._results[self._account]
        return result if isinstance(result, RateLimited) else RateLimited()

    def failed(self) -> None:
        """Keep the attempt counted."""
        self._has_failed = True

    def succeeded(self) -> None:
        """Refund the attempt, and clear the failures of this account from this IP address."""
        for one in self._here:
            self._results.pop(one, None)
        for _ in _windows.map(lambda one: window.clear(*one), self._here):
            pass
        self._refund()

    def _refund(self) -> None:
        results, self._results = self._results, {}
        _refund_all(results)


def _spend_all(windows: Sequence[Window]) -> dict[Window, Quota | RateLimited]:
    """Count in each window, in parallel if there are several, and return the state of each."""
    together: Iterable[Quota | RateLimited] = (
        _windows.map(lambda one: _spend(*one), windows) if len(windows) > 1 else (_spend(*one) for one in windows)
    )
    return dict(zip(windows, together, strict=True))


def _refund_all(results: dict[Window, Quota | RateLimited]) -> None:
    counted = [one for one, result in results.items() if isinstance(result, Quota)]
    for _ in _windows.map(lambda one: window.refund(*one), counted):
        pass


def spend_email_change(user_id: str, email: str) -> None:
    """Count a confirmation mail for a changed address: per account, and per target address, known or not.

    Raises:
        RateLimited: if the account has requested too many, or too many were requested to this address.
    """
    for subject in (f"of {user_id}", f"to {email}"):
        result = _spend(EMAIL_CHANGES, subject)
        if isinstance(result, RateLimited):
            raise result


def _spend(limit: Limit, subject: str) -> Quota | RateLimited:
    """Count one request, and return the state of its window, or the error if it is full."""
    try:
        return window.spend(limit, subject)
    except LimitReached as reached:
        return RateLimited(reached.quota)
