"""Cotangents: in the right shape and dtype, sparse ones, and sums of them.

A cotangent has the shape and dtype of the value that it belongs to (`unbroadcast`, `cast`).  One that is
zero nearly everywhere is kept as a `Slot` or `Scatter` until it is needed; one with several contributions
is a `Sum` while they come in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np

from .declare import linear, linear_in_all
from .graph import Array, Node
from .primitives import Primitive

# -- shape and dtype -----------------------------------------------------------------------------------


def unbroadcast(c: Array, shape: tuple[int, ...]) -> Array:
    """The sum over the axes along which broadcasting from ``shape`` to ``c.shape`` repeats entries."""
    extra = len(c.shape) - len(shape)
    if extra:  # np.add.reduce is what c.sum calls in the end
        c = np.add.reduce(c, axis=0 if extra == 1 else tuple(range(extra)))
    if c.shape == shape:
        return c
    stretched = tuple([i for i, n in enumerate(shape) if n == 1 and c.shape[i] != 1])
    return np.add.reduce(c, axis=stretched, keepdims=True)


def cast(c: Array, dtype: np.dtype[Any]) -> Array:
    """``c`` in ``dtype``; where that is real, the imaginary part is dropped."""
    if c.dtype.kind == "c" and dtype.kind != "c":
        c = c.real
    return c if c.dtype == dtype else c.astype(dtype)


# -- sparse ones ---------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Slot:
    """A sparse cotangent: that of one output among several."""

    index: int
    cotangent: Array
    shape: ClassVar[None] = None  # differs from every parent's shape

    def gather_size(self, like: Any) -> float:
        """How many numbers the gathered cotangent has; slots are gathered when the node's turn comes."""
        return math.inf

    @staticmethod
    def gather(parts: Sequence[Slot], like: Any) -> list[Array | None]:
        """The cotangent of each output, None where none came."""
        outs: list[Array | None] = [None] * len(like.shape)
        for part in parts:
            known = outs[part.index]
            outs[part.index] = part.cotangent if known is None else known + part.cotangent
        return outs


@attrs.define(eq=False)  # not frozen, for every x[i] makes one, and frozen classes are slower to make
class Scatter:
    """A sparse cotangent: that of the entries at ``index``, zero everywhere else."""

    index: Any
    cotangent: Array
    shape: ClassVar[None] = None

    def gather_size(self, like: Any) -> float:
        """How many numbers the gathered cotangent has."""
        return float(math.prod(like.shape))

    @staticmethod
    def gather(parts: Sequence[Scatter], like: Any) -> Array:
        """One dense cotangent, made by adding every part into one buffer."""
        cotangents = [part.cotangent for part in parts]
        return scatter(*cotangents, indices=[p.index for p in parts], shape=like.shape, dtype=like.dtype)


SPARSE: frozenset[Any] = frozenset({Slot, Scatter})


def _scatter(*cotangents: Array, indices: Sequence[Any], shape: tuple[int, ...], dtype: Any) -> Array:
    first = cotangents[0]
    # np.zeros_like would do for NumPy too, but takes 1.5 us where np.zeros takes 0.2.
    plain = isinstance(first, (np.ndarray, np.generic))
    total = np.zeros(shape, dtype) if plain else np.zeros_like(first, shape=shape, dtype=dtype)
    untouched = True
    for c, index in zip(cotangents, indices, strict=True):
        if c.dtype is not dtype:
            c = cast(c, dtype)
        if index.__class__ is not int and index.__class__ is not slice and may_repeat(index):
            add_at(total, index, c)
        elif untouched:
            total[index] = c  # a mask is slow to read by
        else:
            total[index] += c
        untouched = False
    return total


def add_at(out: Array, index: Any, values: Array) -> None:
    """``np.add.at(out, index, values)``, where that would take long by np.bincount of the numbered places.

    np.add.at has a short way for vectors alone: for a thousand rows of 32 numbers it takes five times as long.
    """
    if not (type(out) is type(values) is np.ndarray) or values.size < out.size or out.dtype.char not in "fdFD":
        np.add.at(out, index, values)
    elif out.dtype.kind == "c":
        add_at(out.real, index, values.real)
        add_at(out.imag, index, values.imag)
    else:
        out += _counted(out.shape, index, values).reshape(out.shape)


def _counted(shape: tuple[int, ...], index: Any, values: Array) -> Array:
    """For each entry of an array of this shape the sum of the values at its place."""
    size = math.prod(shape)
    if len(shape) == 1 and type(index) is np.ndarray and index.dtype.kind == "i":
        try:
            return _sums(index, values, size)
        except ValueError:  # a place is counted from the end
            pass
    return _sums(np.arange(size).reshape(shape)[index], values, size)


