"""Reports and jobs through the running stack: asked for, watched, fetched by the link, cancelled."""

import csv
import io
import json
import urllib.error
import urllib.request
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, register, wait_until
from tests.support.stack import ANSWER_SECONDS

pytestmark = pytest.mark.xdist_group("stack")

MINUTE = 60.0


def requested(admin: Client, **wanted: object) -> str:
    answer = admin.post("/v1/reports", {"type": "users", "format": "csv", **wanted})
    assert answer.status == 202, answer.body
    assert answer.headers["Location"] == f"/v1/jobs/{answer.data['id']}"
    return str(answer.data["id"])


def finished(client: Client, job: str) -> Any:
    """The job, once it is finished."""
    wait_until(lambda: bool(client.get(f"/v1/jobs/{job}").data["finished_at"]), "a job that is finished", MINUTE)
    return client.get(f"/v1/jobs/{job}").data


def fetched(url: str) -> tuple[Message, str]:
    """What a browser on this machine gets from a link."""
    with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 (http, and ours)
        return answer.headers, answer.read().decode()


def test_a_report_of_users_is_watched_until_it_can_be_fetched(admin: Client) -> None:
    register(admin, name="=1+1", metadata={"team": "engines, and more"})
    job = finished(admin, requested(admin))
    assert (job["status"], job["progress"], job["attempts"], job["error"]) == ("succeeded", 100, 1, None)
    assert urlsplit(job["result_url"]).hostname == "127.0.0.1"
    headers, text = fetched(job["result_url"])
    assert headers.get_content_type() == "text/csv"
    assert headers.get_content_charset() == "utf-8"
    assert headers.get_filename() == f"users-{job['created_at'][:10]}.csv"
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["email"] for row in rows} >= {"admin@lamina.test", "editor@lamina.test", "viewer@lamina.test"}
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
    assert (rows[-1]["name"], rows[-1]["metadata"]) == ("'=1+1", '{"team":"engines, and more"}')


def test_a_report_in_json_holds_what_the_list_shows(admin: Client) -> None:
    job = finished(admin, requested(admin, format="ndjson", role="editor"))
    _, text = fetched(job["result_url"])
    rows = [json.loads(line) for line in text.splitlines()]
    assert rows
    assert {row["role"] for row in rows} == {"editor"}
    assert admin.get(f"/v1/users/{rows[0]['id']}").data == rows[0]


def test_a_person_has_its_own_activities_reported(anyone: Client, newcomer: dict[str, Any]) -> None:
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    own = f"/v1/users/{newcomer['id']}/activities"
    wait_until(lambda: len(me.get(own).data) == 2, "two activities")
    shown = me.get(own).data
    job = finished(me, requested(me, type="activities", format="ndjson", user_id=newcomer["id"]))
    _, text = fetched(job["result_url"])
    assert [json.loads(line) for line in text.splitlines()] == shown


def test_a_link_that_was_tampered_with_opens_nothing(admin: Client) -> None:
    first, second = (finished(admin, requested(admin, role="admin")) for _ in range(2))
    foreign = first["result_url"].replace(first["id"], second["id"])
    for url in (foreign, first["result_url"].partition("?")[0]):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetched(url)
        assert refused.value.code == 403
        refused.value.close()


def test_who_does_not_manage_users_gets_no_report_of_them_and_sees_nobody_elses_job(
    anyone: Client, admin: Client, newcomer: dict[str, Any]
) -> None:
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    assert me.post("/v1/reports", {"type": "users", "format": "csv"}).status == 403
    job = requested(admin)
    assert me.get(f"/v1/jobs/{job}").status == 404
    assert me.post(f"/v1/jobs/{job}/cancel").status == 404


def test_a_job_that_is_done_cannot_be_cancelled_and_answers_304_to_who_has_it(admin: Client) -> None:
    job = finished(admin, requested(admin, role="admin"))
    refused = admin.post(f"/v1/jobs/{job['id']}/cancel")
    assert (refused.status, refused.error["code"]) == (422, "INVALID_TRANSITION")
    tag = admin.get(f"/v1/jobs/{job['id']}").headers["ETag"]
    again = admin.get(f"/v1/jobs/{job['id']}", headers={"If-None-Match": tag})
    assert again.status == 304 or again.headers["ETag"] != tag


def test_the_same_key_asks_once(admin: Client) -> None:
    key = {"Idempotency-Key": "report-of-admins"}
    body = {"type": "users", "format": "csv", "role": "admin"}
    first, second = (admin.post("/v1/reports", body, headers=key) for _ in range(2))
    assert (first.status, second.status) == (202, 202)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.data["id"] == second.data["id"]
    finished(admin, first.data["id"])
