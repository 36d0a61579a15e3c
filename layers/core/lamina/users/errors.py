"""What can go wrong with users in particular."""

from lamina.errors import Conflict, RuleViolated


class EmailTaken(Conflict):
    """Another user has the e-mail address, perhaps a deleted one."""

    code = "EMAIL_TAKEN"
    message = "This e-mail address belongs to another account. Sign in, or use another address."


class UsernameTaken(Conflict):
    """Another user has the username, perhaps a deleted one."""

    code = "USERNAME_TAKEN"
    message = "This username is taken. Choose another."


class UseChangeEmail(RuleViolated):
    """The owner of an account changes its address by a proof of the new one."""

    code = "USE_CHANGE_EMAIL"
    message = "Change your e-mail address by POST /v1/auth/change-email, which proves it."


class EmailNotVerified(RuleViolated):
    """The role may more than the one before, and nobody has proven the address of the account."""

    code = "EMAIL_NOT_VERIFIED"
    message = (
        "The e-mail address of this account is not verified. Only a verified account can get a role with more rights: "
        "have its owner verify the address, or reset the password, first."
    )
