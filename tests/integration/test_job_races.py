"""What holds of a job when several runs, a cancellation and the sweep are at it at the same time, on every engine."""

from collections import Counter
from typing import Any

import pytest

from lamina import ids
from lamina.errors import LaminaError
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.jobs import repository, running, service
from lamina.jobs.model import Job, JobStatus
from lamina.jobs.running import Run
from tests.integration.crowd import CROWD, at_once
from tests.support.samples import ADMIN, JOB, store_job, waiting_job

pytestmark = pytest.mark.usefixtures("table")

ROUNDS = 8
REQUEST = "fingerprint"


@pytest.fixture(autouse=True)
def _always_beating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BEAT_SECONDS", 0)


def events(job: str = JOB) -> Counter[str]:
    return Counter(item.event_type for item in OutboxItem.query(f"JOB#{job}", OutboxItem.sk.startswith("EVENT#")))


def outcomes(results: list[Any]) -> Counter[str]:
    """Count what the threads came to: the code of each refusal; whatever is no refusal at all is raised."""
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, LaminaError):
            raise result
    return Counter(result.code if isinstance(result, LaminaError) else "done" for result in results)


def test_of_many_runs_that_want_a_job_one_has_it() -> None:
    store_job()
    made: list[str] = []

    def work(run: Run) -> str:
        run.beat(50)
        made.append("result")
        return "result"

    def act(_: int) -> None:
        running.run(JOB, work, made.remove)

    assert outcomes(at_once(act)) == {"done": CROWD}
    assert len(made) == 1
    assert (service.get(JOB).attempts, service.get(JOB).status) == (1, JobStatus.SUCCEEDED)
    assert events() == {"job.started": 1, "job.succeeded": 1}


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_job_is_either_finished_or_cancelled_and_a_cancelled_one_leaves_no_file(number: int) -> None:
    job = f"0190a3f0-0000-7000-8000-0000000002{number:02}"
    store_job(job)
    files: set[str] = set()

    def work(run: Run) -> str:
        for progress in range(0, 100, 25):
            run.beat(progress)
        files.add("result")
        return "result"

    def act(thread: int) -> None:
        if thread == 0:
            running.run(job, work, files.remove)
        else:
            service.cancel(job, RequestContext(None, "test"))

    came = outcomes(at_once(act, 2))
    end = service.get(job)
    if end.status == JobStatus.CANCELLED:
        assert came == {"done": 2}
        assert (files, end.result_key) == (set(), None)
    else:
        assert came == {"done": 1, "INVALID_TRANSITION": 1}
        assert (files, end.status, end.result_key) == ({"result"}, JobStatus.SUCCEEDED, "result")
    assert events(job) - Counter({"job.started": 1}) == {f"job.{end.status}": 1}


def test_of_many_who_cancel_one_does() -> None:
    store_job()
    came = outcomes(at_once(lambda _: service.cancel(JOB, RequestContext(None, "test"))))
    assert came == {"done": 1, "INVALID_TRANSITION": CROWD - 1}
    assert events() == {"job.cancelled": 1}


def test_many_sweeps_that_find_a_dead_run_ask_for_one_more() -> None:
    store_job(status=JobStatus.RUNNING, attempts=1, run="dead", due_at=ids.ago(1))
    (found,) = service.stale(ids.now())
    results = at_once(lambda _: service.requeue_or_fail(found))
    assert outcomes(results) == {"done": CROWD}
    assert events() == {"job.requeued": 1}


def test_a_sweep_and_a_message_that_find_a_dead_run_leave_one_run_at_a_time() -> None:
    store_job(status=JobStatus.RUNNING, attempts=1, run="dead", due_at=ids.ago(1))
    (found,) = service.stale(ids.now())
    made: list[str] = []

    def work(_: Run) -> str:
        made.append("result")
        return "result"

    def act(number: int) -> None:
        if number % 2:
            service.requeue_or_fail(found)
        else:
            running.run(JOB, work, made.remove)

    assert outcomes(at_once(act, 8)) == {"done": 8}
    end = service.get(JOB)
    assert (end.status, len(made)) == (JobStatus.SUCCEEDED, 1)
    assert end.attempts == 2


def test_a_request_that_comes_many_times_makes_one_job() -> None:
    def act(number: int) -> str:
        job = waiting_job(f"0190a3f0-0000-7000-8000-0000000003{number:02}")
        return repository.insert(job, [], request=REQUEST)

    made = at_once(act)
    assert outcomes(made) == {"done": CROWD}
    assert len(set(map(str, made))) == 1
    assert repository.unfinished(ADMIN, 10) == 1


def test_beats_of_a_run_get_through_while_others_read_and_sweep() -> None:
    store_job()

    def work(run: Run) -> str:
        def act(number: int) -> Job | None:
            if number == 0:
                for progress in range(20):
                    run.beat(progress)
                return None
            return service.requeue_or_fail(service.get(JOB))

        assert outcomes(at_once(act, 8)) == {"done": 8}
        return "result"

    running.run(JOB, work, lambda _: None)
    assert events() == {"job.started": 1, "job.succeeded": 1}
