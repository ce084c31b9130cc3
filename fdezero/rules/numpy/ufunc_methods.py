"""The methods of ufuncs, reduce, accumulate, reduceat, outer and at, and the keyword arguments of their calls.

A ufunc of two arguments makes one number of many by being applied from left to right.  That is how any of
them is reduced and accumulated here; those for which there is a better way are in a table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ...core.declare import constant, elementwise, implements, reduction
from ...core.graph import Array, Box
from ...core.primitives import Constant
from ...core.table import call, implementations
from .elementwise import LN2
from .gathering import place_rows
from .helpers import Axes, as_operand, reduced
from .reductions import extreme_over

# -- calls with keyword arguments ----------------------------------------------------------------------


@implements(np.ufunc.__call__)
def with_options(
    ufunc: np.ufunc,
    *inputs: Any,
    where: Any = True,
    dtype: Any = None,
    casting: Any = "same_kind",
    subok: bool = True,
    **options: Any,
) -> Any:
    """``ufunc(*inputs, dtype=...)``: the inputs in the dtypes of NumPy's own choice, and the result in this one."""
    if where is not True:
        raise TypeError(
            f"numpy.{ufunc.__name__} has no derivative rule for the argument where=, which leaves what is not selected as it "
            f"happens to lie in memory; write np.where(mask, np.{ufunc.__name__}(...), other)"
        )
    if dtype is None and casting == "same_kind":
        return call(ufunc, inputs, options)
    xs = [x if x.__class__ in (bool, int, float, complex) else as_operand(x) for x in inputs]
    given = tuple(x.dtype if hasattr(x, "dtype") else type(x) for x in xs)
    wanted = (*(None,) * ufunc.nin, *(None if dtype is None else np.dtype(dtype),) * ufunc.nout)
    kinds = ufunc.resolve_dtypes((*given, *(None,) * ufunc.nout), signature=wanted, casting=casting)
    out = call(ufunc, tuple([_in_dtype(x, kind) for x, kind in zip(xs, kinds, strict=False)]), options)
    outs = kinds[ufunc.nin :]
    return tuple(map(_in_dtype, out, outs)) if type(out) is tuple else _in_dtype(out, outs[0])


def _in_dtype(x: Any, dtype: Any) -> Any:
    return x.astype(dtype) if hasattr(x, "dtype") and x.dtype != dtype else x


@implements(np.ufunc.outer)
def outer(ufunc: np.ufunc, a: Array, b: Array, *, where: Any = True, dtype: Any = None, casting: Any = "same_kind") -> Array:
    """``ufunc.outer(a, b)``: the ufunc on a with as many ones behind its shape as b has axes."""
    a, b = as_operand(a), as_operand(b)
    return with_options(ufunc, np.reshape(a, a.shape + (1,) * len(b.shape)), b, where=where, dtype=dtype, casting=casting)


@implements(np.ufunc.at)
def at(ufunc: np.ufunc, a: Array, indices: Any, b: Any = None) -> NoReturn:
    way: dict[Any, str] = {np.add: "add(b)", np.multiply: "multiply(b)", np.maximum: "max(b)", np.minimum: "min(b)"}
    arguments = "a[i]" if ufunc.nin == 1 else "a[i], b"
    raise TypeError(
        f"numpy.{ufunc.__name__}.at writes into an array, which would lose the derivative; write "
        f"a = fdezero.at(a)[i].{way.get(ufunc, f'set(np.{ufunc.__name__}({arguments}))')}"
    )


# -- reduce --------------------------------------------------------------------------------------------


def _shares_of_sum(x: Array, out: Array) -> Array:
    """exp(x - out): the share of each; of infinite ones those that make the sum, evenly."""
    infinite = np.isinf(out)
    share = np.exp(np.where(infinite, 0, x) - np.where(infinite, 0, out))
    return np.where(infinite, 0, share)


