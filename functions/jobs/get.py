"""GET /v1/jobs/{job_id}: get a job's progress and its result."""

from lamina.errors import NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.jobs import results, service
from lamina.jobs.schemas import JobLinks, JobView, etag, links, view

app = App(versioned=True, errors=(NotFound,))


@app.get("/v1/jobs/<job_id>", summary="Get a job")
def get_job(job_id: Id) -> Response[Envelope[JobView, JobLinks]]:
    """Returns a job to its owner and to admins. A job with a result includes a new download link."""
    job = service.get_for(app.caller, job_id)
    url = results.link(job, app.caller)
    return app.respond(view(job, url), etag=etag(job, url), links=links(job))


handler = app.handler
