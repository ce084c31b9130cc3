"""Shaping: reshape, transpose, broadcast, concatenate, split, flip, roll, tile, repeat.

All of it is linear, and a few primitives carry the rest: `reshape`, `transpose`, `broadcast_to`,
`concatenate`, `stack`, `flip`, `roll`.  Each acts on the last axes of its argument and lets
leading ones be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.cotangents import unbroadcast
from ...core.declare import implements, linear, linear_in_all
from ...core.graph import Array, Box
from ...core.primitives import Linear
from .helpers import Axes, all_batched, along, as_operand, reduced, trailing, trailing_one

Shape = tuple[int, ...]


def _lead(x: Array, ndim: int) -> Shape:
    """The leading axes of ``x``, of which only the last ``ndim`` are meant."""
    return x.shape[: len(x.shape) - ndim]  # type: ignore[no-any-return]  # to mypy what comes back is Any


# -- reshape -----------------------------------------------------------------------------------------
reshape_to = linear(
    lambda x, *, shape, ndim: x.reshape(_lead(x, ndim) + shape),
    lambda g, like, *, shape, ndim: g.reshape(_lead(g, len(shape)) + like.shape[len(like.shape) - ndim :]),
    name="reshape", core=(0,),
)


def _reshape(x: Array, shape: Shape) -> Array:
    return x if x.shape == shape else reshape_to(x, shape=shape, ndim=len(x.shape))


@implements(np.reshape)
def reshape(a: Array, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: bool | None = None) -> Array:
    shape = newshape if shape is None else shape  # which is its name in NumPy 2.0
    if _first_axis_fastest(order):
        flipped = shape[::-1] if isinstance(shape, (tuple, list)) else shape
        return np.transpose(np.reshape(np.transpose(a), flipped))
    wanted = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)
    if -1 in wanted:
        rest = math.prod(n for n in wanted if n != -1)
        if wanted.count(-1) > 1 or not rest or a.size % rest:
            raise ValueError(f"cannot reshape array of size {a.size} into shape {wanted}")
        wanted = tuple(a.size // rest if n == -1 else n for n in wanted)
    if math.prod(wanted) != a.size:
        raise ValueError(f"cannot reshape array of size {a.size} into shape {wanted}")
    return _reshape(a, wanted)


@implements(np.ravel)
def ravel(a: Array, order: str = "C") -> Array:
    return _reshape(np.transpose(a) if _first_axis_fastest(order) else a, (a.size,))


def _first_axis_fastest(order: str) -> bool:
    """True for Fortran's order; an order that depends on how an array lies in memory has no meaning for a Box."""
    if order not in ("C", "F"):
        raise TypeError(f"order={order!r} depends on how an array lies in memory; write order='C' or order='F'")
    return order == "F"


@implements(np.squeeze)
def squeeze(a: Array, axis: Any = None) -> Array:
    ndim = len(a.shape)
    axes = [i - ndim for i, n in enumerate(a.shape) if n == 1] if axis is None else reduced(axis, ndim)
    if any(a.shape[i] != 1 for i in axes):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return _reshape(a, tuple(n for i, n in enumerate(a.shape) if i - ndim not in axes))


@implements(np.expand_dims)
def expand_dims(a: Array, axis: Any) -> Array:
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = len(a.shape) + len(axes)
    new = [i + ndim for i in trailing(tuple(axes), ndim)]
    sizes = iter(a.shape)
    return _reshape(a, tuple(1 if i in new else next(sizes) for i in range(ndim)))


def _atleast(x: Array, ndim: int) -> Array:
    x = as_operand(x)
    missing = ndim - len(x.shape)
    if missing <= 0:
        return x
    if ndim == 3 and x.shape:  # NumPy puts a vector in the middle and a matrix in front
        return x.reshape((*x.shape, 1) if missing == 1 else (1, *x.shape, 1))
    return x.reshape((1,) * missing + x.shape)


def _declare_atleast(function: Any, ndim: int) -> None:
    @implements(function)
    def atleast(*arys: Array) -> Any:
        return _atleast(arys[0], ndim) if len(arys) == 1 else tuple(_atleast(x, ndim) for x in arys)


for _ndim, _function in enumerate((np.atleast_1d, np.atleast_2d, np.atleast_3d), start=1):
    _declare_atleast(_function, _ndim)


# -- transpose ---------------------------------------------------------------------------------------
def _permute(x: Array, *, axes: Axes) -> Array:
    lead = len(x.shape) - len(axes)
    return x.transpose((*range(lead), *[a + lead + len(axes) for a in axes]))


def _inverse(axes: Axes) -> Axes:
    n = len(axes)
    order = sorted(range(n), key=lambda i: axes[i])
    return tuple(i - n for i in order)


permute: Linear = linear(_permute, lambda g, *, axes: permute(g, axes=_inverse(axes)), name="transpose", core=(0,))


