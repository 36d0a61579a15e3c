"""The check of a new version of a function, before it gets requests or messages.

It shows what breaks most releases: a module or a layer is missing, or a setting. Whatever needs real work shows in the
first requests, which is why they are few (`docs/delivery.md`).
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

CHECK = {"lamina": "check this version"}
"""The event. Events of API Gateway, queues, streams and schedules never look like it."""


def checkable[**P, T](handler: Callable[P, T]) -> Callable[P, T]:
    """Return a Lambda handler that also returns its version for a check; everything else is the given one's."""

    @wraps(handler)
    def invoked(*arguments: P.args, **named: P.kwargs) -> T:
        if arguments[0] == CHECK:
            return _checked()  # type: ignore[no-any-return]  # a response of its own
        return handler(*arguments, **named)

    return invoked


def _checked() -> Any:  # noqa: ANN401 (takes the place of what the handler returns)
    """Return the version that runs. To get here, Lambda has imported its modules.

    Raises:
        SettingsError: if its settings are missing or invalid.
    """
    from lamina.settings import settings  # most functions have it, and those that have no settings start without it

    settings()
    return {"version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "")}
