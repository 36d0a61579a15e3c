"""The limits of the contract, and whom each counts. All windows are 15 minutes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from lamina.limits import window
from lamina.limits.origin import origin_of
from lamina.limits.quota import Quota, RateLimited
from lamina.limits.window import Limit, LimitReached
from lamina.settings import settings

ANONYMOUS = Limit("anonymous", settings().anonymous_limit)
CALLER = Limit("caller", settings().caller_limit)
HERE = Limit("failures_here", settings().failures_here)
ADDRESS = Limit("failures_of_address", settings().failures_of_address)
ACCOUNT = Limit("failures_of_account", settings().failures_of_account)
MAILS = Limit("mails", settings().mails_of_account)
NOTICES = Limit("notices", settings().mails_of_account)
EMAIL_CHANGES = Limit("email_changes", settings().mails_of_account)

_windows = ThreadPoolExecutor(max_workers=3, thread_name_prefix="window")


class SignInTry:
    """One try to prove to be somebody: counted before it is made, so that no race gets past a limit.

    A failed try stays counted. A good one is taken back, and clears what failed for this account from this address.
    As a context manager it also takes back a try that was not found to have failed, so that an outage locks nobody out.
    """

    def __init__(self, account: str, address: str, *, guessable: bool = True) -> None:
        """Say who is tried to be, and from where.

        Args:
            account: the e-mail address as given, or a name for anything else that is proven.
            address: that API Gateway saw.
            guessable: whether many addresses together could guess what proves it. Where they could not, failures from
                everywhere are not counted: the count would only be a way for strangers to shut somebody out.
        """
        origin = origin_of(address)
        self._here = (HERE, f"{account} {origin}")
        self._address = (ADDRESS, origin)
        self._account = (ACCOUNT, account)
        self._tries = [self._here, self._address, *([self._account] if guessable else [])]
        self._standing: dict[tuple[Limit, str], Quota | RateLimited] = {}
        self._has_failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._has_failed:
            self._take_back(self._tries)

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
        self._standing = dict(zip(self._tries, _windows.map(lambda one: _spend(*one), self._tries), strict=True))
        for standing in (self._standing[self._here], self._standing[self._address]):
            if isinstance(standing, RateLimited):
                self._take_back(self._tries)
                raise standing

    def refuse(self) -> RateLimited:
        """Take the try back because the account is locked for strangers, and give the refusal."""
        standing = self._standing[self._account]
        self._take_back(self._tries)
        return standing if isinstance(standing, RateLimited) else RateLimited()

    def failed(self) -> None:
        """Keep the try counted."""
        self._has_failed = True

    def succeeded(self) -> None:
        """Take the try back, and forget the failures for this account from this address."""
        window.clear(*self._here)
        self._standing.pop(self._here, None)
        self._take_back(self._tries)

    def _take_back(self, tries: Sequence[tuple[Limit, str]]) -> None:
        counted = [one for one in tries if isinstance(self._standing.pop(one, None), Quota)]
        for _ in _windows.map(lambda one: window.refund(*one), counted):
            pass


def spend_mail(email: str) -> None:
    """Count a mail of verification or reset.

    Raises:
        RateLimited: when this address, known or not, was sent too many.
    """
    standing = _spend(MAILS, email.lower())
    if isinstance(standing, RateLimited):
        raise standing


def spend_email_change(user_id: str, email: str) -> None:
    """Count a mail that proves a changed address: of the account, and to the address, whether or not it is known.

    Raises:
        RateLimited: when the account has asked for too many, or too many were asked for to this address.
    """
    for subject in (f"of {user_id}", f"to {email}"):
        standing = _spend(EMAIL_CHANGES, subject)
        if isinstance(standing, RateLimited):
            raise standing


def spend_notice(kind: str) -> bool:
    """Count a notice of a kind to an account, and return whether it may be sent: nobody is to be flooded with them."""
    return isinstance(_spend(NOTICES, kind), Quota)


def refund_notice(kind: str) -> None:
    """Take back the count of a notice that could not be sent."""
    window.refund(NOTICES, kind)


def _spend(limit: Limit, subject: str) -> Quota | RateLimited:
    """Count one request, and give where the subject stands; the refusal if the window is full."""
    try:
        return window.spend(limit, subject)
    except LimitReached as reached:
        return RateLimited(reached.quota)
