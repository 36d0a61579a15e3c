"""One run of a job: it takes the job, shows signs of life, and finishes it, once in effect.

A queue brings a message twice, a run dies half-way, a sweep believes a slow run dead: so several runs may be at one
job. Each has an id of its own, and whatever it writes holds only while the job is its.
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
"""How often a run writes how far it is, at the most; a cancelled one runs on for as long."""


class LeaseLost(Exception):
    """The job is this run's no longer: it was cancelled, or another run has it."""


class NonRetryable(Exception):
    """The job cannot be done, and another attempt would end the same.

    Attributes:
        error: what its owner is told.
    """

    def __init__(self, error: JobError) -> None:
        self.error = error
        super().__init__(error.code)


class Run:
    """A run, to those who do the work.

    Attributes:
        job: as it was when the run took it.
    """

    def __init__(self, job: Job, run_id: str) -> None:
        self.job = job
        self._id = run_id
        self._beaten = time.monotonic()

    def beat(self, progress: int) -> None:
        """Say how far the work is, in percent; call it as often as you like, at least every twenty seconds.

        Raises:
            Lost: when the work is in vain, as far as is known.
        """
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            self.confirm(progress)

    def confirm(self, progress: int) -> None:
        """Say how far the work is, and make sure that the job is still this run's.

        Raises:
            Lost: when it is not.
        """
        self.change(lambda job: transitions.beat(job, progress))
        self._beaten = time.monotonic()

    def change(self, edit: Callable[[Job], Step]) -> Job:
        """Change the job as long as it is this run's.

        Raises:
            Lost: when it is not.
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
"""Does what the job asks for; gives the key of its result."""


def run(job_id: str, work: Work, discard: Callable[[str], None]) -> None:
    """Run a job, if it is there to be run; else do nothing.

    Args:
        job_id: which.
        work: does it. What it raises costs an attempt; `Hopeless` costs all of them.
        discard: removes a result that came too late, given its key.

    Raises:
        Exception: that of the work, when there is to be another attempt: the message has to come again.
    """
    taken = _take(job_id)
    if taken is None:
        return
    try:
        key = work(taken)
        _succeed(taken, key, discard)
    except LeaseLost:
        logger.info("job lost")
    except NonRetryable as hopeless:
        _give_up(taken, hopeless.error)
    except Exception as error:
        # Whatever it was, the attempt is over, and the job must not stay behind as running.
        if _put_back(taken):
            raise
        log_failure(error)


def _take(job_id: str) -> Run | None:
    """Start the job; None when it is finished, gone, or another run has it."""
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
    """Finish the job; a result that nobody wants any more is removed, unless another run is making the same."""
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
    """Let go of the job; tells whether there is to be another attempt by the same message."""
    try:
        return not taken.change(transitions.put_back).is_finished
    except LeaseLost:
        return False
