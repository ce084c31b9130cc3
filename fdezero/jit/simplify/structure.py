"""Structure: reshapes, transposes, broadcasts, slices and reductions of each other, and of repeated values.

A broadcast is moved towards the end, so that what is the same everywhere is computed once; what is left of a chain of
views is one view.  `pieces` has the rules for arrays put together of pieces.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..builder import Builder, Rule, broadcast_shape, rewrite
from ..indices import composed
from ..program import Broadcast, Cast, Instruction, Map, Program, Reduce, Reshape, Scatter, Slice, Transpose
from .pieces import scatter, slice_of_scatter, sum_of_scatters

Shape = tuple[int, ...]


def simplify_structure(program: Program) -> Program:
    """The program with fewer views, and with what is repeated computed once.

    Example:
        >>> from fdezero.jit.program import Type
        >>> shapes = [(), (4,), (4,), (2, 2), (4,), ()]
        >>> types = {i: Type(shape, np.dtype(float)) for i, shape in enumerate(shapes)}
        >>> steps = (Broadcast((4,)), Map(np.sin), Reshape((2, 2)), Reshape((4,)), Reduce(np.add, (0,)))
        >>> steps = tuple(Instruction(each, (i,), (i + 1,)) for i, each in enumerate(steps))
        >>> program = Program(types, (0,), {}, steps, (5,))
        >>> print(program)
        v0 = input   float64[]
        v1 = broadcast(v0, shape=(4,))   float64[4]
        v2 = sin(v1)   float64[4]
        v3 = reshape(v2, shape=(2, 2))   float64[2, 2]
        v4 = reshape(v3, shape=(4,))   float64[4]
        v5 = reduce add(v4, axes=(0,))   float64[]
        return v5
        >>> from fdezero.jit.simplify.dead import remove_dead
        >>> print(remove_dead(simplify_structure(program)))
        v0 = input   float64[]
        v1 = sin(v0)   float64[]
        v2 = multiply(v1, 4.0)   float64[]
        v3 = add(v2, 0.0)   float64[]
        return v3
    """
    return rewrite(program, TABLE)


def _source(b: Builder, x: int) -> int:
    """What a value was made of, by an operation with one operand."""
    return b.makers[x].operands[0]


def _plain(b: Builder, x: int) -> int:
    """What a value repeats; itself for one that is no broadcast."""
    maker = b.makers.get(x)
    while maker is not None and maker.operation.__class__ is Broadcast:
        x = maker.operands[0]
        maker = b.makers.get(x)
    return x


def _aligned(b: Builder, x: int, ndim: int) -> int:
    """A value with ones in front of its shape, for an array of so many axes."""
    shape = b.shape(x)
    return b.reshape(x, (1,) * (ndim - len(shape)) + shape)


# -- functions of each entry -------------------------------------------------------------------------


def _map(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    """Of repeated values, once; the operands broadcast by themselves."""
    plain = tuple([_plain(b, x) for x in xs])
    if plain == xs:
        return sum_of_scatters(b, each, xs)
    out = b.types[each.outputs[0]]
    small = type(out)(broadcast_shape(*[b.shape(x) for x in plain]), out.dtype)
    return b.broadcast(b.emit(each.operation, plain, small), out.shape)


def _cast(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    plain = _plain(b, xs[0])
    return None if plain == xs[0] else b.broadcast(b.cast(plain, each.operation.dtype), b.shape(xs[0]))


# -- views -------------------------------------------------------------------------------------------


def _reshape(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    (x,), shape = xs, each.operation.shape
    if b.shape(x) == shape:
        return x
    if type(b.operation(x)) is Reshape:
        return b.reshape(_source(b, x), shape)
    plain = _plain(b, x)
    if plain == x:
        return None
    old, repeated = b.shape(x), b.shape(_aligned(b, plain, len(b.shape(x))))
    if all(n == 1 for n in repeated):
        return b.broadcast(b.reshape(plain, ()), shape)
    if [n for n in old if n != 1] != [n for n in shape if n != 1]:
        return None
    sizes = iter([m for m, n in zip(repeated, old, strict=True) if n != 1])
    return b.broadcast(b.reshape(plain, tuple([1 if n == 1 else next(sizes) for n in shape])), shape)


def _transpose(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    (x,), axes = xs, each.operation.axes
    if axes == tuple(range(len(axes))):
        return x
    if type(b.operation(x)) is Transpose:
        inner = b.operation(x).axes
        return b.transpose(_source(b, x), [inner[a] for a in axes])
    shape = b.shape(x)
    plain = _plain(b, x)
    if plain != x:
        moved = b.transpose(_aligned(b, plain, len(shape)), axes)
        return b.broadcast(moved, tuple([shape[a] for a in axes]))
    long = [a for a in axes if shape[a] != 1]
    return b.reshape(x, tuple([shape[a] for a in axes])) if long == sorted(long) else None


def _broadcast(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    (x,), shape = xs, each.operation.shape
    if b.shape(x) == shape:
        return x
    plain = _plain(b, x)
    while type(b.operation(plain)) is Reshape and _only_ones_in_front(b.shape(_source(b, plain)), b.shape(plain)):
        plain = _source(b, plain)
    return None if plain == x else b.broadcast(plain, shape)


def _only_ones_in_front(inner: Shape, outer: Shape) -> bool:
    """True where ``outer`` is ``inner`` with ones in front."""
    more = len(outer) - len(inner)
    return more >= 0 and outer == (1,) * more + inner


def _slice(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    (x,), parts, shape = xs, each.operation.parts, b.shape(each.outputs[0])
    operation = b.operation(x)
    if math.prod(b.shape(x)) == 1 == math.prod(shape):
        return b.reshape(x, shape)
    if type(operation) is Slice:
        source = _source(b, x)
        both = composed(operation.parts, parts, b.shape(source))
        return None if both is None else b.slice(source, both)
    if type(operation) is Scatter:
        return slice_of_scatter(b, x, parts, shape)
    if type(operation) is Broadcast and 0 not in shape:
        return b.broadcast(_slice_of_repeated(b, _aligned(b, _plain(b, x), len(b.shape(x))), b.shape(x), parts), shape)
    return x if b.slice(x, parts) == x else None


def _slice_of_repeated(b: Builder, x: int, shape: Shape, parts: Sequence[Any]) -> int:
    """The slice of ``x``, which is broadcast to ``shape``: along what is repeated, of its one place."""
    sizes = iter(zip(b.shape(x), shape, strict=True))
    chosen: list[Any] = []
    for part in parts:
        if part is None:
            chosen.append(None)
            continue
        one, n = next(sizes)
        repeated = one == 1 != n
        chosen.append(part if not repeated else (0, 1, 1) if isinstance(part, tuple) else 0)
    return b.slice(x, tuple(chosen))


# -- reductions --------------------------------------------------------------------------------------


def _reduce(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    (x,), operation, shape = xs, each.operation, b.shape(xs[0])
    ufunc, axes = operation.ufunc, operation.axes
    if not axes:
        return b.reduce(ufunc, x, ())
    if type(b.operation(x)) is Broadcast:
        return _reduced_repeats(b, ufunc, axes, _aligned(b, _plain(b, x), len(shape)), x)
    if all(shape[a] == 1 for a in axes):
        plain = b.reshape(x, b.shape(each.outputs[0]))
        return b.plus_zero(plain) if ufunc is np.add else plain
    if type(b.operation(x)) is Reduce and b.operation(x).ufunc is ufunc:
        source = _source(b, x)
        left = [a for a in range(len(b.shape(source))) if a not in b.operation(x).axes]
        return b.reduce(ufunc, source, [*b.operation(x).axes, *[left[a] for a in axes]])
    return None


#: The reductions of which repeating an entry changes nothing.
_IDEMPOTENT = frozenset({np.maximum, np.minimum, np.logical_and, np.logical_or})


def _reduced_repeats(b: Builder, ufunc: Any, axes: Sequence[int], plain: int, x: int) -> int | None:
    """A reduction of ``plain``, broadcast to ``x``: of what is repeated, the sum is a product."""
    shape = b.shape(x)
    repeated = [a for a in axes if b.shape(plain)[a] == 1]
    count = math.prod(shape[a] for a in repeated)
    if not count or (count > 1 and ufunc is not np.add and ufunc not in _IDEMPOTENT):
        return None
    dtype = b.dtype(plain)
    if ufunc is np.add and (dtype.kind not in "iuf" or (dtype.kind == "f" and count > 2 ** np.finfo(dtype).nmant)):
        return None
    rest = [a for a in axes if a not in repeated]
    total = b.reduce(ufunc, plain, rest, keepdims=True) if rest else plain
    kept = tuple([n for a, n in enumerate(b.shape(total)) if a not in axes])
    total = b.reshape(total, kept if any(n != 1 for n in kept) else ())
    if ufunc is np.add:
        total = b.map(np.multiply, total, b.constant(dtype.type(count)))
        total = total if rest else b.plus_zero(total)
    return b.broadcast(total, tuple([n for a, n in enumerate(shape) if a not in axes]))


def _scatter(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    return scatter(b, each, xs)


TABLE: dict[Any, Rule] = {
    Map: _map,
    Cast: _cast,
    Reshape: _reshape,
    Transpose: _transpose,
    Broadcast: _broadcast,
    Slice: _slice,
    Reduce: _reduce,
    Scatter: _scatter,
}
