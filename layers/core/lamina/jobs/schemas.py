"""What clients see of a job."""

import time
from dataclasses import asdict
from typing import NotRequired, TypedDict

from pydantic import BaseModel, Field

from lamina import ids
from lamina.ids import Href, Id, Instant
from lamina.jobs.model import Job, JobStatus, JobType
from lamina.jobs.results import LINK_SECONDS

TAG_SECONDS = LINK_SECONDS // 3
"""How long a tag stands for the same link, so that what a client was told to keep is good for a while yet."""


class JobErrorView(BaseModel):
    """Why a job failed, and what to do about it."""

    code: str = Field(examples=["ATTEMPTS_EXHAUSTED"])
    message: str = Field(examples=["It failed 3 times, by no fault of yours. Ask for it again."])


class JobView(BaseModel):
    """A job; `progress` is in percent, `result_url` is good for 15 minutes from when it was read."""

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
    """Show a job."""
    return JobView.model_validate({**asdict(job), "result_url": result_url})


def etag(job: Job, result_url: str | None) -> str:
    """Name what is shown of a job: another when it has changed, and when its link is getting old."""
    whole = ids.etag(job.id, job.version)
    return f"{whole}-{int(time.time()) // TAG_SECONDS}" if result_url else whole


class JobLinks(TypedDict):
    """Where to go from a job; `cancel` while it can be."""

    self: Href
    cancel: NotRequired[Href]


def links(job: Job) -> JobLinks:
    """Give where to go from a job."""
    itself = f"/v1/jobs/{job.id}"
    return {"self": itself} if job.is_finished else {"self": itself, "cancel": f"{itself}/cancel"}
