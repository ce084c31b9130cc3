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
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy

from .core.boxes import ArrayLike
from .core.table import implementations
from .rules.numpy.shaping import array as _array
from .rules.numpy.shaping import holds_box

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


_MAKING: dict[str, Callable[..., Any]] = {
    "array": _make_array,
    "full": _full,
    "full_like": _full_like,
    **{name: _making(getattr(numpy, name)) for name in ("asarray", "asanyarray", "ascontiguousarray", "asarray_chkfinite")},
}

# -- taking lists --------------------------------------------------------------------------------------

#: The functions of which an argument is a sequence of arrays: each of its entries is made an array.
_OF_SEQUENCES = frozenset(
    {
        *("concatenate", "concat", "stack", "hstack", "vstack", "dstack", "row_stack", "column_stack", "block"),
        *("select", "choose", "piecewise", "multi_dot", "lexsort"),
    }
)


def _taking_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's that makes arrays of lists that hold Boxes, and is itself on plain data."""
    convert = _each_entry if function.__name__ in _OF_SEQUENCES else _array

    @functools.wraps(function)
    def take(*args: Any, **kwargs: Any) -> Any:
        args = tuple([convert(a) if _is_list_of_boxes(a) else a for a in args])
        return function(*args, **{k: convert(a) if _is_list_of_boxes(a) else a for k, a in kwargs.items()})

    return take


def _is_list_of_boxes(x: Any) -> bool:
    if isinstance(x, type({}.values())):
        x = list(x)
    return not isinstance(x, ArrayLike) and holds_box(x)


def _each_entry(sequence: Any) -> list[Any]:
    return [_each_entry(entry) if _is_ragged(entry) else _array(entry) if holds_box(entry) else entry for entry in sequence]


def _is_ragged(entry: Any) -> bool:
    """True for a row of blocks (`np.block`): a list with an array among its entries."""
    return isinstance(entry, list) and any(getattr(e, "shape", ()) for e in entry)


# -- the namespaces ------------------------------------------------------------------------------------


class _Namespace(ModuleType):
    """A module of NumPy's (`numpy.linalg`, `numpy.fft`) with functions that take lists of Boxes."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(f"fdezero.{module.__name__}", module.__doc__)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return _mirrored(self._module, name)

    def __dir__(self) -> list[str]:
        return dir(self._module)


@functools.cache
def _mirrored(module: ModuleType, name: str) -> Any:
    found = getattr(module, name)
    if module is numpy and name in _MAKING:
        return _MAKING[name]
    if module is numpy and name in ("linalg", "fft"):
        return _Namespace(found)
    is_function = callable(found) and not isinstance(found, (type, numpy.ufunc))
    return _taking_lists(found) if is_function and found in implementations else found


def __getattr__(name: str) -> Any:
    return _mirrored(numpy, name)


def __dir__() -> list[str]:
    return dir(numpy)
