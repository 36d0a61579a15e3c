"""Jobs over the API: who sees them, what becomes of them, what is told."""

from typing import Any

import boto3
import pytest

from lamina import ids
from lamina.access.policy import Role
from lamina.events.outbox import OutboxItem
from lamina.jobs import repository, schemas
from lamina.jobs.items import OwnedJobItem
from lamina.settings import settings
from lamina.storage.run_once import RequestItem
from tests.roles.jobs import deliver, requested
from tests.support.aws import Api, table_client, table_resource
from tests.support.people import Person, person

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("admin", Role.ADMIN)


def read(client: Api, job: str) -> Any:
    answer = client.get(f"/v1/jobs/{job}")
    assert answer.status == 200, answer.body
    return answer.data


def event(job: str) -> list[tuple[str, str | None, Any]]:
    """The events of a job, oldest first: type, actor, data."""
    found = OutboxItem.query(f"JOB#{job}", OutboxItem.sk.startswith("EVENT#"))
    return [(item.event_type, item.actor, item.data) for item in found]


def forget_answers() -> None:
    """Do as if the process had died between its work and its record."""
    table = table_resource()
    for item in table.scan(ProjectionExpression="pk, sk")["Items"]:
        if item["sk"] == "IDEMPOTENCY":
            table.delete_item(Key=item)


def test_a_report_is_accepted_with_the_address_of_its_job(admin: Person) -> None:
    answer = admin.api.post("/v1/reports", {"type": "users", "format": "csv"})
    assert answer.status == 202
    assert answer.headers["Location"] == f"/live/v1/jobs/{answer.data['id']}"
    assert answer.json["links"].keys() == {"self", "cancel"}
    assert answer.data == read(admin.api, answer.data["id"])
    assert (answer.data["status"], answer.data["progress"], answer.data["attempts"]) == ("queued", 0, 0)
    assert (answer.data["result_url"], answer.data["error"], answer.data["finished_at"]) == (None, None, None)


def test_a_job_that_is_done_has_a_link_and_nothing_left_to_cancel(admin: Person) -> None:
    job = requested(admin.api)
    deliver(job)
    answer = admin.api.get(f"/v1/jobs/{job}")
    assert (answer.data["status"], answer.data["progress"], answer.data["attempts"]) == ("succeeded", 100, 1)
    assert f"/reports/{job}.csv?" in answer.data["result_url"]
    assert "X-Amz-Expires=900" in answer.data["result_url"]
    assert answer.data["finished_at"]
    assert answer.json["links"].keys() == {"self"}
    assert event(job) == [
        ("job.requested", admin.id, {"owner_id": admin.id, "job_type": "report", "attempts": 0}),
        ("job.started", None, {"owner_id": admin.id, "job_type": "report", "attempts": 1}),
        ("job.succeeded", None, {"owner_id": admin.id, "job_type": "report", "attempts": 1}),
    ]


def test_the_link_is_gone_when_the_file_is(admin: Person) -> None:
    job = requested(admin.api)
    deliver(job)
    boto3.client("s3").delete_object(Bucket=settings().files, Key=f"reports/{job}.csv")
    assert read(admin.api, job)["status"] == "succeeded"
    assert read(admin.api, job)["result_url"] is None


def test_who_may_not_ask_for_it_any_more_gets_no_link(admin: Person) -> None:
    job = requested(admin.api)
    deliver(job)
    other = person("other", Role.ADMIN)
    assert other.api.patch(f"/v1/users/{admin.id}", {"role": "viewer"}).status == 200
    token = Api().post("/v1/auth/login", {"email": admin.user.email, "password": "Correct-horse-1"}).data
    assert read(Api(token=token["access_token"]), job)["result_url"] is None
    assert read(other.api, job)["result_url"]


def test_a_key_that_may_only_read_sees_its_owners_job_without_the_file_and_cannot_cancel_it(admin: Person) -> None:
    key = admin.api.post("/v1/api-keys", {"name": "ci", "scopes": ["read"]}).data["key"]
    done, waiting = requested(admin.api), requested(admin.api)
    deliver(done)
    program = {"X-API-Key": key}
    assert Api().get(f"/v1/jobs/{done}", headers=program).data["result_url"] is None
    assert Api().post(f"/v1/jobs/{waiting}/cancel", headers=program).status == 403
    assert Api().post("/v1/reports", {"type": "users", "format": "csv"}, headers=program).status == 403


def test_a_strangers_job_is_not_there(admin: Person) -> None:
    job = requested(admin.api)
    stranger = person("stranger", Role.EDITOR)
    for answer in (stranger.api.get(f"/v1/jobs/{job}"), stranger.api.post(f"/v1/jobs/{job}/cancel")):
        assert (answer.status, answer.error["code"]) == (404, "NOT_FOUND")
        missing = stranger.api.get(f"/v1/jobs/{ids.new_id()}")
        assert answer.error["message"] == missing.error["message"]
    assert read(person("other", Role.ADMIN).api, job)["id"] == job


