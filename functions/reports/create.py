"""POST /v1/reports: create a report."""

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
    """Allow callers who may read everything that the report would contain."""
    service.authorize(body, app.caller)


@app.post("/v1/reports", summary="Create a report", status_code=202, middlewares=[idempotent])
def create_report(body: NewReport) -> Response[Envelope[JobView, JobLinks]]:
    """Starts a report and return its job. Once the job has succeeded, its `result_url` links to the file."""
    job = service.request(body, app.caller.user_id, app.request_context)
    return app.respond(view(job), links=links(job), accepted=True)


handler = app.handler
