"""A circuit breaker: opens when half of the calls fail, lets one call try after half a minute, is shared by all."""

from threading import Thread
from types import SimpleNamespace
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lamina.resilience import outcomes
from lamina.resilience.circuit import RESET_SECONDS, Circuit, CircuitOpen
from lamina.resilience.outcomes import FEWEST_CALLS, WINDOW_SECONDS
from tests.support.aws import table_resource
from tests.support.log import Log


class Down(Exception):
    """The service does not answer."""


class Wrong(Exception):
    """The service answers that the call is not right."""


class Service:
    """An outside service, which counts the calls that reach it, and the processes that call it."""

    def __init__(self) -> None:
        self.name = f"service-{uuid4()}"
        self.fails: Exception | None = None
        self.calls = 0

    def process(self) -> Circuit:
        """What a process that has just started makes."""
        return Circuit(self.name, lambda error: isinstance(error, Down))

    def answer(self) -> str:
        """What a call gives."""
        self.calls += 1
        if self.fails:
            raise self.fails
        return "answer"

    def call(self, circuit: Circuit, fails: Exception | None = None) -> str:
        """Call it, and return the answer or the name of what was raised."""
        self.fails = fails
        try:
            return circuit.call(self.answer)
        except (Down, Wrong, CircuitOpen) as error:
            return type(error).__name__

    def open(self) -> Circuit:
        """Fail until the circuit is open; the process that has seen it."""
        circuit = self.process()
        assert [self.call(circuit, Down()) for _ in range(FEWEST_CALLS)] == ["Down"] * FEWEST_CALLS
        return circuit

    def key(self) -> dict[str, str]:
        """Where the state is kept."""
        return {"pk": f"CIRCUIT#{self.name}", "sk": self.name}

    def let_time_pass(self) -> None:
        """Do as if the circuit had been opened half a minute earlier."""
        table_resource().update_item(
            Key=self.key(),
            UpdateExpression="SET opened_at = opened_at - :seconds",
            ExpressionAttributeValues={":seconds": RESET_SECONDS},
        )


@pytest.fixture
def service(aws: None) -> Service:  # noqa: ARG001 (a fixture that must be there)
    return Service()


def test_what_the_service_gives_and_what_it_raises_comes_through(service: Service) -> None:
    circuit = service.process()
    assert [service.call(circuit, fails) for fails in (None, Down(), Wrong())] == ["answer", "Down", "Wrong"]


def test_a_healthy_service_costs_the_table_no_write(service: Service) -> None:
    circuit = service.process()
    for _ in range(10):
        service.call(circuit)
    assert "Item" not in table_resource().get_item(Key=service.key())


@pytest.mark.parametrize(
    ("calls", "opens"),
    [("++++----", True), ("-+-+", False), ("+-+-", True), ("---", False), ("++++-", False), ("----", True)],
)
def test_it_opens_when_a_call_fails_and_half_of_at_least_four_have_failed(
    service: Service, calls: str, opens: bool
) -> None:
    circuit = service.process()
    for call in calls:
        service.call(circuit, Down() if call == "-" else None)
    assert (service.call(service.process()) == "CircuitOpen") is opens


def test_failures_that_are_longer_ago_than_the_window_do_not_count(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(outcomes, "time", SimpleNamespace(monotonic=lambda: now[0]))
    circuit = service.process()
    for _ in range(FEWEST_CALLS - 1):
        service.call(circuit, Down())
    now[0] += WINDOW_SECONDS + 1
    assert service.call(circuit, Down()) == "Down"
    assert service.call(circuit) == "answer"


def test_calls_that_are_wrong_say_nothing_against_the_service(service: Service) -> None:
    circuit = service.process()
    assert [service.call(circuit, Wrong()) for _ in range(10)] == ["Wrong"] * 10
    assert service.call(circuit) == "answer"


def test_the_failure_that_opens_it_is_raised_as_any_other(service: Service) -> None:
    circuit = service.process()
    for _ in range(FEWEST_CALLS - 1):
        service.call(circuit, Down())
    service.fails = Down()
    with pytest.raises(Down) as raised:
        circuit.call(service.answer)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


def test_an_open_circuit_calls_nothing_in_any_process_and_says_for_how_long(service: Service) -> None:
    seen_open, other = service.open(), service.process()
    service.fails = None
    for circuit in (seen_open, other):
        with pytest.raises(CircuitOpen) as refused:
            circuit.call(service.answer)
        assert RESET_SECONDS - 2 <= refused.value.seconds <= RESET_SECONDS
    assert service.calls == FEWEST_CALLS


def test_circuits_of_other_services_stay_closed(service: Service) -> None:
    service.open()
    other = Service()
    assert other.call(other.process()) == "answer"


def test_after_half_a_minute_a_call_that_succeeds_closes_it_for_all(service: Service) -> None:
    service.open()
    service.let_time_pass()
    assert service.call(service.process()) == "answer"
    assert service.call(service.process(), Down()) == "Down"
    assert service.call(service.process()) == "answer"


def test_after_half_a_minute_a_call_that_fails_opens_it_for_another(service: Service) -> None:
    service.open()
    service.let_time_pass()
    assert service.call(service.process(), Down()) == "Down"
    assert service.call(service.process()) == "CircuitOpen"
    assert service.calls == FEWEST_CALLS + 1


def test_a_call_that_is_wrong_proves_as_well_that_the_service_is_back(service: Service) -> None:
    service.open()
    service.let_time_pass()
    assert service.call(service.process(), Wrong()) == "Wrong"
    assert service.call(service.process()) == "answer"


def test_only_one_process_tries_whether_the_service_is_back(service: Service) -> None:
    service.open()
    service.let_time_pass()
    tried: list[str] = []

    def meanwhile() -> None:
        # Another thread, as Powertools tells processes apart by their threads too.
        tried.append(service.call(service.process()))

    def probe() -> str:
        thread = Thread(target=meanwhile)
        thread.start()
        thread.join()
        return "back"

    assert service.process().call(probe) == "back"
    assert tried == ["CircuitOpen"]


def test_a_state_that_can_be_neither_read_nor_written_stops_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "InternalServerError"}}, "GetItem")

    service.open()
    circuit = service.process()
    for operation in ("get_item", "put_item", "update_item"):
        monkeypatch.setattr(circuit._store.client, operation, refuse)
    assert service.call(circuit) == "answer"
    assert [service.call(circuit, Down()) for _ in range(9)] == ["Down"] * 9


def test_the_state_expires_and_changes_of_it_are_logged(service: Service, log: Log) -> None:
    service.open()
    stored = table_resource().get_item(Key=service.key())["Item"]
    assert stored["expires_at"] > stored["opened_at"] + RESET_SECONDS
    service.let_time_pass()
    service.call(service.process())
    changes = [(line["from_state"], line["to_state"]) for line in log.lines if line.get("circuit") == service.name]
    assert changes == [("CLOSED", "OPEN"), ("OPEN", "HALF_OPEN"), ("HALF_OPEN", "CLOSED")]
