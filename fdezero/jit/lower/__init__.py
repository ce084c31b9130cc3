"""Lowering: primitives in terms of the operations that passes and backends know.

Each file has a table from primitives to functions ``(builder, out, operands, params)`` that emit what the primitive
does and return the number of the result, or None where they do not know it for these operands.  Then, and where the
result would not have the recorded shape and dtype, the primitive stays an `Apply`.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ..builder import Builder, rewrite
from ..program import Apply, Instruction, Program, Type
from . import elementwise, joining, products, structural

#: Primitive -> the function that emits it.
TABLE: dict[Any, Any] = {**elementwise.TABLE, **structural.TABLE, **joining.TABLE, **products.TABLE}


def lower(program: Program) -> Program:
    """The program with the primitives that are known replaced by operations with explicit dtypes.

    A Python number is then one of its dtype, but where it is the operand of a primitive that stays.

    Example:
        >>> import numpy as np
        >>> from fdezero.jit.program import Type
        >>> from fdezero.rules.numpy.elementwise import multiply
        >>> narrow, number = Type((3,), np.dtype("float32")), Type((), np.dtype(float), number=True)
        >>> product = Instruction(Apply(multiply, {}), (0, 1), (2,))
        >>> program = Program({0: narrow, 1: number, 2: narrow}, (0, 1), {}, (product,), (2,))
        >>> print(lower(program))
        v0 = input   float32[3]
        v1 = input   float64[]
        v2 = cast(v1, dtype=float32)   float32[]
        v3 = multiply(v0, v2)   float32[3]
        return v3
    """
    lowered = rewrite(program, {Apply: _lowered})
    weak = {i for each in lowered.instructions if isinstance(each.operation, Apply) for i in each.operands}
    types = {i: t if i in weak or not t.number else Type(t.shape, t.dtype) for i, t in lowered.types.items()}
    return attrs.evolve(lowered, types=types)


def _lowered(builder: Builder, each: Instruction, operands: tuple[int, ...]) -> int | None:
    operation: Apply = each.operation
    emit = TABLE.get(operation.primitive) or elementwise.of_ufunc(operation.primitive)
    if emit is None or len(each.outputs) != 1:
        return None
    out, count = builder.types[each.outputs[0]], len(builder.instructions)
    try:
        is_known = _is_numpy_s(builder, operands, out)
        new = emit(builder, out, operands, operation.params) if is_known else None
    except (TypeError, ValueError, OverflowError):  # NumPy has no loop, or no room for a Python number: it is to say so
        new = None
    if new is not None and out.number and len(builder.instructions) > count and new in builder.instructions[-1].outputs:
        builder.types[new] = attrs.evolve(builder.types[new], number=True)
    if new is None or (builder.types[new] is not out and builder.types[new] != out):
        builder.forget(count)
        return None
    return new


def _is_numpy_s(b: Builder, xs: tuple[int, ...], out: Type) -> bool:
    """False for arithmetic of Python's numbers that may differ from NumPy's: that on ints, which have no bounds.

    That of floats is NumPy's of float64; where Python raises an error or has a complex result and NumPy has a number,
    an error of floating-point arithmetic tells.
    """
    if not all(b.types[x].number for x in xs):
        return not out.number
    given = {b.dtype(x) for x in xs if b.number(x) is None}
    if out.dtype == np.bool_ and {b.dtype(x) for x in xs} == {np.dtype(np.int64)}:
        return True  # comparisons
    return given == {np.dtype(np.float64)} and out.dtype in (np.bool_, np.float64)
