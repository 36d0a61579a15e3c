"""What time fires."""

import boto3

from lamina import ids
from lamina.events.request_context import RequestContext
from lamina.jobs.model import JobStatus
from lamina.settings import settings
from lamina.users import counting, service
from tests.roles.process import Scenario, place
from tests.support.aging import age
from tests.support.aws import invoke, table_client
from tests.support.household import furnish
from tests.support.samples import DELETED, VIEWER, sample, store_job, store_sample_users


def reconcile_counts() -> None:
    store_sample_users()
    invoke(place("schedules/reconcile_counts"), sample("schedules/reconcile_counts"))


def purge_users() -> None:
    store_sample_users()
    furnish(service.get(VIEWER))
    counting.count([counting.membership(service.get(VIEWER))])
    service.delete(VIEWER, RequestContext(None, "roles"), if_version=lambda _: True)
    for folder in ("uploads", "avatars"):
        boto3.client("s3").put_object(Bucket=settings().files, Key=f"{folder}/{VIEWER}/one", Body=b"a picture")
    for user_id in (DELETED, VIEWER):
        _age(user_id, 31)
    purge = place("schedules/purge_users")
    assert invoke(purge, sample("schedules/purge_users"))["users"] == 2
    _age(VIEWER, 2)
    assert invoke(purge, sample("schedules/purge_users"))["tombstones"] == 1


def expire_unverified() -> None:
    store_sample_users()
    _age(VIEWER, 8)
    assert invoke(place("schedules/expire_unverified"), sample("schedules/expire_unverified"))["expired"] == 1


def sweep_jobs() -> None:
    store_job(status=JobStatus.RUNNING, attempts=1, run="dead", due_at=ids.ago(1))
    assert invoke(place("schedules/sweep_jobs"), sample("schedules/sweep_jobs"))["requeued"] == 1


def _age(user_id: str, days: int) -> None:
    age(table_client(), settings().table, user_id, days)


SCENARIOS: dict[str, Scenario] = {
    "schedules/expire_unverified": expire_unverified,
    "schedules/purge_users": purge_users,
    "schedules/reconcile_counts": reconcile_counts,
    "schedules/sweep_jobs": sweep_jobs,
}
