"""What every kind of report has to say of itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lamina.access.policy import Action
from lamina.jobs.model import Job
from lamina.reports.formats import Row
from lamina.reports.schemas import NewReport


@dataclass(frozen=True)
class Order:
    """What exactly is to be reported, and what it takes to ask for it.

    Attributes:
        action: what the asker does.
        about: id of the user whom it is about; None where it is about nobody in particular.
        parameters: for who writes the report, as JSON.
    """

    action: Action
    about: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """Rows, and how far the report is with them, in percent."""

    rows: Sequence[Row]
    progress: int


class Content(Protocol):
    """A kind of report: a module of this package.

    Attributes:
        COLUMNS: of every row.
        OWN: fields of a request that only this kind has, by the name that clients know.
    """

    COLUMNS: tuple[str, ...]
    OWN: tuple[str, ...]

    def order(self, wanted: NewReport) -> Order:
        """Read what is wanted.

        Raises:
            Invalid: when its parts do not go together.
        """

    def pages(self, job: Job) -> Iterator[Rows]:
        """Give what a job has to report, page by page.

        Raises:
            Hopeless: when there is nothing to report of any more.
        """
