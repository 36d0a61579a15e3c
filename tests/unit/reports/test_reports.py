"""What a report holds, what may be asked for, and what ends it."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from lamina import ids
from lamina.access.policy import Role
from lamina.activities import recording
from lamina.jobs import service as jobs
from lamina.jobs.model import JobStatus
from lamina.reports import activities, service, users
from lamina.reports.content import Rows
from lamina.settings import settings
from lamina.users import iteration
from lamina.users.model import User
from lamina.users.schemas import UserView
from tests.roles.jobs import deliver, requested
from tests.support.aws import make_user
from tests.support.people import Person, person
from tests.support.samples import waiting_job
from tests.support.templates import functions, template

OTHER = "01890a5d-ac96-774b-bcce-b302099a8057"

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("admin", Role.ADMIN)


def report(admin: Person, **wanted: Any) -> str:
    """Ask for a report, have it written, and read its file."""
    job = requested(admin.api, **wanted)
    assert deliver(job) == []
    file = boto3.client("s3").get_object(Bucket=settings().files, Key=f"reports/{job}.{wanted.get('format', 'csv')}")
    text: str = file["Body"].read().decode()
    return text


def names(text: str) -> list[str]:
    return [row["username"] for row in csv.DictReader(io.StringIO(text, newline=""))]


def test_a_report_holds_all_that_an_admin_sees_of_each_user_oldest_first(admin: Person) -> None:
    for name in ("carol", "ann", "bob"):
        make_user(name, metadata={"of": name})
    rows = [json.loads(line) for line in report(admin, format="ndjson").splitlines()]
    assert [row["username"] for row in rows] == ["admin", "carol", "ann", "bob"]
    assert all(row.keys() == UserView.model_fields.keys() for row in rows)
    assert rows == [admin.api.get(f"/v1/users/{row['id']}").data for row in rows]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"role": "editor"}, ["edith", "erwin"]),
        ({"status": "inactive"}, ["erwin"]),
        ({"role": "editor", "status": "active"}, ["edith"]),
        ({"deleted": True}, ["gone"]),
        ({}, ["admin", "edith", "erwin"]),
    ],
)
def test_a_report_holds_whom_its_filters_mean(admin: Person, wanted: dict[str, Any], expected: list[str]) -> None:
    make_user("edith", Role.EDITOR)
    erwin, gone = make_user("erwin", Role.EDITOR), make_user("gone")
    admin.api.patch(f"/v1/users/{erwin.id}", {"status": "inactive"})
    admin.api.delete(f"/v1/users/{gone.id}")
    assert names(report(admin, **wanted)) == expected


def test_who_came_after_the_report_was_asked_for_is_not_in_it(admin: Person) -> None:
    job = requested(admin.api)
    make_user("late")
    deliver(job)
    file = boto3.client("s3").get_object(Bucket=settings().files, Key=f"reports/{job}.csv")
    assert names(file["Body"].read().decode()) == ["admin"]


def test_a_report_of_many_pages_holds_everybody_once(admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iteration, "CHUNK", 3)
    monkeypatch.setattr(iteration, "BATCH", 2)
    made = [make_user(f"user.{number:02}").username for number in range(11)]
    assert names(report(admin)) == ["admin", *made]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"type", "format"}),
        ({"type": "posts", "format": "csv"}, {"type"}),
        ({"type": "users", "format": "xlsx"}, {"format"}),
        ({"type": "users", "format": "csv", "role": "king"}, {"role"}),
        ({"type": "users", "format": "csv", "deleted": "yes"}, {"deleted"}),
        ({"type": "users", "format": "csv", "deleted": True, "role": "viewer"}, {"deleted"}),
        ({"type": "users", "format": "csv", "columns": ["id"]}, {"columns"}),
        ({"type": "users", "format": "csv", "user_id": OTHER, "from": "2026-01-01T00:00:00Z"}, {"user_id", "from"}),
        ({"type": "activities", "format": "csv"}, {"user_id"}),
        ({"type": "activities", "format": "csv", "user_id": "me"}, {"user_id"}),
        ({"type": "activities", "format": "csv", "user_id": OTHER, "from": "yesterday"}, {"from"}),
        ({"type": "activities", "format": "csv", "user_id": OTHER, "since": "2026-01-01T00:00:00Z"}, {"since"}),
        (
            {
                "type": "activities",
                "format": "csv",
                "user_id": OTHER,
                "from": "2026-02-01T00:00:00Z",
                "to": "2026-01-01T00:00:00Z",
            },
            {"to"},
        ),
        ({"type": "activities", "format": "csv", "user_id": OTHER, "deleted": False}, {"deleted"}),
    ],
)
def test_a_report_that_cannot_be_is_a_400_that_says_why(admin: Person, body: Any, fields: set[str]) -> None:
    answer = admin.api.post("/v1/reports", body)
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert {detail["field"] for detail in answer.error["details"]} == fields


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_who_does_not_manage_users_gets_no_report_of_them(role: Role) -> None:
    answer = person("somebody", role).api.post("/v1/reports", {"type": "users", "format": "csv"})
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")


def record(user: User, *instants: str) -> None:
    """Let a user have had its session ended at these instants."""
    facts = {"correlation_id": "=1+1", "actor": user.id, "subject": user.id, "data": {"session_id": user.id}}
    events = ({"id": ids.new_id(), "type": "session.ended", "occurred_at": at, **facts} for at in instants)
    recording.record([recording.activity(event) for event in events])


def test_a_report_of_activities_holds_what_the_list_shows_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "ROWS", 2)
    ann = person("ann")
    record(ann.user, *(ids.ahead(second) for second in (1, 2, 3, 4, 5)))
    rows = report(ann, type="activities", format="ndjson", user_id=ann.id, to=ids.ahead(60))
    assert [json.loads(line) for line in rows.splitlines()] == ann.api.get(f"/v1/users/{ann.id}/activities").data


def test_a_report_of_activities_is_of_the_time_that_was_asked_for(admin: Person) -> None:
    ann = person("ann")
    instants = [ids.ahead(second) for second in (10, 20, 30, 40)]
    record(ann.user, *instants)
    text = report(admin, type="activities", user_id=ann.id, **{"from": instants[1], "to": instants[3]})
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["occurred_at"] for row in rows] == [instants[2], instants[1]]
    assert {row["correlation_id"] for row in rows} == {"'=1+1"}
    assert json.loads(rows[0]["data"]) == {"session_id": ann.id}


def test_activities_are_reported_to_the_user_itself_and_to_admins_and_to_nobody_else(admin: Person) -> None:
    ann, bob = person("ann"), person("bob", Role.EDITOR)
    wanted = {"type": "activities", "format": "csv", "user_id": ann.id}
    assert bob.api.post("/v1/reports", wanted).status == 403
    assert bob.api.post("/v1/reports", {**wanted, "user_id": OTHER}).status == 403
    assert admin.api.post("/v1/reports", {**wanted, "user_id": OTHER}).status == 404
    own = ann.api.post("/v1/reports", wanted)
    assert own.status == 202
    deliver(own.data["id"])
    assert ann.api.get(f"/v1/jobs/{own.data['id']}").data["result_url"]
    assert bob.api.get(f"/v1/jobs/{own.data['id']}").status == 404


def test_a_report_about_somebody_who_was_deleted_meanwhile_fails_at_once(admin: Person) -> None:
    ann = person("ann")
    job = requested(admin.api, type="activities", user_id=ann.id)
    admin.api.delete(f"/v1/users/{ann.id}")
    assert deliver(job) == []
    failed = admin.api.get(f"/v1/jobs/{job}").data
    assert (failed["status"], failed["attempts"], failed["error"]["code"]) == ("failed", 1, "USER_GONE")


def test_progress_of_activities_tells_how_far_back_the_report_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "ROWS", 1)
    ann = make_user("ann")
    instants = [ids.ahead(second) for second in (25, 50, 75)]
    record(ann, *instants)
    parameters = {"user_id": ann.id, "since": "", "until": ids.ahead(100)}
    found = [page.progress for page in activities.pages(waiting_job(ids.new_id(), parameters=parameters))]
    assert found == pytest.approx([25, 50, 75], abs=3)


def test_a_report_that_takes_too_long_ends_with_what_to_do(admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LIMIT_SECONDS", -1)
    job = requested(admin.api)
    assert deliver(job) == []
    failed = admin.api.get(f"/v1/jobs/{job}").data
    assert (failed["status"], failed["attempts"], failed["error"]["code"]) == ("failed", 1, "REPORT_TOO_LARGE")
    assert "Use filters" in failed["error"]["message"]


def test_a_report_has_time_to_finish_before_its_function_is_stopped() -> None:
    function = next(function for function in functions() if function.place == "consumers/run_report")
    timeout = template(function.stack)["Resources"][function.name]["Properties"]["Timeout"]
    assert timeout >= service.LIMIT_SECONDS + 60


def test_a_report_that_breaks_in_the_middle_is_begun_again_and_has_one_file(
    admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, pages, tries = requested(admin.api), users.pages, []

    def broken(*given: Any) -> Iterator[Rows]:
        yield from pages(*given)
        tries.append(1)
        if len(tries) < 3:
            raise OSError

    monkeypatch.setattr(users, "pages", broken)
    assert [deliver(job) for _ in range(3)] == [["message"], ["message"], []]
    assert (jobs.get(job).status, jobs.get(job).attempts) == (JobStatus.SUCCEEDED, 3)
    files = boto3.client("s3").list_objects_v2(Bucket=settings().files, Prefix=f"reports/{job}")["Contents"]
    assert [file["Key"] for file in files] == [f"reports/{job}.csv"]


def test_what_other_jobs_ask_for_is_not_for_the_consumer_of_reports() -> None:
    event = {"type": "job.requested", "subject": "any", "data": {"job_type": "another"}}
    service.follow(event)
