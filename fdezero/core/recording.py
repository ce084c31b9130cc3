"""Levels, and the context variable that says which of them are recording.

Every run of a transform draws a fresh *level* from one counter, so an inner transform's level is
larger than the outer one's.  `no_grad` is the book's ``using_config("enable_backprop", False)``
without the global ``Config``: it stores the newest level drawn so far, and no operation of that level
or an older one is recorded.  A transform started inside the block draws a newer level, and therefore
differentiates as usual.

A `contextvars.ContextVar` is per thread and per asyncio task, so a setting is never seen by another.
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

#: The functions of which a call returns before their body runs.
_RUN_LATER = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)


class Level(int):
    """The number of one run of a transform, and whether the run is over."""

    over = False


#: The level at and below which nothing is recorded.
quiet_level: ContextVar[int] = ContextVar("fdezero_quiet_level", default=0)


def new_level() -> Level:
    """A level newer than every level drawn before it."""
    return Level(next(_levels))


class no_grad:
    """A block in which results are constants for every derivative that is being computed around it.

    Works as ``with no_grad():`` and as a decorator, ``@no_grad()``.  It applies to derivatives of both
    modes and not to batching.  A `grad` started inside the block differentiates as usual.

    A generator that is suspended inside the block (``with no_grad(): yield ...``) leaves the setting on
    for its caller, as it does with every context manager; leave the block before the ``yield``.
    `fdezero.testing.check_pure` reports it.

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

    __slots__ = ("_tokens",)

    def __init__(self) -> None:
        self._tokens: list[Token[int]] = []  # one block may be entered again inside itself

    def __enter__(self) -> None:
        self._tokens.append(quiet_level.set(new_level()))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        quiet_level.reset(self._tokens.pop())

    def __call__(self, function: _F) -> _F:
        if any(test(function) for test in _RUN_LATER):
            raise TypeError(
                f"@no_grad() cannot decorate {function.__name__}, whose body runs after the call has "
                "returned; write `with no_grad():` inside it"
            )

        @functools.wraps(function)
        def quiet(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return function(*args, **kwargs)

        return quiet  # type: ignore[return-value]  # mypy cannot say "the same signature as _F"
