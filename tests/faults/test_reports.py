"""Reports when their parts fail: each job comes to one end, with one file or none, and no other job waits for it."""

import json
from typing import Any

import pytest

from lamina import ids
from lamina.jobs.items import JobItem, job_item, job_key, to_job
from lamina.jobs.model import LEASE_SECONDS, Job
from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD
from tests.faults.cloud import Cloud, event, wait_until
from tests.faults.figures import Report, figures
from tests.faults.proxy import Call, Refusal, proxy_to
from tests.support.samples import waiting_job
from tests.support.stack import RunningStack

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.usefixtures("crowd")]

QUEUE, CONSUMER, SWEEP = "Async/Reports/Queue", "Async/RunReportFunction", "Async/SweepJobsFunction"
SECONDS = 60


class Jobs:
    """The jobs of a test, in the table, and their files."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._table, self._files = cloud.client("dynamodb"), cloud.client("s3")
        self._table_name, self._bucket = cloud.resources["Data/Table"], cloud.resources["Data/Files"]

    def store(self, **fields: Any) -> tuple[str, dict[str, Any]]:
        """A job that waits, and the event that has it begun."""
        job = waiting_job(ids.new_id(), **fields)
        self._table.put_item(TableName=self._table_name, Item={**job_item(job).serialize(), "version": {"N": "1"}})
        return job.id, event("job.requested", job.id, owner_id=job.owner_id, job_type="report", attempts=0)

    def read(self, job: str) -> Job:
        pk, sk = job_key(job)
        found = self._table.get_item(
            TableName=self._table_name, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True
        )
        return to_job(JobItem.from_raw_data(found["Item"]))

    def finished(self, *jobs: str) -> bool:
        return all(self.read(job).is_finished for job in jobs)

    def ends(self, job: str) -> list[str]:
        """The events that tell of its end."""
        pk, _ = job_key(job)
        found = self._table.query(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :event)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":event": {"S": "EVENT#"}},
            ConsistentRead=True,
        )
        event = [item["event_type"]["S"] for item in found["Items"]]
        return [name for name in event if name in {"job.succeeded", "job.failed", "job.cancelled"}]

    def files(self, job: str) -> list[str]:
        """What lies in the bucket for it, finished or not."""
        place = {"Bucket": self._bucket, "Prefix": f"reports/{job}"}
        stored = self._files.list_objects_v2(**place).get("Contents", [])
        begun = self._files.list_multipart_uploads(**place).get("Uploads", [])
        return [found["Key"] for found in (*stored, *begun)]


@pytest.fixture
def jobs(cloud: Cloud) -> Jobs:
    return Jobs(cloud)


def reads_users(call: Call) -> bool:
    """Whether a call of DynamoDB reads a batch of users: a report does in its middle."""
    return b"RequestItems" in call.body and b"USER#" in call.body


def test_a_report_whose_process_is_killed_in_the_middle_succeeds_in_the_end_once(
    cloud: Cloud, jobs: Jobs, report: Report
) -> None:
    doomed, event = jobs.store()
    killed: list[int] = []

    def kill(call: Call) -> Refusal | None:
        if reads_users(call) and not killed:
            killed.append(cloud.kill(CONSUMER))
        return None

    with proxy_to(cloud.endpoint) as (proxy, url):
        proxy.before = kill
        with cloud.configured(CONSUMER, AWS_ENDPOINT_URL_DYNAMODB=url):
            cloud.send(QUEUE, [event])
            wait_until(lambda: bool(killed), "the process is killed", SECONDS)
    assert killed[0] > 0
    assert (jobs.read(doomed).status, jobs.read(doomed).attempts) == ("running", 1)
    other, event = jobs.store()
    cloud.send(QUEUE, [event])
    delay = wait_until(lambda: jobs.finished(other), "another job is done meanwhile", SECONDS)
    wait_until(lambda: jobs.read(doomed).due_at < ids.now(), "its lease is over", LEASE_SECONDS + 5)
    cloud.client("lambda").invoke(FunctionName=cloud.resources[SWEEP], Payload=json.dumps({}).encode())
    took = wait_until(lambda: jobs.finished(doomed), "the job is done", SECONDS)
    counted = figures([doomed, other], [job for job in (doomed, other) for _ in jobs.ends(job)])
    report(counted, seconds_of_the_other=delay, seconds_from_the_sweep=took, attempts=jobs.read(doomed).attempts)
    assert (counted.duplicates, counted.lost) == (0, 0)
    assert jobs.ends(doomed) == ["job.succeeded"]
    assert jobs.read(doomed).attempts == 2
    assert jobs.files(doomed) == [f"reports/{doomed}.csv"]


def test_the_message_of_a_job_twenty_times_makes_one_file(cloud: Cloud, jobs: Jobs, report: Report) -> None:
    job, event = jobs.store()
    twins = [{**event, "id": ids.new_id()} for _ in range(19)]
    cloud.send(QUEUE, [event, *twins])
    wait_until(lambda: jobs.finished(job), "the job is done", SECONDS)
    wait_until(lambda: not cloud.depth(QUEUE)["waiting"], "no message waits", SECONDS)
    counted = figures([job], [job for _ in jobs.ends(job)])
    report(counted, messages=20, attempts=jobs.read(job).attempts)
    assert (counted.duplicates, counted.lost) == (0, 0)
    assert jobs.read(job).attempts == 1
    assert jobs.files(job) == [f"reports/{job}.csv"]


def test_s3_that_refuses_costs_attempts_with_pauses_between_them(cloud: Cloud, jobs: Jobs, report: Report) -> None:
    (well, first), (doomed, second) = jobs.store(), jobs.store()

    def refuse(call: Call) -> Refusal | None:
        # The first job's file is refused until its second attempt is over, the other one's always.
        hopeful = well in call.path and jobs.read(well).attempts > 2
        return None if hopeful else Refusal(403, b"<Error><Code>AccessDenied</Code></Error>")

    with proxy_to(cloud.endpoint) as (proxy, url):
        proxy.before = refuse
        with cloud.configured(CONSUMER, AWS_ENDPOINT_URL_S3=url):
            cloud.send(QUEUE, [first, second])
            took = wait_until(lambda: jobs.finished(well, doomed), "both have come to an end", SECONDS)
    counted = figures([well, doomed], [job for job in (well, doomed) for _ in jobs.ends(job)])
    report(counted, seconds=took, attempts=jobs.read(doomed).attempts)
    assert (counted.duplicates, counted.lost) == (0, 0)
    assert (jobs.ends(well), jobs.files(well)) == (["job.succeeded"], [f"reports/{well}.csv"])
    assert (jobs.ends(doomed), jobs.files(doomed)) == (["job.failed"], [])
    failed = jobs.read(doomed)
    assert failed.error is not None
    assert (failed.attempts, failed.error.code) == (3, "ATTEMPTS_EXHAUSTED")


def test_a_job_that_is_cancelled_while_its_run_is_in_the_middle_has_no_file(
    cloud: Cloud, jobs: Jobs, stack: RunningStack, crowd: list[dict[str, Any]], report: Report
) -> None:
    before = cloud.depth(QUEUE)
    owner = Client(stack.port, set()).signed_in(crowd[0]["email"], PASSWORD)
    job, event = jobs.store(owner_id=crowd[0]["id"])
    answers: list[int] = []
    first = iter((True,))  # the run reads with several threads, and only one of them cancels

    def cancel(call: Call) -> Refusal | None:
        if reads_users(call) and next(first, False):
            answers.append(owner.post(f"/v1/jobs/{job}/cancel").status)
        return None

    with proxy_to(cloud.endpoint) as (proxy, url):
        proxy.before = cancel
        with cloud.configured(CONSUMER, AWS_ENDPOINT_URL_DYNAMODB=url):
            cloud.send(QUEUE, [event])
            wait_until(lambda: bool(answers), "it is cancelled", SECONDS)
            took = wait_until(lambda: cloud.depth(QUEUE) == before, "its message is done with", SECONDS)
    counted = figures([job], [job for _ in jobs.ends(job)])
    report(counted, seconds=took)
    assert answers == [200]
    assert (jobs.read(job).status, jobs.ends(job), jobs.files(job)) == ("cancelled", ["job.cancelled"], [])