def _tied(x: Array, out: Array, axis: Axes) -> Array:
    """The shares where the sum is infinite."""
    largest = np.isinf(out) & (x == out)
    return (largest / np.maximum(np.sum(largest, axis=axis, keepdims=True), 1)).astype(x.dtype)


def _summed(ufunc: np.ufunc, base: float) -> Any:
    """The reduction by logarithms of sums of powers of e**base."""
    return reduction(
        lambda x, *, axis, keepdims: ufunc.reduce(x, axis, keepdims=keepdims),
        lambda x, out, *, axis, keepdims: _shares_of_sum(x * base, out * base) + _tied(x, out, axis),
        name=ufunc.__name__,
    )


#: A better way than from left to right, and what changes nothing (None: there is no such number).
_REDUCTIONS: dict[np.ufunc, tuple[Callable[..., Any], float | None]] = {
    np.add: (np.sum, 0),
    np.multiply: (np.prod, 1),
    np.maximum: (np.max, None),
    np.minimum: (np.min, None),
    np.fmax: (extreme_over(np.fmax, "fmax"), np.nan),
    np.fmin: (extreme_over(np.fmin, "fmin"), np.nan),
    np.logaddexp: (_summed(np.logaddexp, 1.0), -np.inf),
    np.logaddexp2: (_summed(np.logaddexp2, LN2), -np.inf),
}

_reduce_constant = constant(
    lambda x, *, ufunc, axis, options: ufunc.reduce(x, axis, **options), name="reduce", core=(0,)
)
_accumulate_constant = constant(lambda x, *, ufunc, axis: ufunc.accumulate(x, axis), name="accumulate", core=(0,))


def _is_constant(ufunc: np.ufunc) -> bool:
    known = implementations.get(ufunc)
    return known is not None and isinstance(known.function, Constant)


def _absent(argument: Any) -> bool:
    return argument is None or argument is np._NoValue


@implements(np.ufunc.reduce)
def reduce(
    ufunc: np.ufunc,
    array: Array,
    axis: Any = 0,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = np._NoValue,
    where: Any = True,
) -> Array:
    """``np.add.reduce`` and the like."""
    x = as_operand(array) if dtype is None else as_operand(array).astype(dtype)
    axes = reduced(axis, len(x.shape))
    if where is not True and ufunc.identity is None and _absent(initial):
        raise ValueError(
            f"reduction operation {ufunc.__name__!r} does not have an identity, so to use a where mask one has to specify "
            "'initial'"
        )
    if ufunc in _REDUCTIONS:
        function, neutral = _REDUCTIONS[ufunc]
        if where is not True:
            x = np.where(where, x, np.asarray(initial if neutral is None else neutral).astype(x.dtype))
        result = function(x, axis=axes, keepdims=bool(keepdims))
        return result if _absent(initial) else ufunc(initial, result)
    if _is_constant(ufunc):
        if isinstance(where, Box):
            x, where = np.where(where, x, ufunc.identity if _absent(initial) else initial), True
        options = {"keepdims": bool(keepdims), "where": where} | ({} if initial is np._NoValue else {"initial": initial})
        return _reduce_constant(x, ufunc=ufunc, axis=axes, options=options)
    ufunc.reduce(np.ones((1,) * len(x.shape), x.dtype), axis, keepdims=keepdims)  # NumPy's own errors
    return _fold(ufunc, x, axes, keepdims, initial, where)


def _fold(ufunc: np.ufunc, x: Array, axes: Axes, keepdims: bool, initial: Any, where: Any) -> Array:
    """The reduction from left to right."""
    kept = tuple(1 if i - len(x.shape) in axes else n for i, n in enumerate(x.shape))
    rows = _rows(x, axes)
    selected = None if where is True else _rows(np.broadcast_to(where, x.shape), axes)
    count = rows.shape[0]
    if _absent(initial):
        if not count and ufunc.identity is None:
            raise ValueError(f"zero-size array to reduction operation {ufunc.__name__} which has no identity")
        initial = None if selected is None and count else ufunc.identity
    start = 0
    if initial is None:
        total, start = rows[0], 1
    else:
        total = np.broadcast_to(as_operand(initial).astype(x.dtype), rows.shape[1:])
    for i in range(start, count):
        after = ufunc(total, rows[i])
        total = after if selected is None else np.where(selected[i], after, total)
    return total.reshape(kept) if keepdims else total


