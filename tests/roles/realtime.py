"""Functions of the WebSocket API."""

from tests.roles.process import Scenario, place
from tests.support.aws import invoke
from tests.support.samples import sample


def connect() -> None:
    event = sample("realtime/connect")
    assert invoke(place("realtime/connect"), event)["statusCode"] == 200
    event["headers"].pop("Sec-WebSocket-Protocol")
    assert invoke(place("realtime/connect"), event)["statusCode"] == 400


def disconnect() -> None:
    assert invoke(place("realtime/disconnect"), sample("realtime/disconnect"))["statusCode"] == 200


def receive() -> None:
    assert invoke(place("realtime/receive"), sample("realtime/receive"))["statusCode"] == 200


SCENARIOS: dict[str, Scenario] = {
    "realtime/connect": connect,
    "realtime/disconnect": disconnect,
    "realtime/receive": receive,
}
