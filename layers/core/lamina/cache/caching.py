"""`@cached`: cache-aside for a function."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Protocol

from lamina.cache.codecs import JSON, Codec
from lamina.cache.values import Values


class Cached[**P, T]:
    """A function whose results are cached by its arguments; see `cached`.

    Attributes:
        values: the cached results, by the arguments: to `put` or `forget` one after a change.
    """

    def __init__(self, make: Callable[P, T], values: Values[T]) -> None:
        self._make = make
        self.values = values
        update_wrapper(self, make)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the cached result for these arguments, or call the function.

        Raises:
            TypeError: if an argument is named, or cannot be part of a key: a caller, for example.
        """
        if kwargs:
            raise TypeError("a cached function is called with positional arguments")
        return self.values.get_or_make(lambda: self._make(*args, **kwargs), *args)


class Decorator(Protocol):
    """What `cached` returns."""

    def __call__[**P, T](self, make: Callable[P, T], /) -> Cached[P, T]:
        """Return a function whose results are cached."""
        ...


def cached(
    namespace: str,
    *,
    codec: Codec[Any] = JSON,
    seconds: float | None = None,
    none_seconds: float = 0,
    versioned: bool = False,
) -> Decorator:
    """Return a decorator that caches the results of a function by its arguments; parameters as in `Values`."""
    values: Values[Any] = Values(
        namespace, codec=codec, seconds=seconds, none_seconds=none_seconds, versioned=versioned
    )

    def decorate[**P, T](make: Callable[P, T], /) -> Cached[P, T]:
        return Cached(make, values)

    return decorate
