"""Many at once: threads that start together."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

CROWD = 32
START_SECONDS = 30.0


def at_once[T](act: Callable[[int], T], crowd: int = CROWD) -> list[T | Exception]:
    """Do something in so many threads that all wait for each other first; what each returned or raised, in order."""
    barrier = Barrier(crowd)

    def run(number: int) -> T | Exception:
        barrier.wait(START_SECONDS)
        try:
            return act(number)
        except Exception as error:  # noqa: BLE001 (whatever a thread ran into is what the test is about)
            return error

    with ThreadPoolExecutor(crowd) as threads:
        return list(threads.map(run, range(crowd)))
