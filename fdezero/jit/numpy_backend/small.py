"""Small arrays entry by entry: on a vector of two or three numbers Python's arithmetic is sooner done than a ufunc starts.

The pass replaces operations on small arrays by operations on their entries, which are then numbers, if that is
estimated to pay for the whole program.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np

from ..builder import Builder, finished
from ..memory import VIEWS
from ..program import Cast, Instruction, Map, Matmul, Program, Reduce, Scatter, Slice, Type
from . import scalars
from .operations import Entries

#: Arrays of more entries stay arrays.
SMALL = 12

#: Microseconds, as measured: a call of a ufunc, of `np.add.reduce`, and so on; an operation of Python's on a number,
#: one that is a call; an entry taken out of an array, or put into one.
_CALL, _REDUCE, _SCATTER, _MATMUL, _NEW = 0.22, 0.35, 0.4, 0.3, 0.1
_OPERATOR, _FUNCTION, _TAKE, _PUT = 0.014, 0.035, 0.03, 0.045

#: So many times as soon done it must be, for longer source takes longer to compile.
_MARGIN = 2.0

_FOLDS = frozenset({np.add, np.multiply, np.maximum, np.minimum})


def by_entries(program: Program) -> Program:
    """The program with operations on small arrays done entry by entry, where that is estimated to pay.

    Example:
        >>> x, y, z = 0, 1, 2
        >>> pair = Type((2,), np.dtype(float))
        >>> steps = tuple(Instruction(Map(np.multiply), (i, i), (i + 1,)) for i in range(2))
        >>> print(by_entries(Program({x: pair, y: pair, z: pair}, (x,), {}, steps, (z,))))
        v0 = input   float64[2]
        v1 = slice(v0, parts=(0,))   float64[]
        v2 = slice(v0, parts=(1,))   float64[]
        v3 = multiply(v1, v1)   float64[]
        v4 = multiply(v2, v2)   float64[]
        v5 = multiply(v3, v3)   float64[]
        v6 = multiply(v4, v4)   float64[]
        v7 = entries(v5, v6, shape=(2,), dtype=float64)   float64[2]
        return v7
    """
    chosen = [_is_possible(program, each) for each in program.instructions]
    if not any(chosen) or _won(program, chosen) <= 0:
        return program
    return _Rewriting.of(program).run(chosen)


# -- the choice ----------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=4096)
def _is_small(kind: Type) -> bool:
    return kind.dtype in scalars.HELD and math.prod(kind.shape) <= SMALL


def _is_possible(program: Program, each: Instruction) -> bool:
    """True for an operation on small arrays that numbers have too."""
    operation: Any = each.operation
    kinds = [program.types[i] for i in (*each.operands, *each.outputs)]
    if all(kind.shape == () for kind in kinds) or not all(map(_is_small, kinds)):
        return False
    if isinstance(operation, Map):
        return scalars.template_of(operation.function, [kind.dtype for kind in kinds[:-1]]) is not None
    if isinstance(operation, Reduce):
        return operation.ufunc in _FOLDS and kinds[0].dtype == kinds[1].dtype and 0 not in kinds[0].shape
    if isinstance(operation, Matmul):
        return all(len(kind.shape) == 2 and 0 not in kind.shape and kind.dtype == np.float64 for kind in kinds)
    return isinstance(operation, (Cast, Scatter, *VIEWS))


def _won(program: Program, chosen: list[bool]) -> float:
    """The microseconds that a call is estimated to win, if these instructions work on entries."""
    won = 0.0
    made = {i for each, on in zip(program.instructions, chosen, strict=True) if on for i in each.outputs}
    taken, put = set[int](), {i for i in program.outputs if i in made}
    for each, on in zip(program.instructions, chosen, strict=True):
        if not on:
            put.update(i for i in each.operands if i in made)
        elif not isinstance(each.operation, VIEWS):
            taken.update(i for i in each.operands if i not in made and i not in program.constants)
            won += _saved(program, each)
    shapes = [program.types[i].shape for i in taken]
    won -= _TAKE * sum(math.prod(shape) for shape in shapes if shape)
    shapes = [program.types[i].shape for i in put]
    return won - sum(_NEW + _PUT * math.prod(shape) for shape in shapes if shape)


def _saved(program: Program, each: Instruction) -> float:
    operation: Any = each.operation
    size = math.prod(program.types[each.outputs[0]].shape)
    first = program.types[each.operands[0]].shape
    if isinstance(operation, Map):
        template = scalars.template_of(operation.function, [program.types[i].dtype for i in each.operands])
        one = _FUNCTION if "(" in (template or "") else _OPERATOR
        return _CALL - _MARGIN * one * size
    if isinstance(operation, Reduce):
        return _REDUCE - _MARGIN * _OPERATOR * math.prod(first)
    if isinstance(operation, Matmul):
        return _MATMUL - _MARGIN * _OPERATOR * 2 * size * first[1]
    if isinstance(operation, Scatter):
        return _SCATTER - _MARGIN * _OPERATOR * size
    return _CALL - _MARGIN * _FUNCTION * size


# -- the rewriting -------------------------------------------------------------------------------------


@attrs.define(eq=False)
class _Rewriting:
    """``known`` has the numbers of an array's entries, as an array of objects; ``absent`` the arrays that are not made."""

    program: Program
    b: Builder
    known: dict[int, Any] = attrs.field(factory=dict)
    absent: set[int] = attrs.field(factory=set)

    @classmethod
    def of(cls, program: Program) -> _Rewriting:
        return cls(program, Builder.of(program))

    def run(self, chosen: list[bool]) -> Program:
        needed = {*self.program.outputs, *(guard.value for guard in self.program.guards)}
        starts = []
        for each, on in zip(self.program.instructions, chosen, strict=True):
            starts.append(len(self.b.instructions))
            self.b.quiet = each.quiet
            if on and not (isinstance(each.operation, VIEWS) and self.is_array(each.operands[0])):
                self.entrywise(each)
                self.put(i for i in each.outputs if i in needed)
            else:
                self.put(each.operands)
                operands = tuple([self.b.renamed.get(i, i) for i in each.operands])
                self.b.append(attrs.evolve(each, operands=operands))
        return finished(self.program, self.b, [*starts, len(self.b.instructions)])

    def is_array(self, i: int) -> bool:
        return self.program.types[i].shape != () and i not in self.absent

    def put(self, values: Iterable[int]) -> None:
        """Make the arrays of which there are only the entries."""
        for i in values:
            if i in self.absent:
                kind = self.program.types[i]
                self.absent.discard(i)
                self.b.append(Instruction(Entries(kind.shape, kind.dtype), tuple(self.known[i].flat), (i,), self.b.quiet))

    def entries(self, i: int) -> Any:
        """The numbers of an array's entries; they are taken out of it at the first use."""
        if i not in self.known:
            kind = self.program.types[i]
            value = self.program.constants.get(i)
            found = np.empty(kind.shape, object)
            for index in np.ndindex(*kind.shape):
                if kind.shape == ():
                    found[()] = self.b.renamed.get(i, i)
                elif isinstance(value, np.ndarray) and not value.flags.writeable:
                    found[index] = self.b.constant(value[index])
                else:
                    found[index] = self.b.emit(Slice(index), (i,), Type((), kind.dtype))
            self.known[i] = found
        return self.known[i]

    def entrywise(self, each: Instruction) -> None:
        out, operation = each.outputs[0], each.operation
        kind = self.program.types[out]
        found: Any = np.empty(kind.shape, object)
        found[...] = self.result(operation, [self.entries(i) for i in each.operands], kind)
        self.known[out] = found
        if kind.shape == ():
            self.b.renamed[out] = found[()]
        else:
            self.absent.add(out)

    def result(self, operation: Any, operands: list[Any], kind: Type) -> Any:
        number = Type((), kind.dtype)
        if isinstance(operation, (Map, Cast)):
            rows = zip(*[np.broadcast_to(x, kind.shape).flat for x in operands], strict=True)
            made = np.empty(math.prod(kind.shape), object)
            made[:] = [self.b.emit(operation, row, number) for row in rows]
            return made.reshape(kind.shape)
        if isinstance(operation, Reduce):
            return self.fold(operation.ufunc, _moved(operands[0], operation.axes), number)
        if isinstance(operation, Matmul):
            x, y = operands
            products = np.empty((x.shape[1], *kind.shape), object)
            for k, i, j in np.ndindex(*products.shape):
                products[k, i, j] = self.b.emit(Map(np.multiply), (x[i, k], y[k, j]), number)
            return self.fold(np.add, products, number)
        if isinstance(operation, Scatter):
            made = np.full(kind.shape, self.b.constant(kind.dtype.type(0)), object)
            for part, x in zip(operation.slices, operands, strict=True):
                region = (*part.index, ...)
                if operation.disjoint:
                    made[region] = x
                    continue
                made[region] = self.fold(np.add, np.stack([made[region], np.broadcast_to(x, made[region].shape)]), number)
            return made
        return operation.run(operands[0])

    def fold(self, ufunc: Any, rows: Any, number: Type) -> Any:
        """The entries of the first row, with those of the others added, or what the ufunc does."""
        made = rows[0, ...]
        for k in range(1, len(rows)):
            pairs = zip(made.flat, rows[k, ...].flat, strict=True)
            folded = np.empty(made.size, object)
            folded[:] = [self.b.emit(Map(ufunc), pair, number) for pair in pairs]
            made = folded.reshape(made.shape)
        return made


def _moved(x: Any, axes: tuple[int, ...]) -> Any:
    """The axes in front, and as one."""
    rest = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
    return np.moveaxis(x, axes, range(len(axes))).reshape((-1, *rest))
