"""Choosing among arrays and entries: choose, select, piecewise, compress, extract, partition, sort_complex, lexsort."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, implements
from ...core.graph import Array, Box
from .helpers import along, as_operand, trailing_one
from .indexing import at
from .sorting import gather_along

_PYTHON_S = (bool, int, float, complex)


# -- among arrays ------------------------------------------------------------------------------------
@implements(np.choose)
def choose(a: Array, choices: Any, *, mode: str = "raise") -> Array:
    which, arrays = as_operand(a), [as_operand(c) for c in choices]
    count = len(arrays)
    plain = raw(which)
    if mode == "raise" and plain.size and not 0 <= plain.min() <= plain.max() < count:
        raise ValueError(f"invalid entry in choice array: {plain.min()} to {plain.max()} for {count} choices")
    which = np.clip(which, 0, count - 1) if mode == "clip" else which % count
    dtype = np.result_type(*[c.dtype for c in arrays])
    first, *others = [c.astype(dtype) for c in arrays]
    result = np.broadcast_to(first, np.broadcast_shapes(first.shape, which.shape))
    for i, choice in enumerate(others, start=1):
        result = np.where(which == i, choice, result)
    return result


@implements(np.select)
def select(condlist: Sequence[Array], choicelist: Sequence[Array], default: Any = 0) -> Array:
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if not len(condlist):
        raise ValueError("select with an empty condition list is not possible")
    conditions = [as_operand(c) for c in condlist]
    if any(c.dtype.kind != "b" for c in conditions):
        raise TypeError("numpy.select: the conditions are arrays of booleans; write x > 0 for them")
    choices = [c if type(c) in _PYTHON_S else as_operand(c) for c in (*choicelist, default)]
    dtype = np.result_type(*[c.dtype if hasattr(c, "dtype") else c for c in choices])
    *choices, last = [as_operand(c).astype(dtype) for c in choices]
    pairs = list(zip(conditions, choices, strict=True))
    return reduce(lambda result, pair: np.where(pair[0], pair[1], result), reversed(pairs), last)


@implements(np.piecewise)
def piecewise(x: Array, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Array:
    """Each function is called on what its condition selects; in a batch on all of x, for its conditions differ."""
    x = as_operand(x)
    conditions, functions = _conditions(x, condlist), list(funclist)
    if len(functions) == len(conditions) + 1:
        conditions.append(~reduce(np.logical_or, conditions))
    if len(functions) != len(conditions):
        raise ValueError(
            f"with {len(conditions)} condition(s), either {len(conditions)} or {len(conditions) + 1} functions are expected"
        )
    whole, batched = x.reshape(x.shape or (1,)), any(isinstance(c, Box) for c in conditions)
    result = np.zeros_like(whole)
    for condition, function in zip(conditions, functions, strict=True):
        condition = condition.reshape(whole.shape)
        if batched:
            values = function(whole, *args, **kw) if callable(function) else function
            result = np.where(condition, as_operand(values).astype(x.dtype), result)
        elif condition.any():
            values = function(whole[condition], *args, **kw) if callable(function) else function
            result = at(result)[condition].set(as_operand(values).astype(x.dtype))
    return result.reshape(x.shape)


def _conditions(x: Array, condlist: Any) -> list[Array]:
    """The conditions in the shape of ``x``, of a list of them or of a single one."""
    several = isinstance(condlist, (list, tuple)) or np.ndim(condlist)
    if not several or (x.shape and not np.ndim(condlist[0])):
        condlist = [condlist]
    return [np.broadcast_to(as_operand(c).astype(bool), x.shape) for c in condlist]


# -- among entries -----------------------------------------------------------------------------------
@implements(np.compress)
def compress(condition: Any, a: Array, axis: int | None = None) -> Array:
    x, at_axis = along(as_operand(a), axis)
    mask = as_operand(condition)
    if len(mask.shape) != 1:
        raise ValueError("condition must be a 1-d array")
    (places,) = np.nonzero(mask)
    return x[(..., places, *(slice(None),) * (-at_axis - 1))]


@implements(np.extract)
def extract(condition: Any, arr: Array) -> Array:
    return compress(as_operand(condition).reshape(-1), as_operand(arr).reshape(-1))


# -- by order ------------------------------------------------------------------------------------------
def _partition_order(x: Any, *, kth: Any, axis: int) -> Any:
    """Which entry NumPy's partition puts where, by comparing both when sorted."""
    after = np.argsort(np.partition(x, kth, axis), axis=axis, kind="stable")
    order = np.empty_like(after)
    np.put_along_axis(order, after, np.argsort(x, axis=axis, kind="stable"), axis)
    return order


partition_order = constant(_partition_order, name="partition", core=(0,))


@implements(np.partition)
def partition(a: Array, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None) -> Array:
    x, at_axis = along(a, axis)
    return gather_along(x, partition_order(x, kth=kth, axis=at_axis), axis=at_axis)


@implements(np.sort_complex)
def sort_complex(a: Array) -> Array:
    ordered = np.sort(a)
    return ordered if a.dtype.kind == "c" else ordered.astype(np.clongdouble if a.dtype.char == "g" else np.complex128)


_lexsort = constant(lambda x, *, axis: np.lexsort(np.moveaxis(x, -1, 0), axis), name="lexsort", core=(0,))


@implements(np.lexsort)
def lexsort(keys: Any, axis: int = -1) -> Array:
    keys = np.stack([as_operand(key) for key in keys], axis=-1)
    return _lexsort(keys, axis=trailing_one(axis, len(keys.shape) - 1))
