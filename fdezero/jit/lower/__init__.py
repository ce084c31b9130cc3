"""Lowering: primitives in terms of the operations that passes and backends know.

Each file has a table from primitives to functions ``(builder, out, operands, params)`` that emit what the primitive
does and return the number of the result, or None where they do not know it for these operands.  Then, and where the
result would not have the recorded shape and dtype, the primitive stays an `Apply`.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ...rules.numpy import elementwise as rules
from ..builder import Builder, rewrite
from ..program import Apply, Instruction, Program, Type
from . import elementwise, joining, products, structural

#: Primitive -> the function that emits it.
TABLE: dict[Any, Any] = {**elementwise.TABLE, **structural.TABLE, **joining.TABLE, **products.TABLE}


def lower(program: Program) -> Program:
    """The program with the primitives that are known replaced by operations with explicit dtypes.

    Example:
        >>> import numpy as np
        >>> from fdezero.jit.program import Type
        >>> from fdezero.rules.numpy.elementwise import multiply
        >>> narrow, number = Type((3,), np.dtype("float32")), Type((), np.dtype(float), number=True)
        >>> product = Instruction(Apply(multiply, {}), (0, 1), (2,))
        >>> program = Program({0: narrow, 1: number, 2: narrow}, (0, 1), {}, (product,), (2,))
        >>> print(lower(program))
        v0 = input   float32[3]
        v1 = input   float64 number
        v2 = cast(v1, dtype=float32)   float32[]
        v3 = multiply(v0, v2)   float32[3]
        return v3
    """
    return rewrite(program, {Apply: _lowered})


def _lowered(builder: Builder, each: Instruction, operands: tuple[int, ...]) -> int | None:
    operation: Apply = each.operation
    emit = TABLE.get(operation.primitive) or elementwise.of_ufunc(operation.primitive)
    if emit is None or len(each.outputs) != 1:
        return None
    out, count = builder.types[each.outputs[0]], len(builder.instructions)
    try:
        is_known = not out.number or _is_of_floats(builder, each, operands, out)
        new = emit(builder, out, operands, operation.params) if is_known else None
    except (TypeError, ValueError, OverflowError):  # NumPy has no loop, or no room for a Python number: it is to say so
        new = None
    if new is not None and out.number and len(builder.instructions) > count and new in builder.instructions[-1].outputs:
        builder.types[new] = attrs.evolve(builder.types[new], number=True)
    if new is None or (builder.types[new] is not out and builder.types[new] != out):
        builder.forget(count)
        return None
    return new


def _is_of_floats(b: Builder, each: Instruction, xs: tuple[int, ...], out: Type) -> bool:
    """True for arithmetic of Python's floats that is NumPy's of float64: ints have no bounds, and a power may be complex.

    Where Python raises an error and NumPy has a result, an error of floating-point arithmetic tells.
    """
    if out.dtype != np.float64 or each.operation.primitive is rules.general_power:
        return False
    return all(b.types[x].number and (b.dtype(x) == np.float64 or b.number(x) is not None) for x in xs)
