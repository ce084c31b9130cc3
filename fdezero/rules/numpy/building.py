"""Arrays made of others' values or shapes: meshgrid, triangles, diagonals, and indices.

Indices have no derivative: those that only ask for a shape are plain arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.declare import constant, implements
from ...core.graph import Array, Box
from .helpers import all_batched, as_operand


@implements(np.meshgrid)
def meshgrid(*xi: Array, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Array, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    count = len(xi)
    axes = list(range(count))
    if indexing == "xy" and count > 1:
        axes[:2] = 1, 0
    grids = [as_operand(x).reshape([-1 if i == axis else 1 for i in range(count)]) for x, axis in zip(xi, axes, strict=True)]
    return tuple(grids) if sparse else tuple(np.broadcast_arrays(*grids))


# -- triangles and diagonals ---------------------------------------------------------------------------
@implements(np.tril)
def tril(m: Array, k: int = 0) -> Array:
    return np.where(_lower(m, k), m, 0)


@implements(np.triu)
def triu(m: Array, k: int = 0) -> Array:
    return np.where(_lower(m, k - 1), 0, m)


def _lower(m: Array, k: int) -> Array:
    """Which entries are on or below the k-th diagonal; of a vector NumPy makes a matrix with it in each row."""
    rows, columns = m.shape * 2 if len(m.shape) == 1 else m.shape[-2:]
    return np.tri(rows, columns, k, dtype=bool)


@implements(np.diagflat)
def diagflat(v: Array, k: int = 0) -> Array:
    return np.diag(v.reshape(-1), k)


def _of_shape(x: Array) -> Any:
    """A plain array of the shape of ``x``, in no memory."""
    return np.broadcast_to(0.0, x.shape)


def _declare_indices(function: Any) -> None:
    @implements(function)
    def indices(arr: Array, k: int = 0) -> Any:
        return function(_of_shape(arr), k)


for _function in (np.tril_indices_from, np.triu_indices_from):
    _declare_indices(_function)


@implements(np.diag_indices_from)
def diag_indices_from(arr: Array) -> Any:
    return np.diag_indices_from(_of_shape(arr))


# -- indices that are Boxes ----------------------------------------------------------------------------
@implements(np.ix_)
def ix_(*args: Array) -> tuple[Array, ...]:
    out = []
    for i, arg in enumerate(args):
        x = as_operand(arg)
        if len(x.shape) != 1:
            raise ValueError("Cross index must be 1 dimensional")
        if x.dtype.kind == "b":
            (x,) = np.nonzero(x)
        out.append(x.reshape([-1 if j == i else 1 for j in range(len(args))]))
    return tuple(out)


_unravel = constant(
    lambda x, *, shape, order: np.unravel_index(x, shape, order), name="unravel_index", core=(0,)
)
_ravel = constant(
    lambda *xs, dims, mode, order: np.ravel_multi_index(xs, dims, mode, order), name="ravel_multi_index", batch=all_batched
)


@implements(np.unravel_index)
def unravel_index(indices: Array, shape: Any, order: Any = "C") -> tuple[Array, ...]:
    return _unravel(indices, shape=shape, order=order)  # type: ignore[no-any-return]  # to mypy it is anything


@implements(np.ravel_multi_index)
def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: Any = "C") -> Array:
    return _ravel(*np.broadcast_arrays(*multi_index), dims=dims, mode=mode, order=order)


# -- of shapes and dtypes ------------------------------------------------------------------------------
@implements(np.einsum_path)
def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    return np.einsum_path(*[_of_shape(x) if isinstance(x, Box) else x for x in operands], optimize=optimize)


@implements(np.common_type)
def common_type(*arrays: Array) -> Any:
    return np.common_type(*[np.zeros(0, x.dtype) for x in map(as_operand, arrays)])
