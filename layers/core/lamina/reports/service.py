"""Creates and writes reports."""

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
"""Time limit for writing a report: the timeout of its function, minus the time to finish."""
TOO_LARGE = JobError(
    "REPORT_TOO_LARGE",
    f"The report cannot be written within {LIMIT_SECONDS // 60} minutes. Use filters to make it smaller.",
)


def authorize(wanted: NewReport, caller: Caller) -> None:
    """Refuse a caller who may not create this report.

    Raises:
        Forbidden: if the caller lacks the permission.
        Invalid: if filters cannot be combined.
    """
    _check_own(wanted)
    order = CONTENTS[wanted.type].order(wanted)
    require(caller, order.action, owner_id=order.about)


def request(wanted: NewReport, owner_id: str, context: RequestContext) -> Job:
    """Create a report for an owner whom `authorize` has accepted.

    Raises:
        NotFound: if it is about a user that does not exist.
        TooManyJobs: if the owner has too many unfinished jobs.
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
    """Write the report that an event requests, if it does.

    Raises:
        Exception: if there is to be another attempt; the event must be redelivered.
    """
    if event["data"]["job_type"] == JobType.REPORT:
        run(event["subject"], write, remove)


def write(run: Run) -> str:
    """Write a report to the bucket of files, page by page.

    Returns:
        Its key, which depends only on the job, so that repeated runs write the same file.

    Raises:
        LeaseLost: if the report is no longer wanted.
        NonRetryable: if it takes too long.
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
        Problem(name, f"is supported for reports of {kind} only")
        for kind, content in CONTENTS.items()
        for name in content.OWN
        if kind != wanted.type and name in sent
    ]
    if problems:
        raise Invalid(details=problems)


def _name(job: Job, wanted: Format) -> str:
    """Return the name of the downloaded file (`users-2026-11-20.csv`)."""
    return f"{job.parameters['type']}-{job.created_at[:10]}.{wanted}"
