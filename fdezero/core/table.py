"""The table of implementations: what to call when a NumPy function meets a Box.

The rules fill it when they are declared; nothing here knows a derivative or a transform.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from .operands import NOT_GIVEN, as_operands, numpy_name, without_defaults, without_not_given


@attrs.frozen(eq=False)
class Implementation:
    """What a NumPy function does on Boxes, the keyword arguments that it takes, and how many arguments by position.

    ``any_keyword``: it takes every keyword argument, for a function of the user's.
    """

    function: Callable[..., Any]
    accepts: frozenset[str]
    positional: float
    any_keyword: bool = False


NO_PARAMS: Mapping[str, Any] = {}

#: NumPy function -> its implementation on Boxes; filled as the rules are declared.
implementations: dict[Any, Implementation] = {}

#: Package -> what loads the rules of its functions; called when a function without implementation meets a Box.
loaders: dict[str, Callable[[], Any]] = {}


def call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call NumPy's ``function`` on arguments of which some are Boxes.

    Raises:
        TypeError: when the function, or one of the arguments, has no derivative rule.
    """
    implementation = implementations.get(function) or _loaded(function)
    if implementation is None:
        raise TypeError(f"{numpy_name(function)} has no derivative rule; see fdezero.custom_vjp or fdezero.stop_gradient")
    if NOT_GIVEN in map(type, args) or NOT_GIVEN in map(type, kwargs.values()):
        args, kwargs = without_not_given(function, args, kwargs)
    args = as_operands(args)
    if len(args) > implementation.positional or (kwargs and not implementation.accepts.issuperset(kwargs)):
        if implementation.any_keyword:
            return implementation.function(*args, **kwargs)
        args, kwargs = without_defaults(function, args, kwargs, implementation)
    return implementation.function(*args, **kwargs)


def _loaded(function: Any) -> Implementation | None:
    """The implementation that is there once the rules of every imported package are loaded.

    A ufunc does not know its module, so it may be of any of these packages.
    """
    for package, load in loaders.items():
        if package in sys.modules:
            load()
    return implementations.get(function)
