"""What several rules share: axes counted from the end, and putting a reduced axis back.

Primitives take their axes counted from the end (-1 is the last).  So a leading axis that batching
adds changes none of them, and most primitives need no batching rule at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ...core.graph import Array, Params
from ...core.operands import as_operand as core_operand
from ...core.primitives import Primitive

Axes = tuple[int, ...]
Shape = tuple[int, ...]


def trailing(axis: Any, ndim: int) -> Axes:
    """``axis`` as NumPy takes it (None for all of them), as a tuple counted from the end.

    >>> trailing(0, 3), trailing(None, 2), trailing((0, -1), 3)
    ((-3,), (-2, -1), (-3, -1))
    """
    if axis is None:
        return _EVERY[ndim] if ndim < len(_EVERY) else tuple(range(-ndim, 0))
    if axis.__class__ is int and -ndim <= axis < ndim:
        return (axis if axis < 0 else axis - ndim,)
    return tuple(a - ndim for a in normalize_axis_tuple(axis, ndim))


#: All axes of an array, by its number of dimensions: looked up, for making the tuple takes 200 ns.
_EVERY = ((), (-1,), (-2, -1), (-3, -2, -1), (-4, -3, -2, -1))


def trailing_one(axis: Any, ndim: int) -> int:
    """One axis, counted from the end."""
    return normalize_axis_index(axis, ndim) - ndim


def reduced(axis: Any, ndim: int) -> Axes:
    """`trailing`, for NumPy's ufuncs: along axis 0 or -1 they take a number as it is."""
    return () if not ndim and axis.__class__ is int and axis in (0, -1) else trailing(axis, ndim)


def along(a: Array, axis: int | None, number: bool = False) -> tuple[Array, int]:
    """``a`` and one axis, counted from the end; None stands for all of them, made one.

    With ``number``, a number is a vector of one, as NumPy takes it in several functions.
    """
    if axis is None:
        return a.reshape(-1), -1
    if number and not a.shape:
        a = a.reshape(1)
    return a, trailing_one(axis, len(a.shape))


def keep_reduced(x: Array, shape: Sequence[int], axes: Axes) -> Array:
    """A reduced array with its axes put back as 1; ``shape`` is what it was reduced from.

    ``x`` may have leading axes that ``shape`` does not count.
    """
    kept = list(shape)
    for a in axes:
        kept[a] = 1
    lead = x.shape[: len(x.shape) - (len(shape) - len(axes))]
    return x.reshape((*lead, *kept))


def count(shape: Sequence[int], axes: Axes) -> int:
    """How many entries are reduced into one."""
    n = 1
    for a in axes:
        n *= shape[a]
    return n


def spread(x: Array, shape: Sequence[int]) -> Array:
    """``x`` repeated to ``shape``, as a view where that is possible.

    np.broadcast_to takes 2.1 us; on a NumPy scalar, which is read-only, making the view directly takes 0.4.
    """
    if isinstance(x, np.generic):
        return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
    return np.broadcast_to(x, tuple(shape))


def is_number(y: Any) -> bool:
    """True where ``y`` is one finite real number: a Python or NumPy scalar."""
    return y.__class__ in _NUMBERS and math.isfinite(y)


_NUMBERS: frozenset[Any] = frozenset({int, float} | {kind for kind in np.sctypeDict.values() if np.dtype(kind).kind in "iuf"})


def as_operand(x: Any) -> Array:
    """A list, number or array of another library as an array; a list that holds Boxes is refused by ``Box.__array__``."""
    return core_operand(x) if not isinstance(x, (bool, int, float, complex)) else np.asarray(x)


def spread_over(values: Sequence[Array], batched: Sequence[bool], size: int) -> list[Array]:
    """Every value with a batch axis: those that had none are repeated, in no memory."""
    return [v if b else np.broadcast_to(v, (size, *np.shape(v))) for v, b in zip(values, batched, strict=True)]


def all_batched(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    """How a primitive batches whose arguments must all have the batch axis."""
    return primitive(*spread_over(values, batched, size), **params)
