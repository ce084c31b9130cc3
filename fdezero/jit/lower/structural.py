"""What moves and repeats entries, and reductions, which take entries together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core import zeros
from ...rules.numpy import indexing, queries, reductions, shaping
from ..builder import Builder
from ..indices import normal, of_range
from ..program import Type
from .elementwise import Emit

# -- shape -------------------------------------------------------------------------------------------


def _reshape(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    return b.reshape(xs[0], out.shape)


def _transpose(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    return _last_axes(b, xs[0], params["axes"])


def _last_axes(b: Builder, x: int, axes: tuple[int, ...]) -> int:
    """The last axes, counted from the end, in another order."""
    ndim = len(b.shape(x))
    return b.transpose(x, (*range(ndim - len(axes)), *[a + ndim for a in axes]))


def _broadcast(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    """The last ``ndim`` axes to ``shape``, with new axes between them and those in front."""
    shape, ndim = b.shape(xs[0]), params["ndim"]
    lead = len(shape) - ndim
    apart = shape[:lead] + (1,) * (len(params["shape"]) - ndim if lead else 0) + shape[lead:]
    return b.broadcast(b.reshape(b.cast(xs[0], out.dtype), apart), out.shape)


def _flip(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    shape = b.shape(xs[0])
    backwards = {a % len(shape) for a in params["axis"]}
    parts = [of_range(range(n)[::-1] if a in backwards else range(n)) for a, n in enumerate(shape)]
    return b.slice(xs[0], tuple(parts))


def _getitem(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    parts = normal(params["index"], b.shape(xs[0]))
    return None if parts is None else b.slice(xs[0], parts)


# -- reductions --------------------------------------------------------------------------------------


def _sum(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    return b.reduce(np.add, b.cast(xs[0], out.dtype), params["axis"], params["keepdims"])


def _product(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    return b.reduce(np.multiply, b.cast(xs[0], out.dtype), params["axis"], params["keepdims"])


def _mean(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    """The sum, in the dtype in which NumPy adds, through the number of entries."""
    x, axes = xs[0], params["axis"]
    count = _count(b, x, axes)
    if not count:
        return None
    kind = b.dtype(x).kind
    wide = np.dtype(np.intp) if kind == "b" else np.result_type(b.dtype(x), np.intp if kind == "i" else np.uintp)
    total = b.reduce(np.add, b.cast(x, wide if kind in "iub" else b.dtype(x)), axes, params["keepdims"])
    return b.map(np.divide, total, b.constant(count))


def _count(b: Builder, x: int, axes: tuple[int, ...]) -> int:
    """How many entries are reduced into one."""
    count = 1
    for a in axes:
        count *= b.shape(x)[a]
    return count


def _extreme(ufunc: Any) -> Emit:
    def emit(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
        return b.reduce(ufunc, xs[0], params["axis"], params["keepdims"]) if _count(b, xs[0], params["axis"]) else None

    return emit


def _norm(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    x = xs[0]
    if b.dtype(x).kind != "f":
        return None
    vector = len(b.shape(x)) == 1 and not params["keepdims"]
    axes = (-1,) if vector else params["axis"]
    return b.map(np.sqrt, b.reduce(np.add, b.map(np.multiply, x, x), axes, params["keepdims"]))


def _joined(ufunc: Any) -> Emit:
    def emit(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
        return b.reduce(ufunc, b.cast(xs[0], np.dtype(bool)), params["axis"], params["keepdims"])

    return emit


def _count_nonzero(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    counted = b.cast(b.cast(xs[0], np.dtype(bool)), out.dtype)
    return b.reduce(np.add, counted, params["axis"], params["keepdims"])


def _nonfinite(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    """Whether not all entries are finite (the primitive also says so of numbers whose squares overflow: it may)."""
    finite = b.map(np.isfinite, xs[0])
    return b.map(np.logical_not, b.reduce(np.logical_and, finite, range(len(b.shape(finite)))))


TABLE: dict[Any, Emit] = {
    zeros.nonfinite: _nonfinite,
    shaping.reshape_to: _reshape,
    shaping.permute: _transpose,
    shaping.broadcast: _broadcast,
    shaping.reverse: _flip,
    indexing.read: _getitem,
    reductions.sum_over: _sum,
    reductions.product_over: _product,
    reductions.mean_over: _mean,
    reductions.max_over: _extreme(np.maximum),
    reductions.min_over: _extreme(np.minimum),
    reductions.length_over: _norm,
    queries.all_over: _joined(np.logical_and),
    queries.any_over: _joined(np.logical_or),
    queries.count_over: _count_nonzero,
}
