"""A server that fails is left alone, and tried again by one caller at a time."""

from lamina.cache.breaker import Breaker
from tests.unit.cache.test_memory import Clock


def test_three_failures_in_a_row_open_it_and_one_probe_closes_it() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    assert [breaker.failed() for _ in range(2)] == [False, False]
    breaker.succeeded()
    assert [breaker.failed() for _ in range(3)] == [False, False, True]
    assert not breaker.allows()
    clock.now = 30
    assert [breaker.allows(), breaker.allows()] == [True, False]
    assert breaker.failed() is False, "it was open already"
    clock.now = 59.9
    assert not breaker.allows()
    clock.now = 60
    assert breaker.allows()
    breaker.succeeded()
    assert [breaker.allows(), breaker.allows()] == [True, True]
