"""The interface of report types."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lamina.access.policy import Action
from lamina.jobs.model import Job
from lamina.reports.formats import Row
from lamina.reports.schemas import NewReport


@dataclass(frozen=True)
class Order:
    """The contents of a report, and the permission it requires.

    Attributes:
        action: the action that the caller needs permission for.
        about: id of the user that the report is about; None for nobody in particular.
        parameters: parameters for writing the report, as JSON.
    """

    action: Action
    about: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """Rows of a report, and its progress after them in percent."""

    rows: Sequence[Row]
    progress: int


class Content(Protocol):
    """A type of report: a module of this package.

    Attributes:
        COLUMNS: names of the columns.
        OWN: fields of a request that are specific to this type, by public name.
    """

    COLUMNS: tuple[str, ...]
    OWN: tuple[str, ...]

    def order(self, wanted: NewReport) -> Order:
        """Validate a request.

        Raises:
            Invalid: if its parts cannot be combined.
        """

    def pages(self, job: Job) -> Iterator[Rows]:
        """Yield the rows of a report, page by page.

        Raises:
            NonRetryable: if there is nothing to report any more.
        """
