"""How a namespace of NumPy's is mirrored: its functions make arrays of lists that hold Boxes.

NumPy asks an argument for its protocols only where it is an array; a list that holds a Box is made one
first.  Some arguments it never asks (``initial`` of `np.sum`, ``constant_values`` of `np.pad`, ``left`` of
`np.interp`), so where any argument is a Box the implementation is called at once.  A function that has no
implementation on Boxes, and everything else, is NumPy's own object.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, ValuesView
from types import ModuleType
from typing import Any

import numpy

from ..core.boxes import ArrayLike
from ..core.table import call, implementations
from ..rules.numpy.shaping import array, holds_box


def taking_lists(module: ModuleType) -> Callable[[str], Any]:
    """A module's ``__getattr__``: what ``module`` has under a name, with functions that take lists of Boxes."""

    @functools.cache
    def mirrored(name: str) -> Any:
        found = getattr(module, name)
        is_function = callable(found) and not isinstance(found, (type, numpy.ufunc))
        return _of_arrays(found) if is_function and found in implementations else found

    return mirrored


#: The functions of which an argument is a sequence of arrays: each of its entries is made an array.
_OF_SEQUENCES = frozenset(
    {
        *("concatenate", "concat", "stack", "hstack", "vstack", "dstack", "row_stack", "column_stack"),
        *("select", "choose", "piecewise", "multi_dot", "lexsort"),
    }
)

#: The functions of which nested lists say how arrays are put together: NumPy asks every entry.
_OF_NESTED = frozenset({"block"})


def _of_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's that makes arrays of lists that hold Boxes, and is itself on plain data."""
    joins = function.__name__ in _OF_SEQUENCES
    convert = _as_they_are if function.__name__ in _OF_NESTED else _each_entry if joins else array
    # NumPy refuses to join what an iterator yields, so there a list may take its place on plain data too.
    readable = (ValuesView, Iterator) if joins else ValuesView

    def converted(x: Any) -> Any:
        if isinstance(x, ArrayLike):
            return x
        listed = list(x) if isinstance(x, readable) else x
        return convert(listed) if holds_box(listed) else listed if joins else x

    @functools.wraps(function)
    def take(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = tuple(map(converted, args)), {k: converted(a) for k, a in kwargs.items()}
        if not any(map(holds_box, (*args, *kwargs.values()))):
            return function(*args, **kwargs)
        if convert is array:  # where the Box is another argument, the first may be a list of numbers
            args = tuple(numpy.asarray(a) if i == 0 and isinstance(a, (list, tuple)) else a for i, a in enumerate(args))
        return call(function, args, kwargs)

    return take


def _as_they_are(nested: Any) -> Any:
    return nested


def _each_entry(sequence: Any) -> list[Any]:
    return [array(entry) if holds_box(entry) else entry for entry in sequence]
