"""What the views of the console read and act on."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.account import Account
from local.console.journal import Entry, Journal
from local.payments.server import Simulator
from local.settings import Settings
from local.stack import Stack, client

type Query = dict[str, str]
type Read = Callable[["Context", str, Query], object]
type Act = Callable[["Context", Any], object]


class NotThereError(Exception):
    """There is nothing of this name."""


class ActionError(Exception):
    """An action was refused; the text is for the developer."""


@dataclass(frozen=True)
class Context:
    """One local stack, as views see it; the functions of views block, and run in threads.

    Attributes:
        journal: what happened.
        settings: of the stack.
        account: the local AWS.
        stack: returns the deployed stack; None while there is none.
        simulator: the payment provider.
        broken: returns why changed files are not live.
    """

    journal: Journal
    settings: Settings
    account: Account
    stack: Callable[[], Stack | None]
    simulator: Simulator
    broken: Callable[[], list[str]]

    def client(self, service: str) -> Any:  # noqa: ANN401  boto3's own types differ by service
        """Return a boto3 client of the local AWS."""
        return client(service, self.account)

    def resource(self, logical: str) -> str:
        """Return the physical id of a resource; raises NotThereError while the stack is not deployed."""
        stack = self.stack()
        if stack is None or logical not in stack.resources:
            raise NotThereError("The local stack is starting.")
        return stack.resources[logical]


def page_of(journal: Journal, kinds: tuple[str, ...], query: Query, limit: int = 200) -> list[Entry]:
    """Return the newest entries of these kinds that contain every word of `q`, before the number `before`."""
    conditions = [f"kind in ({','.join('?' * len(kinds))})", "number < ?"]
    parameters: list[object] = [*kinds, int(query.get("before") or 1 << 62)]
    for word in query.get("q", "").split():
        conditions.append("(instr(lower(content), ?) or instr(lower(correlation), ?) or instr(lower(key), ?))")
        parameters += [word.lower()] * 3
    return journal.select(" and ".join(conditions), parameters, f"order by number desc limit {limit}")


def changed(journal: Journal, what: str) -> None:
    """Record that an action has changed something, for all open pages."""
    journal.add(Entry("change", {"what": what}, at=time.time()))