def _sums(places: Array, values: Array, size: int) -> Array:
    if values.shape != places.shape:  # what np.broadcast_to returns is read-only, which np.bincount makes a copy of
        values = np.broadcast_to(values, places.shape)
    return np.bincount(places.reshape(-1), values.reshape(-1), size)


def may_repeat(index: Any) -> bool:
    """True where an index may name one entry twice, which only integer arrays can."""
    if index.__class__ is slice or index.__class__ is int:
        return False
    return any(a.dtype.kind != "b" for a in _arrays_of(index))


def _arrays_of(index: Any) -> list[Array]:
    """The arrays of an index; a list or a tuple inside a tuple is one."""
    parts = index if isinstance(index, tuple) else (index,)
    return [np.asarray(part) for part in parts if isinstance(part, (np.ndarray, list, tuple))]


def _batch_scatter(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Any) -> Any:
    spread = [v if b else np.broadcast_to(v, (size, *np.shape(v))) for v, b in zip(values, batched, strict=True)]
    for i, index in enumerate(params["indices"]):
        apart, count = index_arrays(index)
        if apart:
            spread[i] = np.moveaxis(spread[i], 0, count)
    return primitive(
        *spread,
        indices=[behind_batch(index) for index in params["indices"]],
        shape=(size, *params["shape"]),
        dtype=params["dtype"],
    )


def behind_batch(index: Any) -> tuple[Any, ...]:
    """An index of one example as an index of all of them."""
    return (slice(None), *(index if isinstance(index, tuple) else (index,)))


def index_arrays(index: Any) -> tuple[bool, int]:
    """``(apart, count)``: whether NumPy puts the axes of an index's arrays in front, and how many axes they are."""
    parts = index if isinstance(index, tuple) else (index,)
    arrays = _arrays_of(index)
    if not arrays:
        return False, 0
    # A mask stands for the places where it is true: one axis.
    return are_apart(parts), max(1 if a.dtype.kind == "b" else a.ndim for a in arrays)


def are_apart(parts: Sequence[Any]) -> bool:
    """True where a slice, an ellipsis or a new axis stands between the arrays and numbers of an index."""
    at = [k for k, part in enumerate(parts) if not (part is None or part is Ellipsis or isinstance(part, slice))]
    return at[-1] - at[0] != len(at) - 1


pick_output = linear(lambda outs, *, index: outs[index], lambda g, *, index: Slot(index, g), name="output")
scatter = linear_in_all(
    _scatter,
    lambda g, likes, *, indices, **_: [None if n is None else g[i] for n, i in zip(likes, indices, strict=True)],
    name="scatter",
    batch=_batch_scatter,
)


# -- sums ----------------------------------------------------------------------------------------------


class Sum:
    """A cotangent with several contributions, while they come in.

    A buffer that was made here is added into in place; one that came out of a rule may belong to
    something else and is not.  Sparse contributions are kept until together they are as large as the
    array.
    """

    __slots__ = ("dense", "node", "owned", "size", "sparse")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.dense: Array = None
        self.owned = False
        self.sparse: list[Any] = []
        self.size = 0

    def add(self, c: Any) -> None:
        if c.__class__ in SPARSE:
            self.sparse.append(c)
            self.size += c.cotangent.size
            if self.size > _WORTH_ADDING and self.size > c.gather_size(self.node):
                self._gather()
        elif self.dense is None:
            self.dense = c
        elif self.owned and type(c) is np.ndarray:
            self.dense += c
        else:
            self.dense = self.dense + c
            self.owned = type(self.dense) is np.ndarray

    def _gather(self) -> None:
        parts, self.sparse, self.size = self.sparse, [], 0
        gathered = type(parts[0]).gather(parts, self.node)
        if self.dense is None:
            self.dense, self.owned = gathered, type(gathered) is np.ndarray
        else:
            self.add(gathered)

    def total(self) -> Any:
        if self.sparse:
            self._gather()
        return self.dense


#: Below this many numbers, sparse contributions are kept whatever the size of the array.
_WORTH_ADDING = 1000

#: The classes that `total` makes a cotangent of.
PARTIAL = frozenset({Sum, *SPARSE})


def added(node: Node, known: Any, c: Any) -> Any:
    """The cotangent of ``node`` so far, ``known``, plus one more contribution."""
    if isinstance(known, np.generic) and isinstance(c, np.generic):
        return known + c  # type: ignore[operator]  # two numbers: no buffer to save
    if known.__class__ is not Sum:
        sum_ = Sum(node)
        sum_.add(known)
        known = sum_
    known.add(c)
    return known


def total(node: Node, c: Any) -> Any:
    """The cotangent of ``node``, as its rules take it."""
    if c.__class__ is Sum:
        return c.total()
    return type(c).gather([c], node) if c.__class__ in SPARSE else c
