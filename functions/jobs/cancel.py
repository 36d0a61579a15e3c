"""POST /v1/jobs/{job_id}/cancel: cancel a job."""

from lamina.access.policy import Action
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.jobs import service
from lamina.jobs.model import JobFinished
from lamina.jobs.schemas import JobLinks, JobView, etag, links, view

app = App(versioned=True, errors=(Forbidden, NotFound, Conflict, JobFinished))


@app.post("/v1/jobs/<job_id>/cancel", summary="Cancel a job")
def cancel_job(job_id: Id) -> Response[Envelope[JobView, JobLinks]]:
    """Cancels a queued or running job. It produces no result; work in progress stops within seconds."""
    service.get_for(app.caller, job_id, Action.JOB_CANCEL)
    job = service.cancel(job_id, app.request_context)
    return app.respond(view(job), etag=etag(job, None), links=links(job))


handler = app.handler
