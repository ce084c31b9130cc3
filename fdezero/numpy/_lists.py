"""How a namespace of NumPy's is mirrored: its functions make arrays of lists that hold Boxes.

NumPy asks an argument for its protocols only where it is an array; a list that holds a Box is made one
first.  A function that has no implementation on Boxes, and everything else, is NumPy's own object.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy

from ..core.boxes import ArrayLike
from ..core.table import implementations
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
        *("concatenate", "concat", "stack", "hstack", "vstack", "dstack", "row_stack", "column_stack", "block"),
        *("select", "choose", "piecewise", "multi_dot", "lexsort"),
    }
)


def _of_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's that makes arrays of lists that hold Boxes, and is itself on plain data."""
    convert = _each_entry if function.__name__ in _OF_SEQUENCES else array

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
    return [_each_entry(entry) if _is_ragged(entry) else array(entry) if holds_box(entry) else entry for entry in sequence]


def _is_ragged(entry: Any) -> bool:
    """True for a row of blocks (`np.block`): a list with an array among its entries."""
    return isinstance(entry, list) and any(getattr(e, "shape", ()) for e in entry)
