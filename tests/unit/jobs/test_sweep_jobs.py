"""The sweep of stale jobs."""

from itertools import chain, repeat
from typing import Any

import pytest

from functions.schedules import sweep_jobs as function
from lamina import ids
from lamina.errors import Conflict
from lamina.jobs import service
from lamina.jobs.model import Job, JobStatus
from lamina.jobs.requeue_due import Report, requeue_stale
from tests.support.aws import Context
from tests.support.samples import store_job

pytestmark = pytest.mark.usefixtures("aws")

NAMES = [f"0190a3f0-0000-7000-8000-0000000000f{number}" for number in range(5)]


def always() -> bool:
    return True


def store(number: int, **fields: Any) -> None:
    store_job(NAMES[number], **{"due_at": ids.ago(60 - number), **fields})


def statuses() -> list[JobStatus]:
    return [service.get(name).status for name in NAMES]


def store_each_kind() -> None:
    running = JobStatus.RUNNING
    store(0, status=running, attempts=1, run="dead")
    store(1, status=running, attempts=3, run="dead")
    store(2)
    store(3, created_at=ids.ago(25 * 3600))
    store(4, status=running, attempts=1, run="alive", due_at=ids.ahead(30))


SWEPT = [JobStatus.QUEUED, JobStatus.FAILED, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.RUNNING]


def test_stale_jobs_are_begun_again_or_ended_and_others_left_alone() -> None:
    store_each_kind()
    assert requeue_stale(always) == Report(finished=True, requeued=2, failed=2)
    assert statuses() == SWEPT
    assert requeue_stale(always) == Report(finished=True)


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    store_each_kind()
    before = [service.get(name) for name in NAMES]
    event = function.handler({"dry_run": True}, Context())  # type: ignore[arg-type]  # it has what is read
    assert [service.get(name) for name in NAMES] == before
    assert event == {"finished": True, "requeued": 2, "failed": 2}


def test_a_sweep_goes_on_where_time_ran_out() -> None:
    store_each_kind()
    answers = chain(repeat(True, 3), repeat(False))
    assert not requeue_stale(lambda: next(answers)).finished
    assert requeue_stale(always).finished
    assert statuses() == SWEPT


def test_a_job_that_others_have_in_hand_does_not_keep_the_sweep_from_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    store_each_kind()
    rescue = service.requeue_or_fail

    def contended(job: Job) -> Job:
        if job.id == NAMES[0]:
            raise Conflict
        return rescue(job)

    monkeypatch.setattr(service, "requeue_or_fail", contended)
    assert requeue_stale(always) == Report(finished=True, requeued=1, failed=2)
