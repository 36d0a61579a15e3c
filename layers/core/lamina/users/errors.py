"""What can go wrong with users in particular."""

from lamina.errors import Conflict


class EmailTaken(Conflict):
    """Another user has the e-mail address, perhaps a deleted one."""

    code = "EMAIL_TAKEN"
    message = "This e-mail address belongs to another account. Sign in, or use another address."


class UsernameTaken(Conflict):
    """Another user has the username, perhaps a deleted one."""

    code = "USERNAME_TAKEN"
    message = "This username is taken. Choose another."
