"""Sets: unique, union1d, intersect1d and the like.

The values of a set are entries of the arguments, and a value's cotangent goes to the first place where it
stands: NumPy makes the set of the plain values, and the result is an indexing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.declare import constant, implements, shape_depends_on_values
from ...core.graph import Array
from .helpers import as_operand


def _places(x: Any, values: Any) -> Any:
    """Where each of ``values`` first stands in the vector ``x``."""
    known, first = np.unique(x, return_index=True)
    return first[np.searchsorted(known, values)]


# -- sets of two arrays --------------------------------------------------------------------------------


def _declare_set(function: Any) -> None:
    found = constant(
        lambda *xs, options: _places(np.concatenate(xs), function(*xs, **options)),
        name=function.__name__,
        batch=shape_depends_on_values,
    )

    def of_two(ar1: Array, ar2: Array, options: dict[str, Any]) -> Array:
        xs = [as_operand(ar).reshape(-1) for ar in (ar1, ar2)]
        return np.concatenate(xs)[found(*xs, options=options)]

    if function is np.union1d:
        implements(function)(lambda ar1, ar2: of_two(ar1, ar2, {}))
    else:
        implements(function)(
            lambda ar1, ar2, assume_unique=False: of_two(ar1, ar2, {"assume_unique": assume_unique})
        )


for _function in (np.union1d, np.setdiff1d, np.setxor1d):
    _declare_set(_function)

_common = constant(
    lambda x, y, *, assume_unique: np.intersect1d(x, y, assume_unique, return_indices=True)[1:],
    name="intersect1d",
    batch=shape_depends_on_values,
)


@implements(np.intersect1d)
def intersect1d(ar1: Array, ar2: Array, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The values are those of the first argument."""
    x, y = (as_operand(ar).reshape(-1) for ar in (ar1, ar2))
    first, second = _common(x, y, assume_unique=bool(assume_unique))
    return (x[first], first, second) if return_indices else x[first]


# -- unique ------------------------------------------------------------------------------------------
_unique = constant(
    lambda x, *, axis, equal_nan: np.unique(x, True, True, True, axis, equal_nan=equal_nan)[1:],
    name="unique",
    batch=shape_depends_on_values,
)


@implements(np.unique)
def unique(
    ar: Array,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,  # noqa: A002  # NumPy's name
) -> Any:
    """The values, sorted whether or not that is asked for."""
    x = as_operand(ar)
    index, inverse, counts = _unique(x, axis=axis, equal_nan=equal_nan)
    values = x.reshape(-1)[index] if axis is None else np.take(x, index, axis)
    asked = ((return_index, index), (return_inverse, inverse), (return_counts, counts))
    others = [array for wanted, array in asked if wanted]
    return (values, *others) if others else values


def _declare_unique(function: Any, *parts: str) -> None:
    @implements(function)
    def of_array(x: Array) -> Any:
        values, index, inverse, counts = unique(x, True, True, True, equal_nan=False)
        found = {"index": index, "inverse": inverse.reshape(x.shape), "counts": counts}
        if not parts:
            return values
        kind = type(function(np.zeros(1)))  # not at import, for NumPy imports numpy.ma to make a set
        return kind(values, *[found[part] for part in parts])


_declare_unique(np.unique_all, "index", "inverse", "counts")
_declare_unique(np.unique_counts, "counts")
_declare_unique(np.unique_inverse, "inverse")
_declare_unique(np.unique_values)

if hasattr(np, "in1d"):  # gone since NumPy 2.4

    @implements(np.in1d)
    def in1d(ar1: Array, ar2: Array, assume_unique: bool = False, invert: bool = False) -> Array:
        return np.isin(as_operand(ar1).reshape(-1), ar2, invert=invert)