@implements(np.transpose, np.permute_dims)
def transpose(a: Array, axes: Any = None) -> Array:
    ndim = len(a.shape)
    if axes is None:
        return permute(a, axes=tuple(range(-1, -ndim - 1, -1))) if ndim > 1 else a
    order = trailing(tuple(axes), ndim)
    if len(order) != ndim:
        raise ValueError(f"axes {axes} do not match an array of {ndim} dimensions")
    return permute(a, axes=order)


@implements(np.matrix_transpose)
def matrix_transpose(x: Array) -> Array:
    return permute(x, axes=(-1, -2))


@implements(np.swapaxes)
def swapaxes(a: Array, axis1: int, axis2: int) -> Array:
    order = list(range(-len(a.shape), 0))
    i, j = trailing_one(axis1, len(order)), trailing_one(axis2, len(order))
    order[i], order[j] = order[j], order[i]
    return permute(a, axes=tuple(order))


@implements(np.moveaxis)
def moveaxis(a: Array, source: Any, destination: Any) -> Array:
    ndim = len(a.shape)
    start, end = trailing(source, ndim), trailing(destination, ndim)
    if len(start) != len(end):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    order = [i for i in range(-ndim, 0) if i not in start]
    for to, axis in sorted(zip(end, start, strict=True)):
        order.insert(to + ndim, axis)
    return permute(a, axes=tuple(order))


# -- broadcast ---------------------------------------------------------------------------------------
def _broadcast(x: Array, *, shape: Shape, ndim: int) -> Array:
    lead = _lead(x, ndim)
    if lead:
        x = x.reshape(lead + (1,) * (len(shape) - ndim) + x.shape[len(lead) :])
    return np.broadcast_to(x, lead + shape)


def _sum_repeats(g: Array, like: Any, *, shape: Shape, ndim: int) -> Array:
    lead = len(like.shape) - ndim
    apart = like.shape[:lead] + (1,) * (len(shape) - ndim) + like.shape[lead:]
    return unbroadcast(g, apart).reshape(like.shape)


broadcast = linear(_broadcast, _sum_repeats, name="broadcast_to", core=(0,))


