"""Runs a job: takes it, sends heartbeats and finishes it, effectively once.

A queue may deliver a message twice, a run may crash, and a slow run may be considered dead, so several runs may work on
a job. Each has its own id, and its writes succeed only while it holds the job.
"""

import time
from collections.abc import Callable

from lamina import ids
from lamina.errors import NotFound
from lamina.jobs import transitions
from lamina.jobs.model import Job, JobError, JobStatus
from lamina.jobs.service import change, get
from lamina.jobs.transitions import Step
from lamina.observability.logs import log_failure, logger

BEAT_SECONDS = 2.0
"""Minimum seconds between progress updates; a cancelled run continues for up to this long."""


class LeaseLost(Exception):
    """The run no longer holds the job: it was cancelled, or another run took it over."""


class NonRetryable(Exception):
    """The job cannot be done, and another attempt would fail the same way.

    Attributes:
        error: the error shown to the owner.
    """

    def __init__(self, error: JobError) -> None:
        self.error = error
        super().__init__(error.code)


class Run:
    """A run, as seen by the work.

    Attributes:
        job: the job when the run took it.
    """

    def __init__(self, job: Job, run_id: str) -> None:
        self.job = job
        self._id = run_id
        self._beaten = time.monotonic()

    def beat(self, progress: int) -> None:
        """Report progress in percent; call it as often as you like, at least every twenty seconds.

        Raises:
            LeaseLost: if the run is known to have lost the job.
        """
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            self.confirm(progress)

    def confirm(self, progress: int) -> None:
        """Report progress, and verify that the run still holds the job.

        Raises:
            LeaseLost: if it does not.
        """
        self.change(lambda job: transitions.beat(job, progress))
        self._beaten = time.monotonic()

    def change(self, edit: Callable[[Job], Step]) -> Job:
        """Change the job while the run holds it.

        Raises:
            LeaseLost: if it does not.
        """

        def held(job: Job) -> Step:
            if not transitions.holds(job, self._id):
                raise LeaseLost
            return edit(job)

        try:
            return change(self.job.id, held)
        except NotFound:
            raise LeaseLost from None


type Work = Callable[[Run], str]
"""Does the work of a job, and returns the key of its result."""


def run(job_id: str, work: Work, discard: Callable[[str], None]) -> None:
    """Run a job, unless it is finished or held by another run.

    Args:
        job_id: id of the job.
        work: does the work. An exception uses up one attempt; `NonRetryable` uses up all.
        discard: deletes a result that came too late, given its key.

    Raises:
        Exception: the exception of the work, if there is another attempt: the message must be redelivered.
    """
    taken = _take(job_id)
    if taken is None:
        return
    try:
        key = work(taken)
        _succeed(taken, key, discard)
    except LeaseLost:
        logger.info("job lost")
    except NonRetryable as failure:
        _give_up(taken, failure.error)
    except Exception as error:
        # The attempt has failed for any reason, and the job must not stay in status running.
        if _put_back(taken):
            raise
        log_failure(error)


def _take(job_id: str) -> Run | None:
    """Start the job; None if it is finished, does not exist, or is held by another run."""
    run_id = ids.new_id()

    def edit(job: Job) -> Step:
        return transitions.start(job, run_id) if transitions.can_start(job) else (job, None)

    try:
        job = change(job_id, edit)
    except NotFound:
        job = None
    if job is None or not transitions.holds(job, run_id):
        logger.info("no run: the job is finished, gone or taken")
        return None
    return Run(job, run_id)


def _succeed(taken: Run, key: str, discard: Callable[[str], None]) -> None:
    """Finish the job. Delete a result that is no longer wanted, unless another run writes the same file."""
    try:
        taken.change(lambda job: transitions.succeed(job, key))
    except LeaseLost:
        if get(taken.job.id).status == JobStatus.CANCELLED:
            discard(key)
        raise
    logger.info("job done", extra={"attempts": taken.job.attempts})


def _give_up(taken: Run, error: JobError) -> None:
    try:
        taken.change(lambda job: transitions.fail(job, error))
    except LeaseLost:
        return
    logger.warning("job given up", extra={"code": error.code})


def _put_back(taken: Run) -> bool:
    """Release the job; return whether there is to be another attempt by the same message."""
    try:
        return not taken.change(transitions.put_back).is_finished
    except LeaseLost:
        return False
