"""What puts arrays into a larger one: concatenate, stack, pad, roll, differences, scatter, and ``x.at[index]``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core import cotangents
from ...rules.numpy import calculus, indexing, padding, shaping
from ..builder import Builder, shape_of_slice
from ..indices import Parts, normal, ranges
from ..program import Scatter, Slice, Type
from .elementwise import Emit, same

Piece = tuple[Parts, int]


def put(b: Builder, pieces: Sequence[Piece], out: Type) -> int:
    """Zeros of this type with each piece, a pair of index and value, in its place; no two share an entry."""
    kept = [(parts, x) for parts, x in pieces if 0 not in b.shape(x)]
    operands = tuple([b.broadcast(b.cast(x, out.dtype), shape_of_slice(out.shape, parts)) for parts, x in kept])
    slices = tuple([Slice(parts) for parts, _ in kept])
    return b.emit(Scatter(slices, out.shape, out.dtype, disjoint=True), operands, out)


def _at(shape: tuple[int, ...], axis: int, part: Any) -> Parts:
    """The index of a part of one axis, and all of the others."""
    return tuple([part if a == axis % len(shape) else (0, n, 1) for a, n in enumerate(shape)])


def _concatenate(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    axis, end, pieces = params["axis"], 0, []
    for x in xs:
        start, end = end, end + b.shape(x)[axis]
        pieces.append((_at(out.shape, axis, (start, end, 1)), x))
    return put(b, pieces, out)


def _stack(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    return put(b, [(_at(out.shape, params["axis"], i), x) for i, x in enumerate(xs)], out)


def _pad(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    shape, width = b.shape(xs[0]), params["width"]
    before = [0] * (len(shape) - len(width)) + [w for w, _ in width]
    return put(b, [(tuple([(w, w + n, 1) for w, n in zip(before, shape, strict=True)]), xs[0])], out)


def _roll(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    x = xs[0]
    for shift, axis in zip(params["shift"], params["axis"], strict=True):
        n = out.shape[axis]
        shift = shift % n if n else 0
        if shift:
            first = b.slice(x, _at(out.shape, axis, (n - shift, n, 1)))
            last = b.slice(x, _at(out.shape, axis, (0, n - shift, 1)))
            x = put(b, [(_at(out.shape, axis, (0, shift, 1)), first), (_at(out.shape, axis, (shift, n, 1)), last)], out)
    return x


def _steps(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    shape, axis = b.shape(xs[0]), params["axis"]
    n = shape[axis]
    return b.map(
        np.subtract, b.slice(xs[0], _at(shape, axis, (1, n, 1))), b.slice(xs[0], _at(shape, axis, (0, n - 1, 1)))
    ) if n else None  # type: ignore[return-value]


def _spread_steps(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    n, axis = out.shape[params["axis"]], params["axis"]
    if b.dtype(xs[0]) != out.dtype:
        return None
    behind = put(b, [(_at(out.shape, axis, (1, n, 1)), xs[0])], out)
    return b.map(np.subtract, behind, put(b, [(_at(out.shape, axis, (0, n - 1, 1)), xs[0])], out))


# -- sparse cotangents and assignment ------------------------------------------------------------------


def _scatter(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    indices = [normal(index, out.shape) for index in params["indices"]]
    if any(parts is None for parts in indices) or (out.dtype.kind != "c" and any(b.dtype(x).kind == "c" for x in xs)):
        return None
    slices = tuple([Slice(parts) for parts in indices if parts is not None])
    fitted = [
        b.broadcast(b.cast(x, out.dtype), shape_of_slice(out.shape, each.parts)) for x, each in zip(xs, slices, strict=True)
    ]
    if out.shape:
        return b.emit(Scatter(slices, out.shape, out.dtype), tuple(fitted), out)
    total = b.constant(out.dtype.type(0))
    for x in fitted:
        total = b.map(np.add, total, b.reshape(x, ()))
    return total


def _put(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    """The value at its place, and the regions of the array around it."""
    x, v = xs
    parts = _region(params["index"], out.shape)
    if parts is None or b.shape(x) != out.shape or (out.dtype.kind != "c" and b.dtype(v).kind == "c"):
        return None
    wide = b.cast(x, out.dtype)
    around = [(rest, b.slice(wide, rest)) for rest in _around(parts, out.shape)]
    return put(b, [(parts, _fitted(b, v, shape_of_slice(out.shape, parts))), *around], out)


def _put_add(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    x, v = xs
    parts = _region(params["index"], out.shape)
    if parts is None or b.dtype(x) != out.dtype or np.result_type(b.dtype(x), b.dtype(v)) != out.dtype:
        return None
    return _put(b, out, (x, b.map(np.add, b.slice(x, parts), v)), params)


def _region(index: Any, shape: tuple[int, ...]) -> Parts | None:
    """The normal index of a region without gaps and new axes, which is not empty; None for another."""
    parts = normal(index, shape)
    if parts is None or None in parts or 0 in shape_of_slice(shape, parts):
        return None
    return parts if all(not isinstance(part, tuple) or part[2] == 1 for part in parts) else None


def _around(parts: Parts, shape: tuple[int, ...]) -> list[Parts]:
    """The regions before and behind a region along each axis, which together are what is not in it."""
    regions: list[Parts] = []
    for axis, places in enumerate(ranges(parts, shape)):
        behind = tuple([(0, n, 1) for n in shape[axis + 1 :]])
        ends = ((0, places[0], 1), (places[-1] + 1, shape[axis], 1))
        regions += [(*parts[:axis], part, *behind) for part in ends if part[0] < part[1]]
    return regions


def _fitted(b: Builder, v: int, shape: tuple[int, ...]) -> int:
    """A value that is assigned to a region of this shape: axes of length 1 in front of it are dropped."""
    return b.reshape(v, b.shape(v)[len(b.shape(v)) - len(shape) :]) if len(b.shape(v)) > len(shape) else v


TABLE: dict[Any, Emit] = {
    shaping.join: _concatenate,
    shaping.pile: _stack,
    shaping.shift_by: _roll,
    padding.pad_zeros: _pad,
    calculus.steps: _steps,
    calculus.spread_steps: _spread_steps,
    cotangents.scatter: _scatter,
    indexing.put: _put,
    indexing.put_add: _put_add,
}

__all__ = ["TABLE", "put", "same"]