@implements(np.broadcast_to)
def broadcast_to(array: Array, shape: Any) -> Array:
    wanted = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(shape)
    np.broadcast_shapes(array.shape, wanted)  # NumPy's own message where they do not fit
    return array if array.shape == wanted else broadcast(array, shape=wanted, ndim=len(array.shape))


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Array) -> tuple[Array, ...]:
    shape = np.broadcast_shapes(*(as_operand(a).shape for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


# -- joining -----------------------------------------------------------------------------------------
def _split_like(g: Array, likes: Sequence[Any], *, axis: int, sizes: tuple[int, ...]) -> list[Array]:
    ends = np.cumsum(sizes)
    return [
        None if like is None else g[(..., slice(int(end) - n, int(end)), *(slice(None),) * (-axis - 1))]
        for like, n, end in zip(likes, sizes, ends, strict=True)
    ]


join = linear_in_all(
    lambda *xs, axis, sizes: np.concatenate(xs, axis),
    _split_like,
    name="concatenate",
    batch=all_batched,
)
pile = linear_in_all(
    lambda *xs, axis: np.stack(xs, axis),
    lambda g, likes, *, axis: [
        None if like is None else g[(..., i, *(slice(None),) * (-axis - 1))] for i, like in enumerate(likes)
    ],
    name="stack",
    batch=all_batched,
)


@implements(np.concatenate, np.concat)
def concatenate(arrays: Sequence[Array], axis: int | None = 0, *, dtype: Any = None) -> Array:
    xs = [as_operand(x) for x in arrays]
    if axis is None:
        xs, axis = [x.reshape(-1) for x in xs], 0
    if not all(x.shape for x in xs):
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    if dtype is not None:
        xs = [x.astype(dtype) for x in xs]
    at = trailing_one(axis, len(xs[0].shape))
    return join(*xs, axis=at, sizes=tuple(x.shape[at] for x in xs))


@implements(np.stack)
def stack(arrays: Sequence[Array], axis: int = 0, *, dtype: Any = None) -> Array:
    xs = [as_operand(x) if dtype is None else as_operand(x).astype(dtype) for x in arrays]
    return pile(*xs, axis=trailing_one(axis, len(xs[0].shape) + 1))


@implements(np.hstack)
def hstack(tup: Sequence[Array], *, dtype: Any = None) -> Array:
    xs = [_atleast(x, 1) for x in tup]
    return np.concatenate(xs, axis=0 if len(xs[0].shape) == 1 else 1, dtype=dtype)


@implements(np.vstack)
def vstack(tup: Sequence[Array], *, dtype: Any = None) -> Array:
    return np.concatenate([_atleast(x, 2) for x in tup], axis=0, dtype=dtype)


@implements(np.dstack)
def dstack(tup: Sequence[Array]) -> Array:
    return np.concatenate([_atleast(x, 3) for x in tup], axis=2)


@implements(np.column_stack)
def column_stack(tup: Sequence[Array]) -> Array:
    return np.concatenate([x if len(x.shape) > 1 else _atleast(x, 1)[:, None] for x in tup], axis=1)


def array(nested: Any, dtype: Any = None) -> Array:
    """Make an array of nested lists or tuples that may hold Boxes: `np.array`, differentiable.

    Args:
        nested: lists of lists ... of numbers and arrays, all of one shape at each depth.
        dtype: as for `np.array`.

    Raises:
        ValueError: when the shapes differ, as from `np.stack`.

    Example:
        >>> from fdezero import array, grad
        >>> import numpy as np
        >>> grad(lambda t: array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]).sum())(0.0)
        np.float64(0.0)
    """
    result: Array
    if isinstance(nested, (list, tuple)) and nested and holds_box(nested):
        result = np.stack([array(x) if isinstance(x, (list, tuple)) else as_operand(x) for x in nested])
    elif isinstance(nested, Box):
        result = nested
    else:
        return np.array(nested, dtype)
    return result if dtype is None else result.astype(dtype)


def holds_box(nested: Any) -> bool:
    return isinstance(nested, Box) or (isinstance(nested, (list, tuple)) and any(map(holds_box, nested)))


# -- splitting ---------------------------------------------------------------------------------------
@implements(np.array_split)
def array_split(ary: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """The pieces, each a slice; the fold adds their cotangents into one buffer."""
    at = trailing_one(axis, len(ary.shape))
    n = ary.shape[at]
    if isinstance(indices_or_sections, (int, np.integer)):
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.")
        small, larger = divmod(n, sections)
        bounds = np.cumsum([0] + [small + 1] * larger + [small] * (sections - larger)).tolist()
    else:
        bounds = [0, *(int(i) for i in indices_or_sections), n]
    after = (slice(None),) * (-at - 1)
    return [ary[(..., slice(a, b), *after)] for a, b in pairwise(bounds)]


@implements(np.split)
def split(ary: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    if isinstance(indices_or_sections, (int, np.integer)) and ary.shape[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


@implements(np.hsplit)
def hsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    return split(ary, indices_or_sections, 1 if len(ary.shape) > 1 else 0)


@implements(np.vsplit)
def vsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    return split(ary, indices_or_sections, 0)


# -- moving entries ----------------------------------------------------------------------------------
reverse = linear(lambda x, *, axis: np.flip(x, axis), lambda g, *, axis: np.flip(g, axis), name="flip", core=(0,))
shift_by = linear(
    lambda x, *, shift, axis: np.roll(x, shift, axis),
    lambda g, *, shift, axis: np.roll(g, tuple(-s for s in shift), axis),
    name="roll", core=(0,),
)


@implements(np.flip)
def flip(m: Array, axis: Any = None) -> Array:
    return reverse(m, axis=trailing(axis, len(m.shape)))


@implements(np.fliplr)
def fliplr(m: Array) -> Array:
    return flip(m, 1)


@implements(np.flipud)
def flipud(m: Array) -> Array:
    return flip(m, 0)


@implements(np.roll)
def roll(a: Array, shift: Any, axis: Any = None) -> Array:
    if axis is None:
        return np.roll(a.reshape(-1), shift, 0).reshape(a.shape)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    shifts, at = np.broadcast_arrays(shift, axes)
    return shift_by(
        a, shift=tuple(map(int, shifts.ravel())), axis=tuple(trailing_one(int(i), len(a.shape)) for i in at.ravel())
    )


@implements(np.tile)
def tile(A: Array, reps: Any) -> Array:
    counts = (int(reps),) if isinstance(reps, (int, np.integer)) else tuple(int(r) for r in reps)
    ndim = max(len(counts), len(A.shape))
    counts = (1,) * (ndim - len(counts)) + counts
    shape = (1,) * (ndim - len(A.shape)) + A.shape
    apart = A.reshape([n for size in shape for n in (1, size)])
    repeated = np.broadcast_to(apart, [n for r, size in zip(counts, shape, strict=True) for n in (r, size)])
    return repeated.reshape([r * size for r, size in zip(counts, shape, strict=True)])


@implements(np.repeat)
def repeat(a: Array, repeats: Any, axis: int | None = None) -> Array:
    if isinstance(repeats, Box):
        raise TypeError(
            "numpy.repeat with a batched number of repeats has a result of another shape for each example; write "
            "np.where(mask, x, 0) over as many as there may be"
        )
    a, at = along(a, axis, number=True)
    after = (slice(None),) * (-at - 1)
    return a[(..., np.repeat(np.arange(a.shape[at]), repeats), *after)]


# -- shape queries -----------------------------------------------------------------------------------
@implements(np.shape)
def shape(a: Array) -> Shape:
    return a.shape  # type: ignore[no-any-return]  # to mypy what comes back is Any


@implements(np.ndim)
def ndim(a: Array) -> int:
    return len(a.shape)


@implements(np.size)
def size(a: Array, axis: int | None = None) -> int:
    return math.prod(a.shape) if axis is None else a.shape[axis]

