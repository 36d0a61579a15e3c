"""Asking for reports, and writing them."""

import time

from lamina.access.policy import Caller, require
from lamina.errors import Invalid, Problem
from lamina.events.envelope import Event
from lamina.events.request_context import RequestContext
from lamina.jobs import service as jobs
from lamina.jobs.model import Job, JobError, JobType, NewJob
from lamina.jobs.running import NonRetryable, Run, run
from lamina.observability.logs import logger
from lamina.reports import activities, users
from lamina.reports.content import Content
from lamina.reports.formats import WRITERS, Format
from lamina.reports.schemas import NewReport, ReportType
from lamina.reports.upload import Upload, remove
from lamina.users import service as people

CONTENTS: dict[ReportType, Content] = {ReportType.USERS: users, ReportType.ACTIVITIES: activities}
LIMIT_SECONDS = 13 * 60
"""How long a report may be written: what its function may take, less what it takes to finish."""
TOO_LARGE = JobError(
    "REPORT_TOO_LARGE",
    f"There is more to report than can be written in {LIMIT_SECONDS // 60} minutes. Ask for less, by a filter.",
)


def authorize(wanted: NewReport, caller: Caller) -> None:
    """Let a caller ask for a report, or refuse.

    Raises:
        Forbidden: when the caller may not have it.
        Invalid: for filters that do not go together.
    """
    _check_own(wanted)
    order = CONTENTS[wanted.type].order(wanted)
    require(caller, order.action, owner_id=order.about)


def request(wanted: NewReport, owner_id: str, context: RequestContext) -> Job:
    """Ask for a report, for somebody whom `authorize` lets.

    Raises:
        NotFound: when it is about a user that is not there.
        TooManyJobs: when the owner has too many unfinished jobs.
    """
    order = CONTENTS[wanted.type].order(wanted)
    if order.about:
        people.get(order.about)
    parameters = {"type": wanted.type, "format": wanted.format, **order.parameters}
    new = NewJob(
        type=JobType.REPORT,
        owner_id=owner_id,
        action=order.action,
        about=order.about,
        parameters=parameters,
    )
    return jobs.create(new, context)


def follow(event: Event) -> None:
    """Write the report that an event asks for, if it does.

    Raises:
        Exception: when there is to be another attempt; the event has to come again.
    """
    if event["data"]["job_type"] == JobType.REPORT:
        run(event["subject"], write, remove)


def write(run: Run) -> str:
    """Write a report to the bucket of files, page by page.

    Returns:
        Its key: always the same for a job, so that it has one result however often it is run.

    Raises:
        Lost: when the report is not wanted any more.
        Hopeless: when it takes too long.
    """
    began, job, written = time.monotonic(), run.job, 0
    content, wanted = CONTENTS[ReportType(job.parameters["type"])], Format(job.parameters["format"])
    writer, key = WRITERS[wanted], f"reports/{job.id}.{wanted}"
    with Upload(key, writer.media_type, _name(job, wanted)) as upload:
        upload.write(writer.head(content.COLUMNS))
        for page in content.pages(job):
            if time.monotonic() - began > LIMIT_SECONDS:
                raise NonRetryable(TOO_LARGE)
            upload.write(writer.lines(content.COLUMNS, page.rows))
            written += len(page.rows)
            run.beat(page.progress)
        run.confirm(100)
        upload.finish()
    logger.info("report written", extra={"rows": written, "seconds": round(time.monotonic() - began, 1)})
    return key


def _check_own(wanted: NewReport) -> None:
    """Refuse filters that belong to another type of report."""
    sent = wanted.model_dump(by_alias=True, exclude_none=True)
    problems = [
        Problem(name, f"goes with a report of {kind} only")
        for kind, content in CONTENTS.items()
        for name in content.OWN
        if kind != wanted.type and name in sent
    ]
    if problems:
        raise Invalid(details=problems)


def _name(job: Job, wanted: Format) -> str:
    """Name the file for whoever saves it (`users-2026-11-20.csv`)."""
    return f"{job.parameters['type']}-{job.created_at[:10]}.{wanted}"
