"""Common subexpressions: what is computed twice is computed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..builder import Builder, finished
from ..program import Apply, Instruction, Program


def share(program: Program) -> Program:
    """The program in which equal operations on equal operands are one, and equal constants too; itself, if none are.

    It is quiet only if both were.

    Example:
        >>> from fdezero.jit.program import Map, Type
        >>> types = dict.fromkeys(range(6), Type((3,), np.dtype(float)))
        >>> steps = ((np.sin, (0,)), (np.sin, (0,)), (np.exp, (1,)), (np.exp, (2,)), (np.add, (3, 4)))
        >>> program = Program(types, (0,), {}, tuple(Instruction(Map(f), x, (i,)) for i, (f, x) in enumerate(steps, 1)), (5,))
        >>> print(program)
        v0 = input   float64[3]
        v1 = sin(v0)   float64[3]
        v2 = sin(v0)   float64[3]
        v3 = exp(v1)   float64[3]
        v4 = exp(v2)   float64[3]
        v5 = add(v3, v4)   float64[3]
        return v5
        >>> print(share(program))
        v0 = input   float64[3]
        v1 = sin(v0)   float64[3]
        v2 = exp(v1)   float64[3]
        v3 = add(v2, v2)   float64[3]
        return v3
    """
    builder = Builder.of(program)
    renamed, instructions = builder.renamed, builder.instructions
    renamed.update(_equal_constants(program))
    seen: dict[Any, int] = {}
    starts = []
    for each in program.instructions:
        starts.append(len(instructions))
        operands = tuple([renamed.get(x, x) for x in each.operands]) if renamed else each.operands
        operation = each.operation if each.operation.__class__ is not Apply else _known(each.operation)
        key = (operation, operands, program.types[each.outputs[0]])
        at = seen.setdefault(key, len(instructions))
        if at == len(instructions):
            same = operands == each.operands
            builder.append(each if same else Instruction(each.operation, operands, each.outputs, each.quiet))
            continue
        first = instructions[at]
        renamed.update(zip(each.outputs, first.outputs, strict=True))
        if first.quiet and not each.quiet:
            instructions[at] = Instruction(first.operation, first.operands, first.outputs)
    return finished(program, builder, [*starts, len(instructions)]) if renamed else program


def _known(operation: Apply) -> Any:
    """What two calls that do the same have in common."""
    return operation.primitive, _known_params(operation.params)


def _known_params(params: Mapping[str, Any]) -> Any:
    items = tuple([(name, _with_types(value)) for name, value in params.items()])
    try:
        hash(items)
    except TypeError:  # an array or a slice: of these only the same object is known to be equal
        return id(params)
    return items


def _with_types(value: Any) -> Any:
    """A parameter with its type: 1, 1.0 and True are equal, and not the same."""
    return tuple(map(_with_types, value)) if type(value) is tuple else (type(value), value)


def _equal_constants(program: Program) -> dict[int, int]:
    """For each constant that an earlier one equals, the earlier one."""
    first: dict[Any, int] = {}
    renamed = {}
    for x, value in program.constants.items():
        if isinstance(value, np.ndarray):
            known: Any = (id(value), program.types[x])
            if not value.flags.writeable and value.size <= _SMALL:
                known = (value.tobytes(), program.types[x])
        else:
            known = (type(value), np.asarray(value).tobytes(), program.types[x])
        earlier = first.setdefault(known, x)
        if earlier != x:
            renamed[x] = earlier
    return renamed


#: Of larger arrays the bytes are not compared.
_SMALL = 4096
