"""What can go wrong with identity in particular."""

from collections.abc import Mapping, Sequence

from lamina.errors import Problem, RuleViolated, Unauthenticated
from lamina.limits.quota import RateLimited


class SecondFactorNeeded(Unauthenticated):
    """The password was right; a code is wanted too."""

    code = "MFA_REQUIRED"
    message = "Send a code of your authenticator app, or a recovery code, with the mfa_token to /v1/auth/mfa/verify."

    def __init__(self, mfa_token: str = "", *, details: Sequence[Problem] = ()) -> None:
        super().__init__(details=details)
        self.mfa_token = mfa_token

    @property
    def extras(self) -> Mapping[str, str]:
        """The token that stands for the password in the second step."""
        return {"mfa_token": self.mfa_token}


class AccountLocked(RateLimited):
    """Strangers have failed too often for this account: only who is known, or proves more than a password, gets in."""

    message = (
        "Too many sign-ins have failed for this account. Sign in from a device or an address that was used before, "
        "by a mailed link (POST /v1/auth/sign-in-link), or with the second factor; or wait for the time in Retry-After."
    )


class BadLink(RuleViolated):
    """A mailed token is not good, or no longer."""

    code = "INVALID_TOKEN"
    message = "This link is not valid, or no longer. Ask for a new one."


class WrongPassword(RuleViolated):
    """The current password is another."""

    code = "WRONG_PASSWORD"
    message = "The current password is not right."


class CodeRequired(RuleViolated):
    """The password was right; a code of the second factor is wanted too."""

    code = "CODE_REQUIRED"
    message = "Send a code of your authenticator app, or a recovery code, along with the password."


class EmailUnchanged(RuleViolated):
    """The account has this address already."""

    code = "EMAIL_UNCHANGED"
    message = "This is the address of your account. Send another one to change it."


class WrongCode(RuleViolated):
    """The code is not right, or was used before."""

    code = "WRONG_CODE"
    message = "The code is not right, or was used before. Wait for the next one."


class MfaActive(RuleViolated):
    """There is a second factor already."""

    code = "MFA_ACTIVE"
    message = "A second factor is active. Disable it before you enrol another."


class MfaNotEnrolled(RuleViolated):
    """There is no second factor."""

    code = "MFA_NOT_ENROLLED"
    message = "There is no second factor. Enrol one first."


class OwnMfa(RuleViolated):
    """Administrators remove the second factors of others."""

    code = "OWN_MFA"
    message = "This is your own second factor. Disable it with a code: POST /v1/auth/mfa/disable."
