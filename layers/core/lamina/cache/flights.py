"""Single flight: threads of this process that miss the same key make its value once."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Any


@dataclass(eq=False)
class Flight:
    """A value that is being made.

    Attributes:
        current: whether it may be stored: the key was not invalidated since the flight began.
    """

    current: bool = True
    result: "Future[Any]" = field(default_factory=Future)


class Flights:
    """What this process is making."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}
        self._lock = Lock()

    def once(self, key: str, make: Callable[[Flight], Any]) -> Any:  # noqa: ANN401 (whatever is made)
        """Return what `make` returns, or what it returns to another thread that is calling it for this key.

        Raises:
            Exception: any exception of `make`, also to the others.
        """
        with self._lock:
            others = self._flights.get(key)
            flight = others or Flight()
            self._flights[key] = flight
        if others is not None:
            return others.result.result()
        try:
            flight.result.set_result(make(flight))
        except BaseException as error:  # noqa: BLE001 (raised again, to everybody)
            flight.result.set_exception(error)
        finally:
            with self._lock:
                if self._flights.get(key) is flight:
                    del self._flights[key]
        return flight.result.result()

    def outdate(self, prefix: str, *, exactly: bool = False) -> None:
        """Mark what is being made for a key, or for keys that start with a prefix: it is neither stored nor shared."""
        with self._lock:
            for key in [key for key in self._flights if key == prefix or (not exactly and key.startswith(prefix))]:
                self._flights.pop(key).current = False
