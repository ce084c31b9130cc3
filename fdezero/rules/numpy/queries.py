"""Functions without a derivative: tests, searches, and what asks for a dtype or a text.

Each answers for a whole batch at once.  A question whose answer has another shape for each example
(`nonzero`) has no answer for a batch, and neither has one that is answered by a text.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from ...core import boxes
from ...core.boxes import raw
from ...core.declare import constant, implements, register, shape_depends_on_values
from ...core.graph import Array, Box
from ...core.operands import defaults_of
from ...core.primitives import Primitive
from .helpers import along, as_operand, reduced

_function: Any  # of NumPy's, in the loops below

# -- along axes --------------------------------------------------------------------------------------


def declare_extreme_place(function: Any) -> None:
    """Declare a function like argmax, which returns places along one axis."""
    primitive = constant(
        lambda x, *, axis, keepdims: function(x, axis=axis, keepdims=keepdims), name=function.__name__, core=(0,)
    )

    @implements(function)
    def place(a: Array, axis: int | None = None, *, keepdims: bool = False) -> Array:
        ndim = len(a.shape)
        if axis is None:
            found = primitive(a.reshape(-1), axis=-1, keepdims=False)
            return found.reshape((1,) * ndim) if keepdims is True else found
        a, at = along(a, axis, number=True)
        return primitive(a, axis=at, keepdims=bool(keepdims) and ndim > 0)


for _function in (np.argmax, np.argmin):
    declare_extreme_place(_function)


def _declare_joined(function: Any, neutral: bool) -> Primitive:
    primitive = constant(
        lambda x, *, axis, keepdims: function(x, axis=axis, keepdims=keepdims), name=function.__name__, core=(0,)
    )

    @implements(function)
    def joined(a: Array, axis: Any = None, *, keepdims: bool = False, where: Any = True) -> Array:
        a = as_operand(a)
        x = a if where is True else np.where(where, a != 0, neutral)
        return primitive(x, axis=reduced(axis, len(x.shape)), keepdims=bool(keepdims))

    return primitive


all_over, any_over = _declare_joined(np.all, True), _declare_joined(np.any, False)

count_over = constant(
    lambda x, *, axis, keepdims: np.add.reduce(x != 0, axis, np.intp, keepdims=keepdims), name="count_nonzero", core=(0,)
)


@implements(np.count_nonzero)
def count_nonzero(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return count_over(a, axis=reduced(axis, len(a.shape)), keepdims=bool(keepdims))


_argpartition = constant(
    lambda x, *, kth, axis, kind: np.argpartition(x, kth, axis, kind), name="argpartition", core=(0,)
)


@implements(np.argpartition)
def argpartition(a: Array, kth: Any, axis: int | None = -1, kind: Any = "introselect") -> Array:
    a, at = along(a, axis, number=True)
    return _argpartition(a, kth=kth, axis=at, kind=kind)


# -- of each entry -----------------------------------------------------------------------------------


def _declare_of_each(function: Any) -> None:
    primitive = constant(lambda x: function(x), name=function.__name__, core=(0,))

    @implements(function)
    def of_each(x: Array) -> Array:
        return primitive(x)


for _function in (np.iscomplex, np.isreal, np.isposinf, np.isneginf):
    _declare_of_each(_function)

_isclose = constant(
    lambda x, y, rtol, atol, *, equal_nan: np.isclose(x, y, rtol, atol, equal_nan), name="isclose", core=(0, 0, 0, 0)
)


@implements(np.isclose)
def isclose(a: Array, b: Array, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Array:
    return _isclose(as_operand(a), as_operand(b), rtol, atol, equal_nan=bool(equal_nan))


def _answer(x: Array) -> Any:
    """A bool, as NumPy returns it; of a batch, a Box."""
    return x if isinstance(x, Box) else bool(x)


@implements(np.allclose)
def allclose(a: Array, b: Array, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    return _answer(np.all(isclose(a, b, rtol, atol, equal_nan)))


@implements(np.array_equal)
def array_equal(a1: Array, a2: Array, equal_nan: bool = False) -> Any:
    x, y = as_operand(a1), as_operand(a2)
    if x.shape != y.shape:
        return False
    same = np.equal(x, y)
    return _answer(np.all(same | (np.isnan(x) & np.isnan(y)) if equal_nan else same))


@implements(np.array_equiv)
def array_equiv(a1: Array, a2: Array) -> Any:
    x, y = as_operand(a1), as_operand(a2)
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return _answer(np.all(np.equal(x, y)))


# -- among sorted values -----------------------------------------------------------------------------


def _places(a: Any, v: Any, side: str) -> Any:
    """`np.searchsorted` in each row: how many of a come before each of v when both are sorted together."""
    if a.ndim == 1:
        return np.searchsorted(a, v, side)  # type: ignore[call-overload]  # NumPy checks the text
    lead, n, m = np.broadcast_shapes(a.shape[:-1], v.shape[:-1]), a.shape[-1], v.shape[-1]
    a, v = np.broadcast_to(a, (*lead, n)), np.broadcast_to(v, (*lead, m))
    left = side == "left"  # of equal numbers those of v stand before those of a
    order = np.argsort(np.concatenate([v, a] if left else [a, v], axis=-1), axis=-1, kind="stable")
    before = np.empty(order.shape, np.intp)
    np.put_along_axis(before, order, np.cumsum(order >= m if left else order < n, axis=-1), axis=-1)
    return before[..., :m] if left else before[..., n:]


def _found(x: Any, among: Any) -> Any:
    """`np.isin` in each row."""
    if among.ndim == 1:
        return np.isin(x, among)
    if not among.shape[-1]:
        return np.zeros((*np.broadcast_shapes(x.shape[:-1], among.shape[:-1]), x.shape[-1]), bool)
    among = np.sort(among, axis=-1)
    places = np.minimum(_places(among, x, "left"), among.shape[-1] - 1)
    return np.take_along_axis(np.broadcast_to(among, (*places.shape[:-1], among.shape[-1])), places, axis=-1) == x


places_in = constant(lambda x, y, *, side: _places(x, y, side), name="searchsorted", core=(1, 1))
found_in = constant(_found, name="isin", core=(1, 1))


@implements(np.searchsorted)
def searchsorted(a: Array, v: Array, side: str = "left", sorter: Any = None) -> Array:
    a, v = as_operand(a), as_operand(v)
    if len(a.shape) != 1:
        raise ValueError(f"numpy.searchsorted: the values to search in have one dimension; got shape {a.shape}")
    if sorter is not None:
        a = np.take(a, sorter)
    return places_in(a, v.reshape(-1), side=side).reshape(v.shape)


@implements(np.digitize)
def digitize(x: Array, bins: Array, right: bool = False) -> Array:
    bins = as_operand(bins)
    steps = np.diff(raw(bins), axis=-1)
    side = "left" if right else "right"
    if np.all(steps >= 0):
        return searchsorted(bins, x, side)
    if np.all(steps <= 0):
        return bins.shape[0] - searchsorted(bins[::-1], x, side)
    raise ValueError("bins must be monotonically increasing or decreasing")


@implements(np.isin)
def isin(
    element: Array, test_elements: Array, assume_unique: bool = False, invert: bool = False, *, kind: Any = None
) -> Array:
    x = as_operand(element)
    found = found_in(x.reshape(-1), as_operand(test_elements).reshape(-1)).reshape(x.shape)
    return np.logical_not(found) if invert else found


# -- whose answer has a shape that depends on the values -----------------------------------------------
for _function in (np.nonzero, np.argwhere, np.flatnonzero):
    register(_function, constant(_function, batch=shape_depends_on_values))

# -- of dtype and memory -----------------------------------------------------------------------------


def _dtype(x: Any) -> Any:
    return x.dtype if isinstance(x, Box) else x


@implements(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> Any:
    return np.result_type(*map(_dtype, arrays_and_dtypes))


@implements(np.can_cast)
def can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    return np.can_cast(_dtype(from_), _dtype(to), casting)


@implements(np.iscomplexobj)
def iscomplexobj(x: Array) -> bool:
    return bool(x.dtype.kind == "c")


@implements(np.isrealobj)
def isrealobj(x: Array) -> bool:
    return bool(x.dtype.kind != "c")


@implements(np.min_scalar_type)
def min_scalar_type(a: Array) -> Any:
    """Of an array NumPy tells the dtype; only of a number does the answer depend on the value."""
    if a.shape:
        return a.dtype
    if raw(a).shape:
        raise TypeError("numpy.min_scalar_type of a batched number has another answer for each example; call it outside vmap")
    return np.min_scalar_type(raw(a).item())


def _declare_memory(function: Any) -> None:
    def shared(a: Array, b: Array, *max_work: Any, **options: Any) -> Any:
        return function(raw(a), raw(b), *max_work, **options)

    register(function, shared, ("max_work",))


for _function in (np.may_share_memory, np.shares_memory):
    _declare_memory(_function)

# -- texts and branches ------------------------------------------------------------------------------


def _refuse_text(primitive: Any, *_: Any) -> NoReturn:
    raise TypeError(
        f"numpy.{primitive.name} of a batched value would be another text for each example; call it outside vmap, or print "
        "the Box itself"
    )


def _refuse_truth(*args: Any) -> NoReturn:
    raise TypeError(
        "an `if`, `while`, `and` or `or` on a batched value would need one answer for the whole batch; "
        "write np.where(condition, a, b)"
    )


def _declare_text(function: Any) -> None:
    primitive = constant(function, batch=_refuse_text)
    first, *others = defaults_of(function)

    def text(*args: Any, **options: Any) -> Any:
        options |= dict(zip((first, *others), args, strict=False))
        return primitive(options.pop(first), **options)

    register(function, text, (first, *others))


for _function in (np.array_repr, np.array_str, np.array2string):
    _declare_text(_function)
register(boxes.truth, constant(boxes.truth, batch=_refuse_truth))
