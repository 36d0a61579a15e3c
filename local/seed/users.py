"""Creates the demo users of the stack, through the services that the endpoints call."""

from pydantic import SecretStr, TypeAdapter, ValidationError

from lamina import ids
from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import registration
from lamina.identity.accounts.passwords import NewPassword
from lamina.users import service as users
from lamina.users.errors import EmailTaken, UsernameTaken
from lamina.users.model import Status
from lamina.users.service import NewUser
from local.seed.people import ADMIN, Person
from local.terminal import Stopped


class Seeder:
    """Creates users one by one; the administrator comes first and creates the others."""

    def __init__(self, password: str) -> None:
        """Set the password of all demo users. Raises Stopped if the API would refuse it."""
        try:
            self._password: SecretStr = TypeAdapter[SecretStr](NewPassword).validate_python(password)
        except ValidationError as error:
            advice = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise Stopped(f"SEED_PASSWORD {advice}") from None
        self._context = RequestContext(users.find_by_email(ADMIN.email), f"seed-{ids.new_id()}")

    def settle(self, person: Person) -> bool:
        """Create a user; return False if it exists already, which is left unchanged."""
        if users.find_by_email(person.email):
            return False
        try:
            user = registration.register(_new_user(person), self._password, self._context)
        except (EmailTaken, UsernameTaken):
            return False
        if person == ADMIN:
            self._context = RequestContext(user.id, self._context.correlation_id)
        if person.leaves:
            users.delete(user.id, self._context, if_version=lambda _: True)
        return True


def _new_user(person: Person) -> NewUser:
    return NewUser(
        email=person.email,
        username=person.username,
        name=person.name,
        role=Role(person.role),
        status=Status(person.status),
        age=person.age,
        locale=person.locale,
        email_verified=True,
    )
