"""Runs of jobs: attempts, leases, cancelling, and runs that do not know of each other."""

from collections.abc import Callable

import pytest

from lamina import ids
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.jobs import running, service
from lamina.jobs.model import MAX_ATTEMPTS, JobError, JobStatus
from lamina.jobs.running import LeaseLost, NonRetryable, Run, run
from tests.support.samples import JOB, store_job

pytestmark = pytest.mark.usefixtures("aws")

CONTEXT = RequestContext(None, "test")
LONG_AGO = "2026-01-01T00:00:00.000000Z"


class Files:
    """The results that were made, and those that were removed."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.removed: list[str] = []

    def work(self, before: Callable[[Run], None] = lambda _: None) -> Callable[[Run], str]:
        """Work that does something before it makes its result."""

        def work(run: Run) -> str:
            before(run)
            self.made.append("result")
            return "result"

        return work

    def run(self, before: Callable[[Run], None] = lambda _: None) -> None:
        run(JOB, self.work(before), self.removed.append)


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture(autouse=True)
def _always_beating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BEAT_SECONDS", 0)


def fail(_: Run) -> None:
    raise OSError


def cancel(_: Run) -> None:
    service.cancel(JOB, CONTEXT)


def expire(_: Run) -> None:
    """Let the lease of whoever has the job be over."""
    service.change(JOB, lambda job: (job.__class__(**{**vars(job), "due_at": LONG_AGO}), None))


def events() -> list[str]:
    """The job's events, without those of attempts that started."""
    return [each for each in all_events() if each != "job.started"]


def all_events() -> list[str]:
    found = OutboxItem.query(f"JOB#{JOB}", OutboxItem.sk.startswith("EVENT#"))
    return [item.event_type for item in found]


def test_a_run_takes_the_job_shows_how_far_it_is_and_finishes_it(files: Files) -> None:
    store_job()
    seen = []

    def look(run: Run) -> None:
        run.beat(40)
        seen.append(service.get(JOB))

    files.run(look)
    assert (seen[0].status, seen[0].progress, seen[0].attempts) == (JobStatus.RUNNING, 40, 1)
    job = service.get(JOB)
    assert (job.status, job.progress, job.result_key) == (JobStatus.SUCCEEDED, 100, "result")
    assert all_events() == ["job.started", "job.succeeded"]


def test_progress_never_falls_within_an_attempt_and_is_not_all_before_the_end(files: Files) -> None:
    store_job()
    seen = []

    def look(run: Run) -> None:
        for progress in (50, 20, 1000):
            run.beat(progress)
            seen.append(service.get(JOB).progress)

    files.run(look)
    assert seen == [50, 50, 99]


