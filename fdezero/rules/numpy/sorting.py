"""Sorting and scans: sort, argsort, cumsum, cumprod.

A sort is a permutation that depends on the values: it is found by `argsort`, which has no derivative,
and applied by `permuted`, which is linear.  Ties keep their order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.cotangents import add_at
from ...core.declare import constant, implements, linear
from ...core.graph import Array
from ...core.primitives import Linear
from .helpers import all_batched, along


# -- taking and putting along an axis ----------------------------------------------------------------
def _scatter_along(x: Array, index: Array, *, axis: int, size: int) -> Array:
    """Zeros, with each entry of x added at its index along the axis."""
    shape = (*x.shape[: len(x.shape) + axis], size, *x.shape[len(x.shape) + axis + 1 :])
    out = np.zeros_like(x, shape=shape)
    grid = list(np.indices(x.shape, sparse=True))
    grid[axis] = np.broadcast_to(index, x.shape)
    add_at(out, tuple(grid), x)
    return out


gather_along: Linear = linear(
    lambda x, index, *, axis: np.take_along_axis(x, index, axis),
    lambda g, y, like, *, axis: scatter_along(g, y, axis=axis, size=like.shape[axis]),
    None,
    name="take_along_axis",
    batch=all_batched,
)
scatter_along: Linear = linear(
    _scatter_along,
    lambda g, y, *, axis, size: gather_along(g, y, axis=axis),
    None,
    name="put_along_axis",
    batch=all_batched,
)



def _permuted_back(x: Array, order: Array, *, axis: int) -> Array:
    """The inverse of `permuted`, which is its transpose."""
    out = np.empty_like(x)
    np.put_along_axis(out, np.broadcast_to(order, x.shape), x, axis)
    return out


#: `gather_along` by an index that has each place once.
permuted: Linear = linear(
    lambda x, order, *, axis: np.take_along_axis(x, order, axis),
    lambda g, y, *, axis: permuted_back(g, y, axis=axis),
    None,
    name="take_along_axis",
    batch=all_batched,
)
permuted_back: Linear = linear(
    _permuted_back, lambda g, y, *, axis: permuted(g, y, axis=axis), None, name="put_along_axis", batch=all_batched
)


# -- sorting -----------------------------------------------------------------------------------------
#: From so many floating-point numbers on the order that NumPy finds fastest is looked for first.
_MANY = 10_000


def _stable_order(x: Array, *, axis: int) -> Array:
    """What a stable argsort gives; of numbers that all differ so does any, and NumPy's fastest takes two thirds of the time."""
    if x.size >= _MANY and x.dtype.kind == "f":
        order = np.argsort(x, axis=axis)
        ordered = np.moveaxis(np.take_along_axis(x, order, axis), axis, -1)
        if np.all(ordered[..., :-1] < ordered[..., 1:]):  # false of a NaN too
            return order
    return np.argsort(x, axis=axis, kind="stable")


order_of = constant(_stable_order, name="argsort", core=(0,))


@implements(np.argsort)
def argsort(a: Array, axis: int | None = -1, kind: str | None = None, *, stable: bool | None = None) -> Array:
    a, at = along(a, axis, number=True)
    return order_of(a, axis=at)


@implements(np.sort)
def sort(a: Array, axis: int | None = -1, kind: str | None = None, *, stable: bool | None = None) -> Array:
    a, at = along(a, axis)
    return permuted(a, order_of(a, axis=at), axis=at)


# -- scans -------------------------------------------------------------------------------------------
running_sum: Linear = linear(
    lambda x, *, axis: np.cumsum(x, axis=axis),
    lambda g, *, axis: np.flip(running_sum(np.flip(g, axis), axis=axis), axis),
    name="cumsum",
    core=(0,),
)


@implements(np.cumsum)
def cumsum(a: Array, axis: int | None = None, dtype: Any = None) -> Array:
    a, at = along(a, axis, number=True)
    return running_sum(a if dtype is None else a.astype(dtype), axis=at)


@implements(np.cumprod)
def cumprod(a: Array, axis: int | None = None, dtype: Any = None) -> Array:
    """By doubling: multiplications only, so zeros among the factors are exact to every order.

    Source: Hillis and Steele, Data parallel algorithms (1986).
    """
    a, at = along(a, axis, number=True)
    x = np.moveaxis(a if dtype is None else a.astype(dtype), at, -1)
    reach = 1
    while reach < x.shape[-1]:
        x = np.concatenate([x[..., :reach], x[..., reach:] * x[..., :-reach]], axis=-1)
        reach *= 2
    return np.moveaxis(x, -1, at)


