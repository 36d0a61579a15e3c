"""Orders, for the tests that cover every function."""

from lamina.access.policy import Action, Role

NOBODYS = {"order", "order_event"}
"""Orders are accounts of a business, which outlive their customer: of whom they hold an id that names nobody then."""

EVERYBODY = set(Role)
ALLOWED = {
    # action: who may do it to anybody's, who may do it to their own
    Action.ORDER_PLACE: (set[Role](), EVERYBODY),
    Action.ORDER_READ: ({Role.ADMIN}, EVERYBODY),
    Action.ORDER_CANCEL: ({Role.ADMIN}, EVERYBODY),
}
