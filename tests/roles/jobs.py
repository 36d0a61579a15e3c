"""Reports, and the jobs that make them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.jobs import service
from lamina.jobs.running import Run
from lamina.reports import upload, users
from lamina.reports.content import Rows
from tests.roles.process import Scenario, forget_idempotency_records, place, table_busy
from tests.support.aws import Api, invoke, signed_in
from tests.support.samples import VIEWER, sample, store_sample_users

USERS = {"type": "users", "format": "csv"}


def create_report() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    request: dict[str, Any] = {"body": USERS, "headers": {"Idempotency-Key": "1"}}
    with table_busy():
        assert admin.post("/v1/reports", **request).status == 503
    made = admin.post("/v1/reports", **request)
    assert admin.post("/v1/reports", **request).headers["Idempotent-Replayed"] == "true"
    forget_idempotency_records()
    assert admin.post("/v1/reports", **request).data["id"] == made.data["id"]


def jobs() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    job = requested(admin)
    assert deliver(job) == []
    assert admin.get(f"/v1/jobs/{job}").data["result_url"]
    assert admin.post(f"/v1/jobs/{requested(admin)}/cancel").status == 200


def run_report() -> None:
    store_sample_users()
    admin, _ = signed_in("asker", Role.ADMIN)
    for filters in ({}, {"role": "viewer"}, {"status": "active"}, {"role": "viewer", "status": "active"}):
        job = requested(admin, **filters)
        assert deliver(job) == []
    assert deliver(requested(admin, type="activities", user_id=VIEWER)) == []
    with pytest.MonkeyPatch.context() as patched:
        _break_off(admin, patched)
    with pytest.MonkeyPatch.context() as patched:
        _cancel_at_the_last_moment(admin, patched)


def _break_off(admin: Api, patched: pytest.MonkeyPatch) -> None:
    """A run that breaks after it has sent a part."""
    pages = users.pages

    def broken(*given: Any) -> Iterator[Rows]:
        yield from pages(*given)
        raise OSError

    patched.setattr(upload, "PART_BYTES", 16)
    patched.setattr(users, "pages", broken)
    assert deliver(requested(admin)) == ["message"]


def _cancel_at_the_last_moment(admin: Api, patched: pytest.MonkeyPatch) -> None:
    """A job that is cancelled when its file is there already."""
    job, confirm = requested(admin), Run.confirm

    def late(run: Run, progress: int) -> None:
        confirm(run, progress)
        service.cancel(job, RequestContext(None, "test"))

    patched.setattr(Run, "confirm", late)
    assert deliver(job) == []


def requested(admin: Api, **filters: str) -> str:
    made = admin.post("/v1/reports", {**USERS, **filters})
    assert made.status == 202, made.body
    return str(made.data["id"])


def deliver(job: str) -> list[str]:
    """Bring the consumer the message of a job; gives the ids of messages that it wants again."""
    event = sample("consumers/run_report")
    message = json.loads(event["Records"][0]["body"])
    message["detail"] |= {"id": job, "subject": job}
    event["Records"][0] |= {"body": json.dumps(message), "messageId": "message"}
    failed = invoke(place("consumers/run_report"), event)["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in failed]


SCENARIOS: dict[str, Scenario] = {
    "consumers/run_report": run_report,
    "jobs/cancel": jobs,
    "jobs/get": jobs,
    "reports/create": create_report,
}
