"""Indexing: ``x[index]``, take, take_along_axis, diagonals; and ``x.at[index]``, assignment's functional form.

Reading is linear; its transpose adds into a buffer of zeros.  The buffer is not made here: the rule
returns a `Scatter`, and the fold adds all the reads of one array into one buffer, so that a thousand
``x[i]`` cost a thousand additions and not a thousand dense arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from ...core import boxes
from ...core.cotangents import Scatter, behind_batch, index_arrays, may_repeat, unbroadcast
from ...core.declare import implements, linear, linear_in_all, register
from ...core.graph import Array, Box
from ...core.operands import as_operand as core_operand
from ...core.primitives import Primitive
from ...core.zeros import has_nonfinite
from .gathering import array_of, has_boxes, is_mask, read_at_boxes, write_at_boxes
from .helpers import along, as_operand, spread_over


def _batch_read(primitive: Primitive, values: list[Array], batched: Any, size: int, params: Any) -> Any:
    index = params["index"]
    out = primitive(values[0], index=behind_batch(index))
    apart, count = index_arrays(index)
    return np.moveaxis(out, count, 0) if apart else out


def _read(x: Array, *, index: Any) -> Array:
    """``x[index]``; by np.take, where it can, which for rows of three numbers takes a quarter of the time."""
    if index.__class__ is np.ndarray and index.dtype.kind == "i" and index.ndim and x.__class__ is np.ndarray and x.ndim:
        return x.take(index, axis=0)
    return x[index]


read = linear(_read, lambda g, *, index: Scatter(index, g), name="getitem", batch=_batch_read)


_ARRAYS = (Box, np.ndarray, np.generic)


def _known_index(index: Any, x: Array) -> Any:
    """An index of x as NumPy takes it; a list is an array, and a float Box is none of it."""
    if isinstance(index, tuple):
        return tuple([_known_index(part, x) for part in index])
    if isinstance(index, (list, range)) or (hasattr(index, "__array__") and not isinstance(index, _ARRAYS)):
        return array_of(index)  # a list or a Series may name an entry twice, which `may_repeat` asks an array
    if isinstance(index, np.ndarray):
        index = boxes.lifted(index, x)  # a program of x is one for these places
    if isinstance(index, Box):
        if not index.is_open:
            return index.concrete().copy()
        instead = (
            "what it selects has another shape for each example; write np.where(mask, x, 0)"
            if index.dtype.kind == "b"
            else "write x[int(stop_gradient(i))] or x[stop_gradient(i).astype(int)]"
        )
        raise IndexError(f"a {type(index).__name__} of dtype {index.dtype} is no index; {instead}")
    return index.copy() if isinstance(index, np.ndarray) else index


@implements(boxes.getitem)
def getitem(x: Array, index: Any) -> Array:
    # An int or a slice, the usual case, needs no second look.
    kind = index.__class__
    if kind is not int and kind is not slice:
        if has_boxes(index):
            return read_at_boxes(x, index)
        index = _known_index(index, x)
        if _has_mask(index) and has_nonfinite(x):  # as in `where`: no NaN of what is left out in the gradient
            x = np.where(_named_by(index, x.shape), x, 0)
    return read(x, index=index)


def _has_mask(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(map(is_mask, parts))


def _named_by(index: Any, shape: tuple[int, ...]) -> Any:
    """Which entries an index names."""
    named = np.zeros(shape, bool)
    named[index] = True
    return named


@implements(np.take)
def take(a: Array, indices: Any, axis: int | None = None, *, mode: str = "raise") -> Array:
    a, at = along(a, axis, number=True)
    index = as_operand(indices) if np.size(indices) else np.zeros(np.shape(indices), np.intp)
    n = a.shape[at]
    if mode != "raise":
        index = np.clip(index, 0, n - 1) if mode == "clip" else index % n
    return getitem(a, (slice(None),) * (len(a.shape) + at) + (index,))


@implements(np.take_along_axis)
def take_along_axis(arr: Array, indices: Any, axis: int | None = -1) -> Array:
    arr, at = along(arr, axis)
    return getitem(arr, _along(arr.shape, as_operand(indices), at))


def _along(shape: tuple[int, ...], indices: Any, axis: int) -> tuple[Any, ...]:
    """The full index that ``indices`` along one axis stand for."""
    ndim = len(shape)
    where = axis % ndim
    grid = [np.arange(n).reshape([-1 if j == i else 1 for j in range(ndim)]) for i, n in enumerate(shape)]
    return tuple(indices if i == where else g for i, g in enumerate(grid))


# -- diagonals ---------------------------------------------------------------------------------------
@implements(np.diagonal)
def diagonal(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    moved = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = moved.shape[-2:]
    n = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    i = np.arange(n)
    return moved[..., i - min(offset, 0), i + max(offset, 0)]


@implements(np.trace)
def trace(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1)


@implements(np.diag)
def diag(v: Array, k: int = 0) -> Array:
    if len(v.shape) == 2:
        return np.diagonal(v, k)
    if len(v.shape) != 1:
        raise ValueError("Input must be 1- or 2-d.")
    i = np.arange(v.shape[0])
    n = v.shape[0] + abs(k)
    zeros = np.zeros_like(v, shape=(n, n))
    return at(zeros)[i - min(k, 0), i + max(k, 0)].set(v)


# -- functional assignment ---------------------------------------------------------------------------
def _wide_enough_dtype(x: Array, v: Array) -> Any:
    """What ``x`` is to be so that ``v`` can be written into it: integers or real numbers are widened, nothing is truncated."""
    wide = np.result_type(x, v)
    return wide if x.dtype.kind != "c" and wide.kind != x.dtype.kind else x.dtype


def _wide_enough(x: Array, v: Array) -> Array:
    """A copy of ``x`` to write ``v`` into."""
    return np.array(x, dtype=_wide_enough_dtype(x, v))


def _put(x: Array, v: Array, *, index: Any) -> Array:
    out = _wide_enough(x, v)
    out[index] = v
    return out


def _put_x(g: Array, *, index: Any) -> Array:
    return put(g, 0.0, index=index)


def _put_v(g: Array, like: Any, *, index: Any) -> Array:
    """The entries that were written; of several written to one place, the last is the one that counts."""
    written = g[index]
    if may_repeat(index):
        order = np.arange(np.prod(written.shape, dtype=int)).reshape(written.shape)
        last = np.zeros(g.shape, int)
        last[index] = order
        written = np.where(last[index] == order, written, 0.0)
    return unbroadcast(written, like.shape)


def _put_add(x: Array, v: Array, *, index: Any) -> Array:
    out = _wide_enough(x, v)
    if may_repeat(index):
        np.add.at(out, index, v)
    else:
        out[index] += v
    return out


def _batch_put(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Any) -> Any:
    index = params["index"]
    x, v = spread_over(values, batched, size)
    wanted = np.empty(x.shape[1:], bool)[index].shape
    v = np.broadcast_to(v.reshape((size, *(1,) * (len(wanted) - len(v.shape) + 1), *v.shape[1:])), (size, *wanted))
    apart, count = index_arrays(index)
    return primitive(x, np.moveaxis(v, 0, count) if apart else v, index=behind_batch(index))


put = linear_in_all(
    _put,
    lambda g, likes, *, index: [likes[0] and _put_x(g, index=index), likes[1] and _put_v(g, likes[1], index=index)],
    name="at.set",
    batch=_batch_put,
)
put_add = linear_in_all(
    _put_add,
    lambda g, likes, *, index: [g, likes[1] and unbroadcast(g[index], likes[1].shape)],
    name="at.add",
    batch=_batch_put,
)


@attrs.frozen(eq=False)
class At:
    """``at(x)``: waits for the index."""

    _array: Array

    def __getitem__(self, index: Any) -> Entries:
        return Entries(self._array, index if has_boxes(index) else _known_index(index, self._array))


@attrs.frozen(eq=False)
class Entries:
    """``at(x)[index]``: some entries of an array, and the ways to get a copy with them changed.

    `get` reads them.  Every other method takes a value that broadcasts to ``x[index]`` and returns a new
    array of x's shape.
    Where an index names an entry several times, `set` keeps the last value, as NumPy's assignment
    does, and the others apply every one.
    """

    _array: Array
    _index: Any

    def get(self) -> Array:
        """``x[index]``, also where x is a plain array and the index a Box, which NumPy does not take."""
        return getitem(self._array, self._index)

    def set(self, value: Array) -> Array:
        """``x[index] = value``."""
        x, v = self._array, _floating(value)
        if has_boxes(self._index):
            return write_at_boxes(x, self._index, v, _wide_enough_dtype(x, v), add=False)
        if has_nonfinite(x):  # as in `where`: no NaN of what is overwritten in the gradient
            x = np.where(_named_by(self._index, x.shape), 0, x)
        return put(x, v, index=self._index)

    def add(self, value: Array) -> Array:
        """``x[index] += value``."""
        x, v = self._array, _floating(value)
        if has_boxes(self._index):
            return write_at_boxes(x, self._index, v, _wide_enough_dtype(x, v), add=True)
        return put_add(x, v, index=self._index)

    def multiply(self, value: Array) -> Array:
        """``x[index] *= value``."""
        return self._each(np.multiply, value)

    def max(self, value: Array) -> Array:
        """``x[index] = np.maximum(x[index], value)``."""
        return self._each(np.maximum, value)

    def min(self, value: Array) -> Array:
        """``x[index] = np.minimum(x[index], value)``."""
        return self._each(np.minimum, value)

    def _each(self, ufunc: Callable[[Array, Array], Array], value: Array) -> Array:
        """Apply ``ufunc`` in rounds, in each of which no entry is named twice."""
        x = self._array
        if has_boxes(self._index):
            raise IndexError(
                f"with a batched index, x.at[i] has get, set and add; write x.at[i].set(np.{ufunc.__name__}(x[i], v))"
            )
        if not may_repeat(self._index):
            return put(x, ufunc(x[self._index], value), index=self._index)
        ids = np.arange(np.prod(x.shape, dtype=int)).reshape(x.shape)[self._index]
        value = np.broadcast_to(value, ids.shape)
        rounds = _occurrence(ids)
        for turn in range(int(rounds.max(initial=-1)) + 1):
            now = rounds == turn
            where = np.unravel_index(ids[now], x.shape)
            x = put(x, ufunc(x[where], value[now]), index=where)
        return x


def _occurrence(ids: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """For each entry, how many equal ones stand before it."""
    flat = ids.ravel()
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    first = np.searchsorted(ordered, ordered, side="left")
    counts = np.empty(flat.shape, int)
    counts[order] = np.arange(flat.size) - first
    return counts.reshape(ids.shape)


def _floating(value: Any) -> Array:
    return core_operand(value)


def at(array: Array) -> At:
    """The functional form of assignment: ``at(a)[index].set(v)`` is ``a`` with ``a[index] = v``.

    ``x.at[index]`` is the same for a Box.  The methods are `get`, `set`, `add`, `multiply`, `max`, `min`.

    Args:
        array: the array to copy, of any shape; it is not changed.

    Example:
        >>> import numpy as np
        >>> from fdezero import at, grad
        >>> grad(lambda x: (at(np.zeros(3))[1].set(x) ** 2).sum())(3.0)
        np.float64(6.0)
    """
    return At(array if hasattr(array, "shape") else np.asarray(array))


register(boxes.at, at)


# -- made of values ----------------------------------------------------------------------------------
def _declare_like(function: Any) -> None:
    @implements(function)
    def like(a: Array, dtype: Any = None, *, shape: Any = None) -> Array:
        return function(np.empty((), a.dtype), dtype=dtype, shape=a.shape if shape is None else shape)


for _like in (np.zeros_like, np.ones_like, np.empty_like):
    _declare_like(_like)


@implements(np.full_like)
def full_like(a: Array, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Array:
    """The fill value may be a Box: it is broadcast, and its derivative is kept."""
    wanted = a.shape if shape is None else shape
    fill = as_operand(fill_value)
    return np.broadcast_to(fill.astype(a.dtype if dtype is None else dtype), wanted)
