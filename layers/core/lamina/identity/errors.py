"""Errors of authentication and of accounts."""

from collections.abc import Mapping, Sequence

from lamina.errors import Problem, RuleViolated, Unauthenticated
from lamina.limits.quota import RateLimited


class SecondFactorNeeded(Unauthenticated):
    """The password is correct; a code of the second factor is required too."""

    code = "MFA_REQUIRED"
    message = "Send the mfa_token with an authenticator code, or a recovery code, to POST /v1/auth/mfa/verify."

    def __init__(self, mfa_token: str = "", *, details: Sequence[Problem] = ()) -> None:
        super().__init__(details=details)
        self.mfa_token = mfa_token

    @property
    def extras(self) -> Mapping[str, str]:
        """The token that replaces the password in the second step."""
        return {"mfa_token": self.mfa_token}


class AccountLocked(RateLimited):
    """Too many sign-ins failed for this account. Only trusted devices and sign-ins with further proof are accepted."""

    message = (
        "Too many sign-ins to this account have failed. Sign in from a device or an IP address that you used before, "
        "with a mailed link (POST /v1/auth/sign-in-link) or with the second factor, or wait as Retry-After says."
    )


class BadLink(RuleViolated):
    """The mailed token is invalid or has expired."""

    code = "INVALID_TOKEN"
    message = "This link is invalid or has expired. Request a new one."


class WrongPassword(RuleViolated):
    """The current password is wrong."""

    code = "WRONG_PASSWORD"
    message = "The current password is wrong."


class CodeRequired(RuleViolated):
    """The password is correct; a code of the second factor is required too."""

    code = "CODE_REQUIRED"
    message = "A code of your authenticator app, or a recovery code, is required in addition to the password."


class EmailUnchanged(RuleViolated):
    """The account already has this address."""

    code = "EMAIL_UNCHANGED"
    message = "Your account already has this e-mail address. Send a different one."


class WrongCode(RuleViolated):
    """The code is wrong or was used before."""

    code = "WRONG_CODE"
    message = "The code is wrong or was used before. Wait for the next one."


class MfaActive(RuleViolated):
    """A second factor is already active."""

    code = "MFA_ACTIVE"
    message = "A second factor is already active. Disable it before you enrol another one."


class MfaNotEnrolled(RuleViolated):
    """No second factor is enrolled."""

    code = "MFA_NOT_ENROLLED"
    message = "No second factor is enrolled. Enrol one first."


class OwnMfa(RuleViolated):
    """Administrators can remove only the second factors of other users."""

    code = "OWN_MFA"
    message = "You cannot remove your own second factor. Disable it with a code: POST /v1/auth/mfa/disable."
