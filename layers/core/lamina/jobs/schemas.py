"""Response models of jobs."""

import time
from dataclasses import asdict
from typing import NotRequired, TypedDict

from pydantic import BaseModel, Field

from lamina import ids
from lamina.ids import Href, Id, Instant
from lamina.jobs.model import Job, JobStatus, JobType
from lamina.jobs.results import LINK_SECONDS

TAG_SECONDS = LINK_SECONDS // 3
"""How often the entity tag changes with a new link, so that a link kept after a 304 is still valid for a while."""


class JobErrorView(BaseModel):
    """Why a job failed, and what to do about it."""

    code: str = Field(examples=["ATTEMPTS_EXHAUSTED"])
    message: str = Field(examples=["The job failed 3 times because of an internal error. Create it again."])


class JobView(BaseModel):
    """A job. `progress` is a percentage; `result_url` is valid for 15 minutes after it was returned."""

    id: Id
    type: JobType
    status: JobStatus
    progress: int = Field(ge=0, le=100, examples=[42])
    attempts: int = Field(ge=0, examples=[1])
    result_url: str | None = Field(examples=[None])
    error: JobErrorView | None
    created_at: Instant
    updated_at: Instant
    finished_at: Instant | None = Field(examples=[None])


def view(job: Job, result_url: str | None = None) -> JobView:
    """Return the response model of a job."""
    return JobView.model_validate({**asdict(job), "result_url": result_url})


def etag(job: Job, result_url: str | None) -> str:
    """Return the entity tag of a job. It changes with the job, and when its download link is about to expire."""
    whole = ids.etag(job.id, job.version)
    return f"{whole}-{int(time.time()) // TAG_SECONDS}" if result_url else whole


class JobLinks(TypedDict):
    """Links of a job; `cancel` is present while the job can be cancelled."""

    self: Href
    cancel: NotRequired[Href]


def links(job: Job) -> JobLinks:
    """Return the links of a job."""
    itself = f"/v1/jobs/{job.id}"
    return {"self": itself} if job.is_finished else {"self": itself, "cancel": f"{itself}/cancel"}
