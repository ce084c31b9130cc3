"""How a function of SciPy is mirrored: by `mirrors`, a decorator of what computes it on Boxes.

Most of SciPy's functions make plain arrays of their arguments first, so that NumPy's protocols cannot
reach them.  The mirrored function has SciPy's name and signature.  Where no argument is a Box it *is*
SciPy's function; where one is, it is ordinary code in terms of primitives.

>>> import numpy as np
>>> import scipy.linalg
>>> @mirrors(scipy.linalg.inv)
... def inv(a):
...     "Differentiable with respect to a."
...     return np.linalg.inv(a)
>>> from fdezero import grad
>>> inv(np.array([[2.0]])), grad(lambda a: inv(a)[0, 0])(np.array([[2.0]]))
(array([[0.5]]), array([[-0.25]]))
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType, MethodType, ModuleType
from typing import Any, TypeVar

import numpy as np

from ..core.graph import Box
from ..core.operands import as_operand
from ..rules.numpy.shaping import array

_F = TypeVar("_F", bound=Callable[..., Any])

#: Arguments that say how fast or in which memory SciPy works, and not what comes out.
_OF_SPEED = frozenset(
    {"overwrite_a", "overwrite_ab", "overwrite_b", "overwrite_x", "overwrite_data", "check_finite", "workers", "lwork"}
)


def mirrors(function: Callable[..., Any]) -> Callable[[_F], _F]:
    """Declare what SciPy's ``function`` is on Boxes.

    The decorated implementation has those of SciPy's arguments, by their names, that it takes; any other
    must be at its default where an argument is a Box, and is passed to SciPy where none is.

    Raises:
        TypeError: on a call, naming an argument that the implementation does not take.
    """
    signature = inspect.signature(function)
    name = public_name(function)

    def declare(implementation: _F) -> _F:
        own = inspect.signature(implementation).parameters
        variadic = any(p.kind is p.VAR_POSITIONAL for p in own.values())
        taken = frozenset(own)

        def mirrored(*args: Any, **kwargs: Any) -> Any:
            if not has_boxes((args, kwargs)):
                return function(*[_plain(name, a) for a in args], **{k: _plain(name, v) for k, v in kwargs.items()})
            if variadic:
                return implementation(*args, **kwargs)
            try:
                bound = signature.bind(*args, **kwargs).arguments
            except TypeError as error:  # which does not say whose arguments they are
                raise TypeError(f"{name} takes {', '.join(signature.parameters)}: {error}") from None
            return implementation(**_taken(name, signature, bound, taken))

        mirrored.__name__ = mirrored.__qualname__ = implementation.__name__
        mirrored.__module__ = implementation.__module__
        mirrored.__doc__ = f"{implementation.__doc__ or ''}\n\n    Arguments and result are those of `{name}`.\n    "
        mirrored.__signature__ = signature  # type: ignore[attr-defined]  # a function may have one
        return mirrored  # type: ignore[return-value]  # mypy cannot say "the signature of SciPy's"

    return declare


def _taken(name: str, signature: inspect.Signature, bound: dict[str, Any], taken: frozenset[str]) -> dict[str, Any]:
    """The arguments of a call that the implementation takes."""
    given: dict[str, Any] = {}
    for key, value in bound.items():
        parameter = signature.parameters[key]
        if parameter.kind is parameter.VAR_KEYWORD:
            given |= value
        elif key in taken:
            given[key] = value
        elif key not in _OF_SPEED and not _is_same(value, parameter.default):
            raise TypeError(
                f"{name} has no derivative rule for the argument {key}=, whose value is not its default; see "
                "fdezero.custom_vjp or fdezero.stop_gradient"
            )
    return given


_FUNCTIONS = (FunctionType, MethodType, functools.partial)


def _plain(name: str, x: Any) -> Any:
    """An argument for SciPy; a user's function among them may return no Box."""
    return plain_valued(name, x) if isinstance(x, _FUNCTIONS) else x


def plain_valued(name: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """A user's function for SciPy's ``name``, which can use plain numbers only.

    Raises:
        TypeError: on a call that returns a Box, which came in by a closure and not as an argument.
    """

    def plain(*args: Any, **kwargs: Any) -> Any:
        result = f(*args, **kwargs)
        if has_boxes(result):
            raise TypeError(
                f"{name} calls a function that uses a value to be differentiated which is none of its arguments; pass it "
                "in args="
            )
        return result

    # SciPy counts the arguments of some functions; a partial function has no name to keep.
    return functools.update_wrapper(plain, f)


def _is_same(value: Any, default: Any) -> bool:
    return value is default or (isinstance(value, (bool, int, float, str, tuple)) and bool(value == default))


def has_boxes(x: Any) -> bool:
    """True where there is a Box in nested tuples, lists and dicts."""
    if isinstance(x, Box):
        return True
    if isinstance(x, dict):
        return any(map(has_boxes, x.values()))
    return isinstance(x, (tuple, list)) and any(map(has_boxes, x))


def public_name(function: Callable[..., Any]) -> str:
    """The name that a user would write: ``scipy.linalg.solve``."""
    module = (function.__module__ or "scipy").partition("._")[0]
    return f"{module}.{function.__name__}"


def others_of(module: ModuleType) -> Callable[[str], Any]:
    """A module's ``__getattr__``: every name that is not mirrored is SciPy's own."""

    def __getattr__(name: str) -> Any:
        return getattr(module, name)

    return __getattr__


def operand(x: Any) -> Any:
    """An argument, or what a user's function returned, as a Box or an array of floats; lists may hold Boxes."""
    if isinstance(x, Box):
        return x
    if isinstance(x, (list, tuple)) and has_boxes(x):
        return array(x)
    x = as_operand(x)
    x = x if isinstance(x, np.ndarray) else np.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(float)


def refuse(name: str, what: str, instead: str) -> TypeError:
    """The error for something that SciPy's function ``name`` does and that has no derivative here."""
    return TypeError(f"{name} has no derivative rule for {what}; {instead}")
