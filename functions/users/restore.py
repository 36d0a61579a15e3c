"""POST /v1/users/{user_id}/restore: bring a deleted user back."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http.envelope import Envelope
from lamina.http.paths import Id
from lamina.http.resolver import Resolver
from lamina.http.responses import Response
from lamina.users import service
from lamina.users.errors import EmailTaken, UsernameTaken
from lamina.users.schemas import UserLinks, UserView, edition, links

app = Resolver(versioned=True, raises=(Forbidden, NotFound, Conflict, EmailTaken, UsernameTaken))


@app.post("/v1/users/<user_id>/restore", summary="Restore a deleted user")
def restore_user(user_id: Id) -> Response[Envelope[UserView, UserLinks]]:
    """Bring a deleted user back as it was. A user that is not deleted is returned unchanged."""
    require(app.caller, Action.USER_RESTORE)
    user = service.restore(user_id, app.cause, by=app.caller)
    return app.answer(UserView.model_validate(user), edition=edition(user, app.caller), links=links(user))


handler = app.handler
