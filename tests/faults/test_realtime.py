"""Changes arrive in time while hundreds of connections are open."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, Inside, register
from tests.faults.figures import Report, figures
from tests.faults.sockets import Socket, open_all
from tests.support.stack import RunningStack, look

pytestmark = pytest.mark.xdist_group("faults")

CONNECTIONS, USERS, CHANGES = 1000, 50, 10
LATE_SECONDS = 2.0
RECEIVE_SECONDS = 30


def people(running: RunningStack, number: int) -> list[tuple[str, Client]]:
    """Users with verified addresses, each with a client that is signed in."""
    inside, anyone = Inside(running.url), Client(running.port, set())
    users = [register(anyone) for _ in range(number)]
    for user in users:
        inside.verify(user["id"])
    return [(user["id"], anyone.signed_in(user["email"], PASSWORD)) for user in users]


def realtime_url(running: RunningStack) -> str:
    url: str = look(f"{running.url}/health/ready")["links"]["realtime"]
    return url


async def change(user: Client, name: str, sockets: Sequence[Socket]) -> float:
    """Change a user, and wait until its connections have received it; return when the change was answered."""
    assert (await asyncio.to_thread(user.patch, "/v1/users/me", {"name": name})).status == 200
    answered = time.monotonic()
    with suppress(TimeoutError):
        async with asyncio.timeout(RECEIVE_SECONDS):
            await asyncio.gather(*(each.wait_for(name) for each in sockets))
    return answered


def test_a_change_arrives_within_two_seconds_while_hundreds_of_connections_are_open(
    stack: RunningStack, report: Report
) -> None:
    crowd = people(stack, USERS)
    connected = [crowd[number % USERS] for number in range(CONNECTIONS)]

    async def measure() -> tuple[float, dict[str, float], list[Socket]]:
        begun = time.monotonic()
        tokens, ids = [user.token for _, user in connected], [user_id for user_id, _ in connected]
        sockets = await open_all(realtime_url(stack), tokens, ids)
        opening = time.monotonic() - begun
        await change(crowd[0][1], "The consumer starts", sockets[::USERS])
        answered = {
            f"Name {number}": await change(crowd[number][1], f"Name {number}", sockets[number::USERS])
            for number in range(CHANGES)
        }
        await asyncio.gather(*(each.close() for each in sockets))
        return opening, answered, sockets

    opening, answered, sockets = asyncio.run(measure())
    expected = [(position, f"Name {position % USERS}") for position in range(CONNECTIONS) if position % USERS < CHANGES]
    seen = [(position, name) for position, each in enumerate(sockets) for name in each.names if name in answered]
    late = sorted(sockets[position].names[name] - answered[name] for position, name in seen)
    counted = figures(expected, seen)
    report(
        counted,
        connections=CONNECTIONS,
        seconds_to_open=opening,
        median_seconds_late=late[len(late) // 2],
        most_seconds_late=late[-1],
    )
    assert (counted.lost, counted.duplicates) == (0, 0)
    assert late[-1] <= LATE_SECONDS
