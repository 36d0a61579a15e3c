"""POST /v1/reports: have a report written."""

from lamina.errors import Forbidden, NotFound
from lamina.http import App, Envelope, Response
from lamina.http.idempotency import idempotent
from lamina.jobs.model import TooManyJobs
from lamina.jobs.schemas import JobLinks, JobView, links, view
from lamina.reports import service
from lamina.reports.schemas import NewReport

app = App(errors=(Forbidden, NotFound, TooManyJobs))


@app.authorize
def authorize(body: NewReport) -> None:
    """Let those in who may read all that the report would tell."""
    service.authorize(body, app.caller)


@app.post("/v1/reports", summary="Ask for a report", status_code=202, middlewares=[idempotent])
def create_report(body: NewReport) -> Response[Envelope[JobView, JobLinks]]:
    """Begin a report, and answer the job that makes it: when it has succeeded, its `result_url` leads to the file."""
    job = service.request(body, app.caller.user_id, app.request_context)
    return app.respond(view(job), links=links(job), accepted=True)


handler = app.handler
