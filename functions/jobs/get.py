"""GET /v1/jobs/{job_id}: how far a job is, and where its result can be fetched."""

from lamina.errors import NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.jobs import results, service
from lamina.jobs.schemas import JobLinks, JobView, etag, links, view

app = App(versioned=True, errors=(NotFound,))


@app.get("/v1/jobs/<job_id>", summary="Read a job")
def get_job(job_id: Id) -> Response[Envelope[JobView, JobLinks]]:
    """Answer a job to its owner and to admins, with a new link to its result if it has one."""
    job = service.get_for(app.caller, job_id)
    url = results.link(job, app.caller)
    return app.respond(view(job, url), etag=etag(job, url), links=links(job))


handler = app.handler
