"""Errors of users."""

from lamina.errors import Conflict, Forbidden, RuleViolated


class RegistrationClosed(Forbidden):
    """People may not register themselves, or not with this address."""

    code = "REGISTRATION_CLOSED"
    message = "Registration is closed. Ask an administrator for an account."


class EmailTaken(Conflict):
    """The e-mail address is reserved by another user, possibly a deleted one."""

    code = "EMAIL_TAKEN"
    message = "This e-mail address is already in use. Sign in, or use a different address."


class UsernameTaken(Conflict):
    """The username is reserved by another user, possibly a deleted one."""

    code = "USERNAME_TAKEN"
    message = "This username is already in use. Choose a different one."


class UseChangeEmail(RuleViolated):
    """Users change their own address only by confirming the new one."""

    code = "USE_CHANGE_EMAIL"
    message = "Use POST /v1/auth/change-email to change your e-mail address. The new address must be confirmed."


class EmailNotVerified(RuleViolated):
    """The new role has more permissions, and the account's address is not verified."""

    code = "EMAIL_NOT_VERIFIED"
    message = (
        "The e-mail address of this account is not verified. A role with more permissions requires a verified address: "
        "ask the owner to verify the address or to reset the password."
    )
