"""NumPy's namespace, in which nested lists may hold Boxes: ``import fdezero.numpy as np``.

Plain ``import numpy as np`` is the usual way.  But NumPy asks an argument for its protocols only where
it is an array: ``np.array([x, y])``, ``np.full(3, x)``, ``np.sum([x, y])`` and ``np.linalg.norm([x, y])``
of Boxes x and y cannot be intercepted there.  Here they work: a list that holds a Box is made an array
first (`fdezero.array`).  On plain data every function is NumPy's, and every other name is NumPy's own
object.

>>> import fdezero.numpy as np
>>> from fdezero import grad
>>> grad(lambda x: np.linalg.norm(np.array([x, 0.0])))(3.0)
np.float64(1.0)
>>> grad(lambda x: np.sum([x, x * x, 1.0]))(3.0)
np.float64(7.0)

Its parts can be imported as NumPy's are: ``from fdezero.numpy.linalg import solve``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from ..rules.numpy.shaping import array as _array
from ..rules.numpy.shaping import holds_box
from . import fft, linalg, random  # noqa: F401  # attributes, as they are of NumPy
from ._lists import taking_lists
from ._rows import Rows
from ._vectorize import vectorize

__all__ = numpy.__all__  # NumPy's own list of names

_untyped: Any = numpy  # for arguments that are passed on as they came


# -- making arrays -------------------------------------------------------------------------------------


@functools.wraps(numpy.array)
def _make_array(object: Any, dtype: Any = None, *, ndmin: int = 0, **kwargs: Any) -> Any:  # noqa: A002  # NumPy's name
    if not holds_box(object):
        return numpy.array(object, dtype, ndmin=ndmin, **kwargs)
    made = _array(object, dtype)
    return made.reshape((1,) * (ndmin - made.ndim) + made.shape) if made.ndim < ndmin else made


def _making(function: Callable[..., Any]) -> Callable[..., Any]:
    """`np.asarray` and its like: an array of lists that hold Boxes."""

    @functools.wraps(function)
    def make(a: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
        return _array(a, dtype) if holds_box(a) else function(a, dtype, *args, **kwargs)

    return make


@functools.wraps(numpy.full)
def _full(shape: Any, fill_value: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
    if not holds_box(fill_value):
        return numpy.full(shape, fill_value, dtype, *args, **kwargs)
    return numpy.broadcast_to(_array(fill_value, dtype), shape)


@functools.wraps(numpy.full_like)
def _full_like(a: Any, fill_value: Any, dtype: Any = None, *args: Any, shape: Any = None, **kwargs: Any) -> Any:
    if not holds_box(fill_value):
        return _untyped.full_like(a, fill_value, dtype, *args, shape=shape, **kwargs)
    like = a if hasattr(a, "shape") else numpy.asarray(a)
    return _full(like.shape if shape is None else shape, fill_value, like.dtype if dtype is None else dtype)


_MAKING: dict[str, Any] = {
    "array": _make_array,
    "full": _full,
    "full_like": _full_like,
    "r_": Rows(numpy.r_, column=False),
    "c_": Rows(numpy.c_, column=True),
    "vectorize": vectorize,
    **{
        name: _making(getattr(numpy, name))
        for name in ("asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "asarray_chkfinite", "require")
    },
}

# -- everything else -----------------------------------------------------------------------------------

_others = taking_lists(numpy)


def __getattr__(name: str) -> Any:
    return _MAKING[name] if name in _MAKING else _others(name)


def __dir__() -> list[str]:
    return dir(numpy)
