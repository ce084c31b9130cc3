"""Dead code: instructions whose results nothing needs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

import attrs

from ...core.primitives import General
from ..program import Apply, Instruction, Program


def remove_dead(program: Program) -> Program:
    """The program without what neither an output nor a guard needs; itself, where all is needed.

    A call of linear algebra or the like that the function itself makes stays: it may raise an error.

    Example:
        >>> import numpy as np
        >>> from fdezero.jit.program import Guard, Map, Type
        >>> types = dict.fromkeys(range(4), Type((3,), np.dtype(float)))
        >>> sin, cos, tan = (Instruction(Map(f), (0,), (i,)) for i, f in enumerate((np.sin, np.cos, np.tan), start=1))
        >>> program = Program(types, (0,), {}, (sin, cos, tan), (3,), (Guard(2, np.ones(3), 2, "if all(x):"),))
        >>> print(program)
        v0 = input   float64[3]
        v1 = sin(v0)   float64[3]
        v2 = cos(v0)   float64[3]
        guard v2 is [1. 1. 1.]   if all(x):
        v3 = tan(v0)   float64[3]
        return v3
        >>> print(remove_dead(program))
        v0 = input   float64[3]
        v1 = cos(v0)   float64[3]
        guard v1 is [1. 1. 1.]   if all(x):
        v2 = tan(v0)   float64[3]
        return v2
    """
    needed = {*program.outputs, *[guard.value for guard in program.guards]}
    lives = [False] * len(program.instructions)
    for at in range(len(lives) - 1, -1, -1):
        each = program.instructions[at]
        if not needed.isdisjoint(each.outputs) or _may_raise(each):
            lives[at] = True
            needed.update(each.operands)
    if all(lives) and needed.issuperset(program.constants):
        return program
    counts = [0, *accumulate(lives)]
    kept = tuple([each for each, live in zip(program.instructions, lives, strict=True) if live])
    made = {*program.inputs, *[x for each in kept for x in each.outputs]}
    return Program(
        types={x: t for x, t in program.types.items() if x in needed or x in made},
        inputs=program.inputs,
        constants={x: value for x, value in program.constants.items() if x in needed},
        instructions=kept,
        outputs=program.outputs,
        guards=tuple([attrs.evolve(guard, position=counts[guard.position]) for guard in program.guards]),
    )


def _may_raise(each: Instruction) -> bool:
    return type(each.operation) is Apply and not each.quiet and type(each.operation.primitive) is General


def uses(program: Program) -> Mapping[int, list[int]]:
    """For each value the positions of the instructions that take it; an output is one behind the last.

    Example:
        >>> import numpy as np
        >>> from fdezero.jit.program import Map, Type
        >>> types = dict.fromkeys(range(2), Type((), np.dtype(float)))
        >>> dict(uses(Program(types, (0,), {}, (Instruction(Map(np.add), (0, 0), (1,)),), (1,))))
        {0: [0, 0], 1: [1]}
    """
    found: dict[int, list[int]] = {}
    for at, each in enumerate(program.instructions):
        for x in each.operands:
            found.setdefault(x, []).append(at)
    for x in program.outputs:
        found.setdefault(x, []).append(len(program.instructions))
    return found
