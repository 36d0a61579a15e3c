"""Jobs, activities and counters."""

from lamina import ids
from lamina.activities.items import ActivityItem
from lamina.activities.recording import activity, record
from lamina.events.catalog import SESSION_STARTED, SESSIONS_ENDED
from lamina.events.envelope import envelope
from lamina.events.outbox import event
from lamina.jobs import service as jobs
from lamina.users import counting
from tests.integration.access_patterns.accounts import get
from tests.integration.access_patterns.pattern import Pattern, World
from tests.support.aws import Answer

ACTIVITIES = "/v1/users/{id}/activities?to=2027-01-02T00:00:00Z"
"""Those of the day on which everything is measured."""


def _ask(world: World, _: object) -> Answer:
    return world.admin.post("/v1/reports", {"type": "users", "format": "csv"})


def _asked(world: World) -> str:
    return str(_ask(world, None).data["id"])


def _lived(world: World) -> list[ActivityItem | None]:
    """A hundred things that have happened to somebody, every fifth of them a sign-in."""
    user = world.somebody.id
    facts = [SESSION_STARTED.of({"session_id": user}), *[SESSIONS_ENDED.of({})] * 4] * 20
    return [activity(envelope(event(fact, user, actor=user, correlation_id=user))) for fact in facts]


def _recorded(world: World) -> None:
    record(_lived(world))


def _record(_: World, lived: list[ActivityItem | None]) -> None:
    record(lived[:25])


def _count(world: World, _: object) -> int:
    return counting.count([counting.membership(world.somebody)])


PATTERNS = (
    Pattern("Create a report", "POST /v1/reports", _ask),
    Pattern("Read a job", "GET /v1/jobs/{id}", lambda world, job: world.admin.get(f"/v1/jobs/{job}"), _asked),
    Pattern(
        "Cancel a job",
        "POST /v1/jobs/{id}/cancel",
        lambda world, job: world.admin.post(f"/v1/jobs/{job}/cancel"),
        _asked,
    ),
    Pattern("Find overdue jobs", "schedules/sweep_jobs", lambda _, before: jobs.stale(before), lambda _: ids.ago(60)),
    Pattern("List activities", "GET /v1/users/{id}/activities", get(f"{ACTIVITIES}&limit=20"), _recorded),
    Pattern("… filtered by type", "GET /v1/users/{id}/activities", get(f"{ACTIVITIES}&type=session.*"), _recorded),
    Pattern("Record 25 activities", "queue → consumers/record_activities", _record, _lived),
    Pattern("Count a new user", "stream → consumers/count_users", _count),
)