def _rows(x: Array, axes: Axes) -> Array:
    """``x`` with these axes made one, in front."""
    ndim = len(x.shape)
    rest = tuple(a for a in range(-ndim, 0) if a not in axes)
    moved = np.transpose(x, (*sorted(axes), *rest))
    count = int(np.prod([x.shape[a] for a in axes], dtype=int))
    return moved.reshape((count, *[x.shape[a] for a in rest]))


# -- accumulate ----------------------------------------------------------------------------------------

#: Those that give the same in whatever order they are applied.
_ASSOCIATIVE = frozenset({np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot})


@implements(np.ufunc.accumulate)
def accumulate(ufunc: np.ufunc, array: Array, axis: int = 0, dtype: Any = None) -> Array:
    """``np.add.accumulate`` and the like."""
    x = as_operand(array) if dtype is None else as_operand(array).astype(dtype)
    ufunc.accumulate(np.ones((1,) * len(x.shape), x.dtype), axis)  # NumPy's own errors
    if _is_constant(ufunc):
        return _accumulate_constant(x, ufunc=ufunc, axis=axis % len(x.shape) - len(x.shape))
    if ufunc in (np.add, np.multiply):
        return (np.cumsum if ufunc is np.add else np.cumprod)(x, axis=axis)
    rows = np.moveaxis(x, axis, 0)
    return np.moveaxis((_by_doubling if ufunc in _ASSOCIATIVE else _one_by_one)(ufunc, rows), 0, axis)


def _by_doubling(ufunc: np.ufunc, x: Array) -> Array:
    """Source: Hillis and Steele, Data parallel algorithms (1986)."""
    reach = 1
    while reach < x.shape[0]:
        x = np.concatenate([x[:reach], ufunc(x[:-reach], x[reach:])])
        reach *= 2
    return x


def _one_by_one(ufunc: np.ufunc, x: Array) -> Array:
    if not x.shape[0]:
        return x
    rows = [x[0]]
    for i in range(1, x.shape[0]):
        rows.append(ufunc(rows[-1], x[i]))
    return np.stack(rows)


# -- reduceat ------------------------------------------------------------------------------------------


@implements(np.ufunc.reduceat)
def reduceat(ufunc: np.ufunc, array: Array, indices: Any, axis: int = 0, dtype: Any = None) -> Array:
    """``np.add.reduceat`` and the like: a reduction from each index to the next, of one entry where that is not larger."""
    x = as_operand(array) if dtype is None else as_operand(array).astype(dtype)
    starts = np.asarray(indices) if np.size(indices) else np.zeros(0, np.intp)
    ndim, size = len(x.shape), x.shape[axis] if x.shape else 0
    ufunc.reduceat(np.ones([size if i == axis % ndim else 1 for i in range(ndim)], x.dtype), starts, axis)  # NumPy's errors
    ends = np.append(starts[1:], size)[: len(starts)]
    counts = np.maximum(ends - starts, 1)
    rows = np.moveaxis(x, axis, 0)
    if not counts.size:
        found = rows[:0]
    elif ufunc is np.add:
        segments = np.repeat(np.arange(len(starts)), counts)
        within = np.arange(len(segments)) - np.repeat(np.cumsum(counts) - counts, counts)
        found = place_rows(rows[starts[segments] + within], segments, length=len(starts))
    else:
        found = np.stack([reduce(ufunc, rows[a : a + n]) for a, n in zip(starts.tolist(), counts.tolist(), strict=True)])
    return np.moveaxis(found, 0, axis)


# -- ufuncs of bits ------------------------------------------------------------------------------------
for _of_bits in (np.left_shift, np.right_shift):
    elementwise(_of_bits, None, None)
elementwise(np.bitwise_count, None)