def test_a_job_that_waits_is_cancelled_and_never_run(admin: Person) -> None:
    job = requested(admin.api)
    answer = admin.api.post(f"/v1/jobs/{job}/cancel")
    assert (answer.status, answer.data["status"]) == (200, "cancelled")
    assert answer.data["finished_at"]
    assert answer.json["links"].keys() == {"self"}
    assert deliver(job) == []
    assert read(admin.api, job)["attempts"] == 0
    assert [kind for kind, _, _ in event(job)] == ["job.requested", "job.cancelled"]
    assert event(job)[-1][1] == admin.id


def test_what_is_finished_cannot_be_cancelled(admin: Person) -> None:
    done, cancelled = requested(admin.api), requested(admin.api)
    deliver(done)
    admin.api.post(f"/v1/jobs/{cancelled}/cancel")
    for job in (done, cancelled):
        answer = admin.api.post(f"/v1/jobs/{job}/cancel")
        assert (answer.status, answer.error["code"]) == (422, "INVALID_TRANSITION")


def test_a_tag_stands_for_a_job_as_it_is_and_for_a_link_that_is_young(
    admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = requested(admin.api)
    before = admin.api.get(f"/v1/jobs/{job}").headers["ETag"]
    assert admin.api.get(f"/v1/jobs/{job}", headers={"If-None-Match": before}).status == 304
    deliver(job)
    after = admin.api.get(f"/v1/jobs/{job}", headers={"If-None-Match": before})
    assert after.status == 200
    assert admin.api.get(f"/v1/jobs/{job}", headers={"If-None-Match": after.headers["ETag"]}).status == 304
    monkeypatch.setattr(schemas, "TAG_SECONDS", schemas.TAG_SECONDS * 7)
    assert admin.api.get(f"/v1/jobs/{job}", headers={"If-None-Match": after.headers["ETag"]}).status == 200


def test_a_request_that_is_tried_again_makes_one_job_even_when_its_record_is_lost(admin: Person) -> None:
    key = {"Idempotency-Key": "one"}
    body = {"type": "users", "format": "ndjson"}
    made = admin.api.post("/v1/reports", body, headers=key)
    forget_answers()
    assert admin.api.post("/v1/reports", body, headers=key).data["id"] == made.data["id"]
    assert repository.unfinished(admin.id, 10) == 1


def test_a_retry_of_the_last_job_that_one_may_have_gives_that_job(admin: Person) -> None:
    for _ in range(4):
        requested(admin.api)
    body, key = {"type": "users", "format": "csv"}, {"Idempotency-Key": "fifth"}
    made = admin.api.post("/v1/reports", body, headers=key)
    forget_answers()
    assert admin.api.post("/v1/reports", body, headers=key).data["id"] == made.data["id"]
    assert admin.api.post("/v1/reports", body, headers={"Idempotency-Key": "sixth"}).error["code"] == "TOO_MANY_JOBS"


def test_an_idempotency_key_of_the_day_before_creates_a_new_job(admin: Person) -> None:
    body, key = {"type": "users", "format": "csv"}, {"Idempotency-Key": "daily"}
    made = admin.api.post("/v1/reports", body, headers=key)
    forget_answers()
    (left,) = RequestItem.scan(RequestItem.pk.startswith("REQUEST#"))
    left.created_at = ids.ago(24 * 3600)
    left.save()
    again = admin.api.post("/v1/reports", body, headers=key)
    assert again.status == 202
    assert again.data["id"] != made.data["id"]
    assert {item.sk for item in OwnedJobItem.query(f"USER#{admin.id}", OwnedJobItem.sk.startswith("JOB#"))} == {
        f"JOB#{made.data['id']}",
        f"JOB#{again.data['id']}",
    }


def test_nobody_has_more_than_five_unfinished_jobs(admin: Person) -> None:
    jobs = [requested(admin.api) for _ in range(5)]
    refused = admin.api.post("/v1/reports", {"type": "users", "format": "csv"})
    assert (refused.status, refused.error["code"]) == (422, "TOO_MANY_JOBS")
    requested(person("other", Role.ADMIN).api)
    admin.api.post(f"/v1/jobs/{jobs[0]}/cancel")
    requested(admin.api)


def test_a_job_is_kept_for_thirty_days(admin: Person) -> None:
    job = requested(admin.api)
    item = table_client().get_item(TableName=settings().table, Key={"pk": {"S": f"JOB#{job}"}, "sk": {"S": "JOB"}})[
        "Item"
    ]
    assert int(item["expires_at"]["N"]) - ids.epoch_of(item["created_at"]["S"]) == 30 * 24 * 3600
