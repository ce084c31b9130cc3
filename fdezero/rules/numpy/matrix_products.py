"""Products that are made of other products: the names of numpy.linalg, vecdot, cross, kron, powers, chains."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.declare import implements
from ...core.graph import Array
from .helpers import as_operand, trailing_one
from .linalg import inv
from .matrices import conjugate
from .products import matmul, matmul_mv, matmul_vm, matmul_vv, outer_vv


@implements(np.linalg.matmul)
def linalg_matmul(x1: Array, x2: Array, /) -> Array:
    return matmul(x1, x2)


@implements(np.linalg.outer)
def linalg_outer(x1: Array, x2: Array, /) -> Array:
    x1, x2 = as_operand(x1), as_operand(x2)
    if len(x1.shape) != 1 or len(x2.shape) != 1:
        raise ValueError(f"Input arrays must be one-dimensional, but they are x1.ndim={x1.ndim} and x2.ndim={x2.ndim}.")
    return outer_vv(x1, x2)


@implements(np.linalg.diagonal)
def linalg_diagonal(x: Array, /, *, offset: int = 0) -> Array:
    return np.diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def linalg_trace(x: Array, /, *, offset: int = 0, dtype: Any = None) -> Array:
    return np.sum(np.diagonal(x, offset, -2, -1), axis=-1, dtype=dtype)


@implements(np.linalg.matrix_transpose)
def linalg_matrix_transpose(x: Array, /) -> Array:
    return np.matrix_transpose(x)


# -- vectors ---------------------------------------------------------------------------------------------
@implements(np.vecdot, np.linalg.vecdot)
def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """The first argument is conjugated."""
    return matmul_vv(conjugate(_last(x1, axis)), _last(x2, axis))


def _last(x: Any, axis: int) -> Array:
    x = as_operand(x)
    return x if axis == -1 else np.moveaxis(x, axis, -1)


def _matvec(x1: Array, x2: Array, /) -> Array:
    return matmul_mv(as_operand(x1), as_operand(x2))


def _vecmat(x1: Array, x2: Array, /) -> Array:
    """The vector is conjugated."""
    return matmul_vm(conjugate(as_operand(x1)), as_operand(x2))


if hasattr(np, "matvec"):  # NumPy 2.2
    implements(np.matvec)(_matvec)
    implements(np.vecmat)(_vecmat)


@implements(np.cross)
def cross(a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Array:
    """Of vectors of 3 entries, or of 2, whose third is 0; of two of those it is the third entry of the product."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _last(a, axisa), _last(b, axisb)
    sizes = a.shape[-1], b.shape[-1]
    if not {*sizes} <= {2, 3}:
        raise ValueError(f"cross: vectors of 2 or 3 entries; got {sizes[0]} and {sizes[1]}")
    if sizes == (2, 2):
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = _of_three(a), _of_three(b)
    product = a[..., [1, 2, 0]] * b[..., [2, 0, 1]] - a[..., [2, 0, 1]] * b[..., [1, 2, 0]]
    return np.moveaxis(product, -1, axisc)


def _of_three(x: Array) -> Array:
    return x if x.shape[-1] == 3 else np.concatenate([x, np.zeros_like(x[..., :1])], axis=-1)


@implements(np.linalg.cross)
def linalg_cross(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    x1, x2 = as_operand(x1), as_operand(x2)
    if x1.shape[trailing_one(axis, len(x1.shape))] != 3 or x2.shape[trailing_one(axis, len(x2.shape))] != 3:
        raise ValueError(f"cross: both arrays must be of 3-dimensional vectors; got the shapes {x1.shape} and {x2.shape}")
    return np.cross(x1, x2, axis=axis)


# -- matrices --------------------------------------------------------------------------------------------
@implements(np.kron)
def kron(a: Array, b: Array) -> Array:
    a, b = as_operand(a), as_operand(b)
    ndim = max(len(a.shape), len(b.shape))
    a, b = (x.reshape((1,) * (ndim - len(x.shape)) + x.shape) for x in (a, b))
    apart = [n for size in a.shape for n in (size, 1)], [n for size in b.shape for n in (1, size)]
    product = a.reshape(apart[0]) * b.reshape(apart[1])
    return product.reshape([m * n for m, n in zip(a.shape, b.shape, strict=True)])


@implements(np.linalg.matrix_power)
def matrix_power(a: Array, n: int) -> Array:
    """By squaring: as many products as n has binary digits, and at most as many again."""
    if a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(f"matrix_power takes square matrices; got the shape {a.shape}")
    if n == 0:
        return np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    square, n = (inv(a), -n) if n < 0 else (a, n)
    result = None
    while n:
        if n % 2:
            result = square if result is None else result @ square
        n //= 2
        square = square @ square if n else square
    return result


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Array], *, out: None = None) -> Array:
    """The product of all, in the order of the fewest multiplications."""
    chain = [as_operand(x) for x in arrays]
    if len(chain) < 2:
        raise ValueError("Expecting at least two arrays.")
    first, last = len(chain[0].shape) == 1, len(chain[-1].shape) == 1
    chain[0] = chain[0].reshape(1, -1) if first else chain[0]
    chain[-1] = chain[-1].reshape(-1, 1) if last else chain[-1]
    for x in chain:
        if len(x.shape) != 2:
            raise np.linalg.LinAlgError(f"multi_dot takes matrices, and vectors at the ends; got the shape {x.shape}")
    sizes = (chain[0].shape[0], *[x.shape[1] for x in chain])
    product = _multiplied(chain, _cheapest(sizes), 0, len(chain))
    return product.reshape(product.shape[first : 2 - last])


def _multiplied(chain: Sequence[Array], splits: dict[tuple[int, int], int], start: int, stop: int) -> Array:
    if stop - start == 1:
        return chain[start]
    middle = splits[start, stop]
    return _multiplied(chain, splits, start, middle) @ _multiplied(chain, splits, middle, stop)


@functools.lru_cache
def _cheapest(sizes: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Where to split each part of a chain of matrices (Cormen et al., *Introduction to Algorithms*, section 15.2)."""
    count = len(sizes) - 1
    costs, splits = {(i, i + 1): 0 for i in range(count)}, {}
    for length in range(2, count + 1):
        for i in range(count - length + 1):
            j = i + length
            costs[i, j], splits[i, j] = min(
                (costs[i, k] + costs[k, j] + sizes[i] * sizes[k] * sizes[j], k) for k in range(i + 1, j)
            )
    return splits