def test_progress_is_written_at_a_bounded_rate(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    store_job()
    monkeypatch.setattr(running, "BEAT_SECONDS", 3600)
    versions = []

    def beat(run: Run) -> None:
        for progress in range(100):
            run.beat(progress)
        versions.append(service.get(JOB).version)

    files.run(beat)
    assert versions == [2]


def test_a_lease_is_renewed_only_when_it_runs_low(files: Files) -> None:
    store_job()
    due = []

    def look(run: Run) -> None:
        run.beat(1)
        due.append(service.get(JOB).due_at)
        run.beat(2)
        due.append(service.get(JOB).due_at)
        expire(run)
        run.beat(3)
        due.append(service.get(JOB).due_at)

    files.run(look)
    assert due[0] == due[1] < due[2]


def test_three_attempts_that_fail_are_the_end_and_say_what_to_do(files: Files) -> None:
    store_job()
    for attempt in range(1, MAX_ATTEMPTS):
        with pytest.raises(OSError):  # noqa: PT011 (it has no message)
            files.run(fail)
        waiting = service.get(JOB)
        assert (waiting.status, waiting.attempts, waiting.progress) == (JobStatus.QUEUED, attempt, 0)
    files.run(fail)
    job = service.get(JOB)
    assert (job.status, job.attempts) == (JobStatus.FAILED, MAX_ATTEMPTS)
    assert job.error is not None
    assert job.error.code == "ATTEMPTS_EXHAUSTED"
    assert "Create it again" in job.error.message
    assert events() == ["job.failed"]
    files.run()
    assert files.made == []


def test_an_attempt_after_one_that_failed_succeeds(files: Files) -> None:
    store_job()
    with pytest.raises(OSError):  # noqa: PT011 (it has no message)
        files.run(fail)
    files.run()
    assert (service.get(JOB).status, service.get(JOB).attempts) == (JobStatus.SUCCEEDED, 2)


def test_what_is_hopeless_is_not_tried_again(files: Files) -> None:
    store_job()

    def give_up(_: Run) -> None:
        raise NonRetryable(JobError("REPORT_TOO_LARGE", "Ask for less."))

    files.run(give_up)
    job = service.get(JOB)
    assert (job.status, job.attempts, job.error) == (JobStatus.FAILED, 1, JobError("REPORT_TOO_LARGE", "Ask for less."))


def test_a_second_message_does_nothing_while_the_job_runs(files: Files) -> None:
    store_job()
    files.run(lambda _: files.run())
    assert files.made == ["result"]
    assert service.get(JOB).attempts == 1


def test_a_job_that_is_finished_or_gone_is_not_run(files: Files) -> None:
    files.run()
    store_job()
    files.run()
    files.run()
    assert files.made == ["result"]


def test_a_cancelled_run_notices_at_its_next_beat_and_leaves_off(files: Files) -> None:
    store_job()
    after = []

    def cancelled(run: Run) -> None:
        cancel(run)
        run.beat(50)
        after.append("went on")

    files.run(cancelled)
    assert (files.made, after) == ([], [])
    assert service.get(JOB).status == JobStatus.CANCELLED
    assert events() == ["job.cancelled"]


def test_a_result_that_comes_after_the_cancellation_is_removed(files: Files) -> None:
    store_job()
    files.run(cancel)
    assert files.removed == ["result"]
    assert service.get(JOB).result_key is None
    assert events() == ["job.cancelled"]


def test_a_run_that_was_believed_dead_takes_nothing_from_the_one_that_has_the_job_now(files: Files) -> None:
    store_job()

    def overtaken(run: Run) -> None:
        expire(run)
        files.run()
        with pytest.raises(LeaseLost):
            run.beat(50)

    files.run(overtaken)
    job = service.get(JOB)
    assert (job.status, job.attempts) == (JobStatus.SUCCEEDED, 2)
    assert files.removed == []
    assert events() == ["job.succeeded"]


def test_an_attempt_that_fails_after_it_was_overtaken_changes_nothing(files: Files) -> None:
    store_job()

    def overtaken(run: Run) -> None:
        expire(run)
        files.run()
        fail(run)

    files.run(overtaken)
    assert service.get(JOB).status == JobStatus.SUCCEEDED


def abandon(*, attempts: int = 1) -> None:
    """A job whose run died a minute ago."""
    store_job(status=JobStatus.RUNNING, attempts=attempts, run="dead", due_at=ids.ago(1))


def test_a_job_whose_run_died_is_found_and_begun_again_by_a_message_of_its_own(files: Files) -> None:
    abandon()
    (found,) = service.stale(ids.now())
    assert service.requeue_or_fail(found).status == JobStatus.QUEUED
    assert events() == ["job.requeued"]
    assert service.stale(ids.now()) == []
    files.run()
    assert (service.get(JOB).status, service.get(JOB).attempts) == (JobStatus.SUCCEEDED, 2)


def test_a_job_whose_run_died_is_taken_over_by_its_message_too(files: Files) -> None:
    abandon()
    files.run()
    assert service.get(JOB).attempts == 2


def test_a_job_that_kills_its_runs_fails_after_three(files: Files) -> None:
    abandon(attempts=3)
    files.run()
    assert files.made == []
    (found,) = service.stale(ids.now())
    assert service.requeue_or_fail(found).status == JobStatus.FAILED
    assert events() == ["job.failed"]


def test_a_job_that_does_not_start_is_requested_again_and_fails_after_a_day() -> None:
    store_job(due_at=ids.ago(1))
    (found,) = service.stale(ids.now())
    again = service.requeue_or_fail(found)
    assert (again.status, again.attempts) == (JobStatus.QUEUED, 0)
    store_job("0190a3f0-0000-7000-8000-0000000000f1", due_at=ids.ago(1), created_at=ids.ago(25 * 3600))
    (found,) = service.stale(ids.now())
    failed = service.requeue_or_fail(found)
    assert failed.error is not None
    assert (failed.status, failed.error.code) == (JobStatus.FAILED, "NEVER_STARTED")


def test_a_job_that_is_well_again_is_left_alone() -> None:
    abandon()
    (found,) = service.stale(ids.now())
    service.requeue_or_fail(found)
    assert service.requeue_or_fail(found).version == 2
    assert events() == ["job.requeued"]
    service.cancel(JOB, CONTEXT)
    assert service.requeue_or_fail(found).status == JobStatus.CANCELLED


def test_stale_jobs_are_found_the_longest_overdue_first_and_no_others() -> None:
    names = [f"0190a3f0-0000-7000-8000-0000000001{number:02}" for number in range(8)]
    for number, name in enumerate(names):
        store_job(name, due_at=ids.ago(100 * (number + 1)) if number < 6 else ids.ahead(60))
    assert [job.id for job in service.stale(ids.now())] == names[5::-1]
    assert [job.id for job in service.stale(ids.ago(450))] == names[5:3:-1]
