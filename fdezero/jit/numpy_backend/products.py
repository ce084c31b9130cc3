"""Sums of products as products of vectors, which need no array of the products."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np

from ..program import Broadcast, Instruction, Map, Program, Reduce, Reshape, Type
from .operations import Dot

_BLAS = (np.dtype(np.float64), np.dtype(np.float32))


def dots(program: Program, longest: float, flat: bool = False) -> Program:
    """The program with each sum of all entries of a product, of at most ``longest`` entries, as a `Dot`.

    Args:
        program: any.
        longest: the limit.
        flat: whether all arrays are vectors already, whatever their types say.

    Example:
        >>> x, y, z = 0, 1, 2
        >>> vector, number = Type((3,), np.dtype(float)), Type((), np.dtype(float))
        >>> steps = (Instruction(Map(np.square), (x,), (y,)), Instruction(Reduce(np.add, (0,)), (y,), (z,)))
        >>> print(dots(Program({x: vector, y: vector, z: number}, (x,), {}, steps, (z,)), 10))
        v0 = input   float64[3]
        v1 = dot(v0, v0)   float64[]
        return v1
    """
    makers = {i: each for each in program.instructions for i in each.outputs}
    uses = Counter(i for each in program.instructions for i in each.operands)
    uses.update(program.outputs)
    uses.update(guard.value for guard in program.guards)
    found: dict[int, Instruction] = {}  # the product of each sum that is replaced
    for each in program.instructions:
        product = makers.get(each.operands[0]) if each.operands else None
        if product is not None and uses[product.outputs[0]] == 1 and _is_dot(program, each, product, makers, longest):
            found[each.outputs[0]] = product
    gone = {product.outputs[0] for product in found.values()}
    types, steps, positions = dict(program.types), list[Instruction](), list[int]()
    new = itertools.count(max(types, default=0) + 1)
    for each in program.instructions:
        positions.append(len(steps))
        if each.outputs[0] in found:
            steps += _dot(types, new, each, found[each.outputs[0]], flat)
        elif each.outputs[0] not in gone:
            steps.append(each)
    positions.append(len(steps))
    guards = tuple(attrs.evolve(guard, position=positions[guard.position]) for guard in program.guards)
    return attrs.evolve(program, types=types, instructions=tuple(steps), guards=guards)


def _is_dot(program: Program, total: Instruction, product: Instruction, makers: Any, longest: float) -> bool:
    kind = program.types[product.outputs[0]]
    return (
        isinstance(total.operation, Reduce)
        and total.operation.ufunc is np.add
        and program.types[total.outputs[0]] == Type((), kind.dtype)
        and isinstance(product.operation, Map)
        and product.operation.function in (np.multiply, np.square)
        and kind.dtype in _BLAS
        and math.prod(kind.shape) <= longest
        and all(program.types[i] == kind for i in product.operands)
        and not any(i in makers and isinstance(makers[i].operation, Broadcast) for i in product.operands)
    )


def _dot(
    types: dict[int, Type], new: Iterator[int], total: Instruction, product: Instruction, flat: bool
) -> list[Instruction]:
    x, y = (product.operands * 2)[:2]
    kind, steps = types[x], list[Instruction]()
    if len(kind.shape) > 1 and not flat:
        vector = Type((math.prod(kind.shape),), kind.dtype)
        vectors = {i: next(new) for i in dict.fromkeys((x, y))}
        types.update(dict.fromkeys(vectors.values(), vector))
        steps += [Instruction(Reshape(vector.shape), (i,), (k,), product.quiet) for i, k in vectors.items()]
        x, y = vectors[x], vectors[y]
    quiet = total.quiet and product.quiet
    return [*steps, Instruction(Dot(), (x, y), total.outputs, quiet)]
