"""Levels, and the context variable that says which of them are recording.

Every run of a transform draws a fresh *level* from one counter, so an inner transform's level is
larger than the outer one's.  `no_grad` is the book's ``using_config("enable_backprop", False)``
without the global ``Config``: it notes the newest level drawn so far, and whatever belongs to that
level or an older one is not recorded.  A transform started *inside* the block draws a newer level,
and therefore differentiates as usual.

A `contextvars.ContextVar` is per thread and per asyncio task, so nobody sees anybody else's setting.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

_levels = itertools.count(1)


class Level(int):
    """The number of one run of a transform, which also knows whether the run is over, and what waits in it."""

    over = False
    notes: Any = None  # see `transforms/thunks.py`

#: The level at and below which nothing is recorded.
quiet_level: ContextVar[int] = ContextVar("fdezero_quiet_level", default=0)


def new_level() -> Level:
    """A level newer than every level drawn before it."""
    return Level(next(_levels))


class no_grad:
    """Within this block, what is computed is a constant for every derivative already under way.

    Works as ``with no_grad():`` and as a decorator, ``@no_grad()``.  It concerns derivatives of both
    modes; batching goes on.  A `grad` started inside the block differentiates as usual.

    Raises:
        TypeError: when it decorates a coroutine or generator function, whose body would run after
            the block has been left.

    Example:
        >>> from fdezero import grad, no_grad
        >>> def f(x):
        ...     with no_grad():
        ...         scale = x * 3.0         # a constant: 6.0
        ...     return scale * x
        >>> grad(f)(2.0)
        np.float64(6.0)
    """

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token: Token[int] = quiet_level.set(new_level())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        quiet_level.reset(self._token)

    def __call__(self, function: _F) -> _F:
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise TypeError(
                f"@no_grad() cannot decorate {function.__name__}, whose body runs after the call has "
                "returned; write `with no_grad():` inside it"
            )

        @functools.wraps(function)
        def quiet(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return function(*args, **kwargs)

        return quiet  # type: ignore[return-value]  # mypy cannot say "the same signature as _F"
