"""The catalogue of events and the schemas that consumers are promised."""

import json
from pathlib import Path

import pytest
from jsonschema_rs import meta

from docs.build.events import FOLDER, breaches, path_of, schema_of, text_of
from lamina.events.catalog import CATALOG, USER_CREATED, SessionFacts
from lamina.events.event_type import EventType
from lamina.events.outbox import event
from tests.support.events import problems

SCHEMAS = sorted(FOLDER.glob("*.json"))
NAMES = [f"{name}.v{version}" for name, version in CATALOG]


def test_every_event_that_was_ever_promised_is_still_declared() -> None:
    gone = {path.stem for path in SCHEMAS} - set(NAMES)
    assert not gone, f"{gone} are gone from lamina.events.catalog: consumers and replays still meet them"


@pytest.mark.parametrize("declared", CATALOG.values(), ids=NAMES)
def test_what_consumers_rely_on_stays(declared: EventType[SessionFacts]) -> None:
    assert breaches(declared) == []
    assert path_of(declared).read_text(encoding="utf-8") == text_of(declared), "`make docs` writes it anew"


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_schema_is_one_by_its_own_dialect(path: Path) -> None:
    assert meta.is_valid(json.loads(path.read_bytes()))


@pytest.mark.parametrize("declared", CATALOG.values(), ids=NAMES)
def test_a_version_after_the_first_stands_beside_the_one_before(declared: EventType[SessionFacts]) -> None:
    assert declared.version == 1 or (declared.name, declared.version - 1) in CATALOG


def test_an_incompatible_change_is_explained_with_advice(tmp_path: Path) -> None:
    promised = schema_of(USER_CREATED)
    promised["properties"]["data"]["properties"]["age"] = {"type": "integer"}
    promised["properties"]["data"]["required"].append("age")
    (tmp_path / path_of(USER_CREATED).name).write_text(json.dumps(promised), encoding="utf-8")
    assert breaches(USER_CREATED, tmp_path) == [
        f"user.created version 1: {broken}. Consumers rely on this version: leave it as it is and declare version 2 "
        "beside it."
        for broken in ("data.age is no longer required", "data.age is gone")
    ]


def test_a_new_version_is_no_change_of_the_one_before(tmp_path: Path) -> None:
    (tmp_path / path_of(USER_CREATED).name).write_text(text_of(USER_CREATED), encoding="utf-8")
    assert breaches(EventType("user.created", "user", SessionFacts, "A user was made.", version=2), tmp_path) == []


def test_an_event_lies_in_the_partition_of_its_subject_and_says_its_version() -> None:
    declared = EventType("job.done", "job", SessionFacts, "A job is done.", version=3)
    item = event(declared.of({"session_id": "s"}), "j", actor=None, correlation_id="c")
    assert (item.pk, item.subject, item.event_type, item.event_version) == ("JOB#j", "j", "job.done", 3)


def test_what_nobody_declared_is_found() -> None:
    known = {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "role": "viewer", "status": "active"}
    rest = {"id": known["id"], "occurred_at": "2026-11-20T09:30:00Z", "correlation_id": "c", "actor": None}
    event = {**rest, "type": "user.created", "version": 1, "subject": known["id"], "data": known}
    assert problems(event) == []
    assert problems({**event, "data": {**known, "name": "Ada"}}) == [
        "user.created.v1 has data.name, which is not declared"
    ]
    assert len(problems({**event, "data": {}})) == 3
